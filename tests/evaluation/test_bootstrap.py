import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import (
    PatientDraws,
    bootstrap_by_patient,
    draw_patients,
    interval,
    rank_draws,
)
from plainfilm.evaluation.metrics import auroc, average_precision

FILM = st.tuples(
    st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    st.sampled_from([0.0, 1.0, math.nan]),
    st.sampled_from("abcd"),
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
