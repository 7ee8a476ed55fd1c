import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import draw_patients, rank_draws
from plainfilm.evaluation.delong import auroc_covariance, delong, holm
from plainfilm.evaluation.metrics import Floats, auroc

FILMS = st.lists(
    st.tuples(*[st.sampled_from([0.1, 0.4, 0.4, 0.7, 0.9])] * 2, st.sampled_from([0.0, 1.0])),
    min_size=4,
    max_size=50,
).filter(lambda films: 2 <= sum(label for *_, label in films) <= len(films) - 2)


def slow_covariance(scores: Floats, labels: Floats) -> Floats:
    """The structural components, pair by pair, as DeLong writes them."""
    up, down = scores[labels == 1], scores[labels == 0]
    wins = (up[:, None] > down[None]) + 0.5 * (up[:, None] == down[None])
    by_present, by_absent = wins.mean(axis=1), wins.mean(axis=0)
    shape = (scores.shape[1],) * 2
    among_present = np.cov(by_present.T).reshape(shape) / len(up)
    return np.asarray(among_present + np.cov(by_absent.T).reshape(shape) / len(down))


@given(FILMS)
def test_the_covariance_is_that_of_the_components_of_all_pairs(
    films: list[tuple[float, float, float]],
) -> None:
    table = np.array(films)
    scores, labels = table[:, :2], table[:, 2]
    areas, covariance = auroc_covariance(scores, labels)
    assert areas.tolist() == pytest.approx([auroc(s, labels) for s in scores.T], abs=1e-12)
    assert covariance == pytest.approx(slow_covariance(scores, labels), abs=1e-12)


@given(FILMS)
def test_a_patient_of_one_film_changes_nothing(films: list[tuple[float, float, float]]) -> None:
    table = np.array(films)
    patients = np.array([str(i) for i in range(len(films))])
    _, alone = auroc_covariance(table[:, :2], table[:, 2])
    _, by_patient = auroc_covariance(table[:, :2], table[:, 2], patients)
    assert by_patient == pytest.approx(alone, abs=1e-12)


def test_the_same_answers_twice_have_p_1() -> None:
    rng = np.random.default_rng(0)
    labels = np.tile([0.0, 1.0], 25)
    scores = rng.normal(labels, 1)
    found = delong(scores, 3 * scores + 1, labels)
    assert (found.p, found.first) == (1.0, found.second)


def test_two_readers_alike_by_chance_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0.0, 1.0], 60)
    p = [delong(rng.normal(labels, 1), rng.normal(labels, 1), labels).p for _ in range(400)]
    assert 0.02 < float(np.mean(np.array(p) < 0.05)) < 0.09
    assert delong(labels + rng.normal(0, 0.3, 120), rng.normal(0, 1, 120), labels).p < 1e-6


def test_films_of_a_patient_go_together() -> None:
    """The error by patient is the bootstrap's over patients; film by film it is too small."""
    rng = np.random.default_rng(2)
    patients = np.repeat([str(i) for i in range(80)], 4)
    sick = np.repeat(rng.random(80) < 0.5, 4).astype(float)
    one, two = (rng.normal(sick, 0.3) + np.repeat(rng.normal(0, 1, 80), 4) for _ in range(2))
    draws = draw_patients(patients, 1000, 0)
    drawn = rank_draws(draws, one, sick).auroc - rank_draws(draws, two, sick).auroc
    by_patient = delong(one, two, sick, patients).standard_error
    assert by_patient == pytest.approx(float(np.std(drawn)), rel=0.1)
    assert delong(one, two, sick).standard_error < 0.6 * by_patient


def test_unknown_labels_count_nowhere_and_one_film_of_a_class_has_no_error() -> None:
    scores = np.array([[0.1, 0.2], [0.5, 0.1], [0.7, 0.8], [0.4, 0.9], [0.3, 0.3]])
    labels = np.array([0.0, 0, 1, 1, math.nan])
    patients = np.array(list("abcde"))
    with_unknown = auroc_covariance(scores, labels, patients)[1]
    assert with_unknown == pytest.approx(auroc_covariance(scores[:4], labels[:4])[1])
    lonely = delong(scores[:3, 0], scores[:3, 1], labels[:3])
    assert lonely.first == 1.0
    assert math.isnan(lonely.p)
    assert math.isnan(delong(scores[:2, 0], scores[:2, 1], labels[:2]).first)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, math.nan, 0.6])[0] == 1.0
    assert math.isnan(holm([0.9, math.nan])[1])
    with pytest.raises(EvaluationError, match=r"p = 1\.5; expected 0 to 1"):
        holm([1.5])


@given(st.lists(st.floats(0, 1), max_size=14))
def test_holm_keeps_the_order_and_lowers_no_p(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(a >= min(1.0, b) - 1e-15 for a, b in zip(adjusted, p, strict=True))
    by_p = [a for _, a in sorted(zip(p, adjusted, strict=True))]
    assert by_p == sorted(by_p)
