"""What the films of a study say together."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.findings import BundleId, Finding, FindingResult, Prediction
from plainfilm.reading.study import combine, mean_choice, mean_probability

MASS = Finding("mass", "Mass")
BUNDLE = BundleId("tiny", "1", "0" * 64)


def answer(
    name: str, probability: float, score: float = 0.0, familiarity: float | None = 0.5,
    cautions: tuple[str, ...] = (),
) -> Prediction:  # fmt: skip
    heat = np.zeros((2, 2), np.float32)
    result = FindingResult(MASS, probability, score, 0.4, heat)
    return Prediction(name, BUNDLE, True, (result,), familiarity, cautions)


def refusal(name: str, reason: str, familiarity: float | None = None) -> Prediction:
    return Prediction(name, BUNDLE, False, (), familiarity, ("held",), reason)


def test_a_study_of_one_film_says_what_the_film_says() -> None:
    film = answer("a", 0.3, 1.0)

    study = combine("s", [film])

    assert study.name == "s"
    assert study.results == film.results


def test_scores_are_averaged_and_probabilities_in_logits() -> None:
    study = combine("s", [answer("a", 0.2, 1.0), answer("b", 0.5, 2.0)])

    result = study.results[0]
    expected = 1 / (1 + math.exp(-(math.log(0.2 / 0.8) + 0) / 2))
    assert result.probability == pytest.approx(expected)
    assert result.score == 1.5
    assert result.threshold == 0.4
    assert result.map is None


def test_the_mean_of_platt_probabilities_is_platt_of_the_mean_score() -> None:
    def platt(score: float) -> float:
        return 1 / (1 + math.exp(-(1.7 * score - 0.4)))

    scores = (-2.0, 0.5, 3.0)
    study = combine("s", [answer("x", platt(score), score) for score in scores])

    assert study.results[0].probability == pytest.approx(platt(study.results[0].score))


def test_films_of_04_and_06_are_half_and_one_film_is_itself() -> None:
    assert mean_probability([0.4, 0.6]) == 0.5
    assert mean_probability([0.3]) == 0.3
    assert math.isnan(mean_probability([0.3, math.nan]))


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_certain_film_leaves_the_study_a_number(certain: float) -> None:
    study = combine("s", [answer("a", certain), answer("b", 0.5)])

    assert 0 < study.results[0].probability < 1


def test_a_study_is_as_familiar_as_its_least_familiar_film() -> None:
    assert combine("s", [answer("a", 0.5), answer("b", 0.5, 0, 0.1)]).familiarity == 0.1
    assert combine("s", [answer("a", 0.5, 0, None)]).familiarity is None


def test_a_refused_film_is_left_out_with_a_caution() -> None:
    study = combine("s", [refusal("a", "view LATERAL"), answer("b", 0.3)])

    assert study.refused is None
    assert study.results[0].probability == 0.3
    assert study.cautions == ("left out of the study: a: view LATERAL",)


def test_a_study_of_refused_films_is_refused_with_every_reason() -> None:
    study = combine("s", [refusal("a", "blank", 0.01), refusal("b", "noise")])

    assert study.refused == "a: blank; b: noise"
    assert study.results == ()
    assert study.familiarity == 0.01
    assert study.cautions == ("held",)


def test_what_holds_for_all_films_is_said_once_and_the_rest_names_its_film() -> None:
    study = combine(
        "s", [answer("a", 0.5, cautions=("age", "faint")), answer("b", 0.5, cautions=("age",))]
    )

    assert study.cautions == ("age", "a: faint")


def test_a_study_is_calibrated_where_each_answered_film_is() -> None:
    inside, outside = answer("a", 0.3), replace(answer("b", 0.3), calibrated=False)
    assert combine("s", [inside, inside]).calibrated
    assert not combine("s", [inside, outside]).calibrated


def test_a_study_is_read_as_what_all_its_films_are() -> None:
    front = replace(answer("a", 0.3), age_years=4.0, view="PA", body_part="chest")
    study = combine("s", [front, replace(front, view="LATERAL")])
    assert (study.age_years, study.view, study.body_part) == (4.0, None, "chest")


SHARES = st.lists(st.floats(1e-5, 1), min_size=3, max_size=3)


@given(st.lists(SHARES, min_size=1, max_size=5))
def test_findings_that_exclude_each_other_still_add_up_to_1(rows: list[list[float]]) -> None:
    films = [[value / sum(row) for value in row] for row in rows]
    together = mean_choice(films)
    assert sum(together) == pytest.approx(1)
    assert mean_choice(films[:1]) == films[0]
    assert mean_choice(films[::-1]) == pytest.approx(together)
    assert mean_choice([films[0]] * 3) == pytest.approx(films[0])


def test_the_mean_of_a_temperature_s_softmax_is_that_of_the_mean_scores() -> None:
    def calibrated(scores: NDArray[np.float64]) -> list[float]:
        powers = np.exp(scores / 1.7)
        shares: list[float] = (powers / powers.sum()).tolist()
        return shares

    scores = np.array([[0.3, -2.0, 1.0], [2.0, 0.0, -1.0]])
    together = mean_choice([calibrated(row) for row in scores])
    assert together == pytest.approx(calibrated(scores.mean(axis=0)))


def test_a_certain_film_leaves_each_finding_a_number() -> None:
    together = mean_choice([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
    assert 0 < together[1] < together[2] < together[0] < 1


def test_a_study_is_combined_by_the_mean_it_is_told() -> None:
    films = [answer("a", 0.9), answer("b", 0.9)]
    assert combine("s", films, mean=mean_choice).results[0].probability == 1.0
    assert combine("s", films).results[0].probability == pytest.approx(0.9)
