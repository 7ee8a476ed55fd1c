"""Calibration errors of drawn sets whose true error is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plainfilm.evaluation.bootstrap import draw_patients, interval
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.inversion import invert_error
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.operating import CalibrationNumbers, calibration_numbers
from plainfilm.evaluation.reliability import ece, equal_width_bins

N_SETS = 150
DRAWS = 300


def draw_logits(rng: np.random.Generator, n_patients: int) -> Floats:
    """Two films per patient that resemble each other."""
    logits: Floats = np.repeat(rng.normal(-0.5, 1.5, n_patients), 2) + rng.normal(
        0, 0.7, 2 * n_patients
    )
    return logits


def true_error(shift: float, slope: float) -> float:
    """The calibration error of sigmoid(z) where the truth is sigmoid(shift + slope z)."""
    logits = draw_logits(np.random.default_rng(99), 500_000)
    claimed, gap = sigmoid(logits), sigmoid(logits) - sigmoid(shift + slope * logits)
    return float(np.abs(np.bincount(equal_width_bins(claimed), gap)).sum() / gap.size)


def measured(seed: int, n_patients: int, shift: float, slope: float) -> CalibrationNumbers:
    rng = np.random.default_rng(seed)
    logits = draw_logits(rng, n_patients)
    labels = (rng.random(logits.size) < sigmoid(shift + slope * logits)).astype(np.float64)
    patients = np.repeat(np.arange(n_patients).astype(str), 2)
    return calibration_numbers(draw_patients(patients, DRAWS, seed), sigmoid(logits), labels)


@pytest.mark.parametrize(
    ("shift", "slope"), [(0.0, 1.0), (0.0, 0.8), (0.3, 1.0), (0.6, 0.7), (1.0, 1.0)]
)
def test_the_interval_holds_the_true_error_of_nearly_every_set(shift: float, slope: float) -> None:
    """Perfect probabilities, overconfident ones, shifted ones; 400 films each."""
    true = true_error(shift, slope)
    found = [measured(seed, 200, shift, slope) for seed in range(N_SETS)]
    held = [number.ece.low <= true + 1e-12 and true <= number.ece.high for number in found]
    assert np.mean(held) >= 0.88  # 95 % is asked for; chance in 150 sets takes up to 4
    middle = float(np.median([number.ece_debiased for number in found]))
    plain = float(np.median([number.ece.value for number in found]))
    assert abs(middle - true) <= abs(plain - true) + 0.005


def test_the_percentile_interval_it_replaces_misses_a_perfect_calibration() -> None:
    """The fault in one set: every draw reads worse than the set itself."""
    rng = np.random.default_rng(3)
    logits = draw_logits(rng, 200)
    labels = (rng.random(400) < sigmoid(logits)).astype(np.float64)
    probability = sigmoid(logits)
    draws = draw_patients(np.repeat(np.arange(200).astype(str), 2), DRAWS, 0)
    repeated = [
        np.repeat(np.arange(400), row[draws.patient_of].astype(int)) for row in draws.counts
    ]
    drawn = np.array([ece(probability[films], labels[films]) for films in repeated])
    percentile = interval(ece(probability, labels), drawn)
    inverted = calibration_numbers(draws, probability, labels).ece
    assert percentile.low > 0.04
    assert inverted.low == 0.0
    assert inverted.high < percentile.high


GAP = st.floats(-0.2, 0.2)


@given(arrays(np.float64, 4, elements=GAP), arrays(np.float64, (30, 4), elements=GAP))
def test_the_value_lies_inside_and_nothing_below_nought(gaps: Floats, noise: Floats) -> None:
    found = invert_error(gaps, gaps + noise)
    assert found.plain.value == np.abs(gaps).sum()
    assert 0 <= found.plain.low <= found.plain.value <= found.plain.high
    assert found.plain.low <= found.debiased <= found.plain.high


def test_without_noise_the_error_is_what_it_is() -> None:
    gaps = np.array([0.1, -0.05])
    found = invert_error(gaps, np.tile(gaps, (50, 1)))
    numbers = (found.plain.low, found.plain.high, found.debiased)
    assert numbers == pytest.approx((0.15, 0.15, 0.15))


def test_one_bin_far_from_nought_gives_the_mirrored_percentiles() -> None:
    """A gap of .5 with noise of ±.01 and ±.02: by hand, .48 to .52."""
    noise = np.repeat([-0.02, -0.01, 0.0, 0.01, 0.02], 20)[:, None]
    found = invert_error(np.array([0.5]), 0.5 + noise)
    assert (found.plain.low, found.plain.high) == pytest.approx((0.48, 0.52))


def test_draws_without_films_are_left_out() -> None:
    gaps = np.array([0.1, -0.05])
    drawn = np.array([[0.1, -0.05], [math.nan, math.nan]])
    assert invert_error(gaps, drawn) == invert_error(gaps, drawn[:1])
    assert math.isnan(invert_error(gaps, drawn[1:]).plain.high)
