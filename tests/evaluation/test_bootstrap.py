import math
from dataclasses import astuple
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import (
    N_DRAWS,
    Interval,
    PatientDraws,
    draw_patients,
    interval,
    mean_interval,
    rank_draws,
)
from plainfilm.evaluation.metrics import auroc, average_precision

FILM = st.tuples(
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0, math.nan]),
    st.sampled_from("abcd"),
)


def bootstrap_by_patient(
    scores: NDArray[np.float64],
    labels: NDArray[np.float64],
    patients: NDArray[np.str_],
    draws: int = N_DRAWS,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """AUROC and average precision of one finding, each with its interval over patients."""
    drawn = rank_draws(draw_patients(patients, draws, seed), scores, labels)
    return (
        interval(auroc(scores, labels), drawn.auroc),
        interval(average_precision(scores, labels), drawn.average_precision),
    )


@given(st.lists(FILM, min_size=1, max_size=20), st.integers(0, 99))
def test_a_draw_equals_repeating_its_patients_films(
    films: list[tuple[float, float, str]], seed: int
) -> None:
    scores, labels = (np.array([film[i] for film in films]) for i in (0, 1))
    patients = np.array([film[2] for film in films])
    draws = draw_patients(patients, 3, seed)
    ranked = rank_draws(draws, scores, labels)
    for row, counts in enumerate(draws.counts):
        films_drawn = np.repeat(np.arange(scores.size), counts[draws.patient_of].astype(int))
        drawn = scores[films_drawn], labels[films_drawn]
        assert ranked.auroc[row] == pytest.approx(auroc(*drawn), nan_ok=True)
        assert ranked.average_precision[row] == pytest.approx(
            average_precision(*drawn), nan_ok=True
        )


def test_weights_of_one_return_the_metric_itself() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(200) < 0.3).astype(float)
    scores = rng.normal(labels).round(1)
    draws = PatientDraws(np.ones((1, 200), np.float32), np.arange(200))
    ranked = rank_draws(draws, scores, labels)
    assert ranked.auroc[0] == pytest.approx(auroc(scores, labels), abs=1e-12)
    assert ranked.average_precision[0] == pytest.approx(
        average_precision(scores, labels), abs=1e-12
    )


def test_a_draw_takes_as_many_patients_as_there_are() -> None:
    draws = draw_patients(np.array(list("aabbbc")), 50, 1)
    assert draws.counts.shape == (50, 3)
    assert (draws.counts.sum(axis=1) == 3).all()


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=15), st.integers(0, 9))
def test_only_who_the_patients_are_decides_the_draw(patients: list[str], seed: int) -> None:
    """Not in which order, nor with how many films, they come: the draws are of patients."""
    draws = draw_patients(np.array(patients), 4, seed)
    alone = draw_patients(np.array(sorted(set(patients))), 4, seed)
    np.testing.assert_array_equal(draws.counts, alone.counts)
    assert [sorted(set(patients))[i] for i in draws.patient_of] == patients


