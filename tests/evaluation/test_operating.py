import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.f1 import two_class_f1
from plainfilm.evaluation.metrics import brier, confusion_at
from plainfilm.evaluation.operating import calibration_numbers, operating_point, refit_across
from plainfilm.evaluation.reliability import ece, ece_equal_mass

RNG = np.random.default_rng(0)
LABELS = np.append((RNG.random(80) < 0.4).astype(float), np.nan)
PROBABILITY = np.clip(0.5 + 0.2 * RNG.normal(size=81) + 0.2 * (LABELS == 1), 0, 1)
PATIENTS = np.array([str(i // 2) for i in range(81)])


def test_rates_equal_those_of_the_confusion() -> None:
    point = operating_point(draw_patients(PATIENTS, 50, 0), PROBABILITY, LABELS, 0.55)
    counts = confusion_at(PROBABILITY, LABELS, 0.55)
    for name in ("sensitivity", "specificity", "ppv", "npv", "balanced_accuracy", "kappa", "mcc"):
        found, expected = getattr(point, name), getattr(counts, name)
        assert found.value == pytest.approx(expected)
        assert found.low < expected < found.high


def test_f1_of_both_classes_is_averaged_in_its_variants() -> None:
    """S0-53."""
    point = operating_point(draw_patients(PATIENTS, 50, 0), PROBABILITY, LABELS, 0.55)
    variants = two_class_f1(confusion_at(PROBABILITY, LABELS, 0.55))
    assert point.f1.value == pytest.approx(variants.binary)
    assert point.f1_macro.value == pytest.approx(variants.macro)
    assert point.f1_weighted.value == pytest.approx(variants.weighted)
    assert point.accuracy.value == pytest.approx(variants.micro)


def test_a_draws_rate_equals_repeating_its_films() -> None:
    draws = draw_patients(PATIENTS, 1, 5)
    films = np.repeat(np.arange(81), draws.counts[0][draws.patient_of].astype(int))
    expected = confusion_at(PROBABILITY[films], LABELS[films], 0.5).sensitivity
    point = operating_point(draws, PROBABILITY, LABELS, 0.5)
    assert point.sensitivity.low == point.sensitivity.high == pytest.approx(expected)


def test_a_threshold_may_differ_from_film_to_film() -> None:
    thresholds = np.where(np.arange(81) < 40, 0.0, 1.1)
    point = operating_point(draw_patients(PATIENTS, 5, 0), PROBABILITY, LABELS, thresholds)
    expected = (LABELS[:40] == 1).sum() / (LABELS == 1).sum()
    assert point.sensitivity.value == pytest.approx(expected)


def test_a_draws_brier_score_equals_repeating_its_films() -> None:
    draws = draw_patients(PATIENTS, 1, 5)
    films = np.repeat(np.arange(81), draws.counts[0][draws.patient_of].astype(int))
    numbers = calibration_numbers(draws, PROBABILITY, LABELS)
    assert numbers.brier.value == pytest.approx(brier(PROBABILITY, LABELS))
    assert numbers.brier.low == pytest.approx(brier(PROBABILITY[films], LABELS[films]))


def test_the_calibration_errors_are_those_everybody_computes() -> None:
    numbers = calibration_numbers(draw_patients(PATIENTS, 200, 0), PROBABILITY, LABELS)
    for found, debiased, expected in (
        (numbers.ece, numbers.ece_debiased, ece(PROBABILITY, LABELS)),
        (
            numbers.ece_equal_mass,
            numbers.ece_equal_mass_debiased,
            ece_equal_mass(PROBABILITY, LABELS),
        ),
    ):
        assert found.value == pytest.approx(expected)
        assert 0 <= found.low <= debiased <= found.value <= found.high


def test_a_draw_that_missed_every_labelled_film_leaves_no_interval() -> None:
    labels = np.where(np.arange(81) == 0, LABELS, np.nan)
    alone = next(
        draws
        for draws in (draw_patients(PATIENTS, 1, seed) for seed in range(20))
        if draws.counts[0][draws.patient_of[0]] == 0
    )
    numbers = calibration_numbers(alone, PROBABILITY, labels)
    assert numbers.ece.value == pytest.approx(ece(PROBABILITY, labels))
    assert math.isnan(numbers.ece.low)
    assert math.isnan(numbers.ece_debiased)


def test_no_label_no_number() -> None:
    numbers = calibration_numbers(draw_patients(PATIENTS, 5, 0), PROBABILITY, LABELS * np.nan)
    assert math.isnan(numbers.ece.value)
    assert math.isnan(numbers.brier.value)


def test_an_unlabelled_film_gets_no_refitted_probability() -> None:
    fit = refit_across(PROBABILITY, LABELS, PATIENTS, "half", 0)
    assert fit is not None
    assert np.isnan(fit.probability).tolist() == np.isnan(LABELS).tolist()


def test_an_unknown_rule_is_told_and_not_taken_for_too_few_films() -> None:
    with pytest.raises(EvaluationError, match="unknown threshold rule 'best'"):
        refit_across(PROBABILITY, LABELS, PATIENTS, "best", 0)


def test_no_patient_s_films_judge_themselves() -> None:
    """A sick patient's other films may be anything: that patient's probabilities stay."""
    theirs = np.flatnonzero(PATIENTS[np.argmax(LABELS == 1)] == PATIENTS)
    labels = LABELS.copy()
    labels[theirs] = 1.0
    turned = labels.copy()
    turned[theirs[1:]] = 0.0  # still a sick patient, so the folds stay
    one, other = (refit_across(PROBABILITY, y, PATIENTS, "half", 0) for y in (labels, turned))
    assert one is not None
    assert other is not None
    assert (one.probability[theirs] == other.probability[theirs]).all()
    assert (one.probability != other.probability).sum() > 40


@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 5))
def test_as_many_folds_as_the_rarer_class_has_patients(
    n_sick: int, n_healthy: int, seed: int
) -> None:
    labels = np.repeat([1.0, 0.0], [n_sick, n_healthy])
    patients = np.array([str(i) for i in range(labels.size)])
    scores = np.random.default_rng(seed).normal(labels, 1)
    fit = refit_across(scores, labels, patients, "youden", seed)
    assert fit is not None
    assert np.isfinite(fit.probability).all()
    assert np.unique(fit.threshold).size <= min(5, n_sick, n_healthy)


def test_one_sick_patient_is_too_few_to_refit() -> None:
    labels = np.array([1.0, 1, 0, 0, 0])
    assert refit_across(np.arange(5.0), labels, np.array(list("aabcd")), "half", 0) is None