@given(st.lists(FILM, min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_films_does_not_count(
    films: list[tuple[float, float, str]], random: Random
) -> None:
    shuffled = list(films)
    random.shuffle(shuffled)
    intervals = []
    for rows in (films, shuffled):
        scores, labels, patients = (np.array(column) for column in zip(*rows, strict=True))
        intervals.append(bootstrap_by_patient(scores, labels, patients, 5, 0))
    for ours, theirs in zip(*intervals, strict=True):
        assert astuple(ours) == pytest.approx(astuple(theirs), nan_ok=True)


def test_an_interval_holds_the_middle_of_what_was_drawn() -> None:
    drawn = np.append(np.arange(1, 1001) / 1000, np.nan)
    found = interval(0.5, drawn)
    assert (found.low, found.high) == pytest.approx((0.025, 0.975), abs=0.001)
    assert ((drawn >= found.low) & (drawn <= found.high)).sum() == 950


def test_one_patient_alone_has_an_interval_of_no_width() -> None:
    scores, labels = np.array([0.1, 0.9, 0.4]), np.array([0.0, 1.0, 1.0])
    area, precision = bootstrap_by_patient(scores, labels, np.array(["a"] * 3), 20)
    assert area.low == area.value == area.high == 1.0
    assert precision.low == precision.value == precision.high == 1.0


def test_more_patients_narrow_the_interval_by_their_root() -> None:
    rng = np.random.default_rng(2)
    widths = []
    for n in (200, 3200):
        labels = np.tile([0.0, 1.0], n // 2)
        area, _ = bootstrap_by_patient(rng.normal(labels), labels, np.arange(n).astype(str), 400, 0)
        widths.append(area.high - area.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.25)


def test_the_interval_holds_the_truth_nineteen_times_of_twenty() -> None:
    """Two normal curves one deviation apart: AUROC is Phi(1 / sqrt 2) = .7602."""
    truth, rng, held = 0.5 * (1 + math.erf(0.5)), np.random.default_rng(0), 0
    labels, patients = np.repeat([0.0, 1.0], 60), np.arange(120).astype(str)
    for seed in range(200):
        area, _ = bootstrap_by_patient(rng.normal(labels), labels, patients, 200, seed)
        held += area.low <= truth <= area.high
    assert 0.90 <= held / 200 <= 0.98


def test_a_long_table_in_pieces_gives_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(90) < 0.4).astype(float)
    scores, draws = rng.normal(labels).round(1), draw_patients(np.arange(90).astype(str), 30, 0)
    whole = rank_draws(draws, scores, labels)
    monkeypatch.setattr("plainfilm.evaluation.bootstrap._CHUNK", 200)
    pieces = rank_draws(draws, scores, labels)
    np.testing.assert_array_equal(pieces.auroc, whole.auroc)
    np.testing.assert_array_equal(pieces.average_precision, whole.average_precision)


def test_a_seed_returns_the_same_interval() -> None:
    rng = np.random.default_rng(0)
    labels, patients = np.tile([0.0, 1.0], 30), np.array([str(i // 3) for i in range(60)])
    scores = rng.normal(labels)
    first = bootstrap_by_patient(scores, labels, patients, 200, 7)
    assert first == bootstrap_by_patient(scores, labels, patients, 200, 7)
    assert first != bootstrap_by_patient(scores, labels, patients, 200, 8)


def test_films_of_the_same_patient_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.tile([0.0, 1.0], 30), 5)
    scores = np.repeat(rng.normal(np.tile([0.0, 1.0], 30)), 5)
    by_patient, _ = bootstrap_by_patient(
        scores, labels, np.array([str(i // 5) for i in range(300)]), 500
    )
    by_film, _ = bootstrap_by_patient(scores, labels, np.array([str(i) for i in range(300)]), 500)
    assert by_patient.high - by_patient.low > 1.8 * (by_film.high - by_film.low)


def test_sums_weigh_films_by_their_patient() -> None:
    draws = PatientDraws(np.array([[2, 0], [1, 1]], np.float32), np.array([0, 0, 1]))
    sums = draws.sums(np.array([[1.0], [10.0], [100.0]]))
    assert sums.tolist() == [[22.0], [111.0]]


def test_draws_that_miss_a_class_are_left_out() -> None:
    found = interval(0.5, np.array([math.nan, 0.4, 0.4, 0.4]))
    assert (found.low, found.high) == (0.4, 0.4)
    assert math.isnan(interval(0.5, np.full(3, np.nan)).low)


def test_no_film_cannot_be_drawn() -> None:
    with pytest.raises(EvaluationError, match="0 films"):
        draw_patients(np.array([], dtype=np.str_), 10, 0)


def test_a_mean_s_interval_is_that_of_a_mean_in_every_draw() -> None:
    values = np.array([1.0, 2.0, math.nan, 4.0, 8.0])
    patients = np.array(["a", "a", "b", "b", "c"])
    draws = draw_patients(patients, 200, 3)
    repeats = draws.counts[:, draws.patient_of].astype(int)
    means = [np.nanmean(np.repeat(values, row)) for row in repeats if row @ np.isfinite(values)]
    expected = interval(3.75, np.array(means))
    assert astuple(mean_interval(draws, values)) == pytest.approx(astuple(expected))
    nothing = mean_interval(draws, np.full(5, math.nan))
    assert all(math.isnan(number) for number in astuple(nothing))
