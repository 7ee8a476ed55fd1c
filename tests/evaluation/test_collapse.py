from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.evaluation.collapse import is_alike
from plainfilm.evaluation.measure import measure


def cautions(table: Any) -> list[str]:
    found: Any = measure(table, 50)["cautions"]
    return [words for words in found if words not in table.about.cautions]


def with_probability(table: Any, column: int, probability: Any) -> Any:
    probabilities, scores = table.probabilities.copy(), table.scores.copy()
    probabilities[:, column] = probability
    scores[:, column] = np.log(probability / (1 - probability))
    return replace(table, probabilities=probabilities, scores=scores)


def test_a_bundle_that_answers_is_not_accused(make_table: Any) -> None:
    assert cautions(make_table(n=200)) == []


def test_a_collapsed_bundle_is_named_whichever_side_of_the_threshold_its_answers_fall(
    make_table: Any,
) -> None:
    """Half of the films are called present, by a hair: no class is missing, and nothing is told."""
    table = make_table(n=200)
    hair = 0.5 + 1e-5 * np.random.default_rng(0).normal(size=200)
    (named,) = cautions(with_probability(table, 0, hair))
    assert named.startswith("COLLAPSED, Pneumonia: the answers hardly differ from film to film")
    assert named.endswith("lies between 0.5 and 0.5.")


def test_one_answer_for_all_is_a_collapse_and_named_once(make_table: Any) -> None:
    """As a fault that who signs must know of, not only as calls that are alike."""
    (named,) = cautions(with_probability(make_table(n=200), 0, np.full(200, 0.7)))
    assert named.startswith("COLLAPSED, Pneumonia: ")


def test_answers_that_differ_but_are_called_alike_are_named(make_table: Any) -> None:
    table = make_table(n=200)
    (named,) = cautions(with_probability(table, 0, 0.6 + 0.3 * table.probabilities[:, 0]))
    assert named.startswith("Pneumonia: at least 99 % of the films are called alike")


def test_a_rare_finding_that_stands_out_is_no_collapse(make_table: Any) -> None:
    """All healthy films may have one tiny probability, and be right."""
    table = make_table(n=1000)
    table.labels[:, 0] = np.arange(1000) < 15
    assert cautions(with_probability(table, 0, np.where(table.labels[:, 0] == 1, 0.9, 1e-9))) == []


def test_what_ranks_as_a_coin_does_is_told_of_all_findings_in_one_sentence(
    make_table: Any,
) -> None:
    table = make_table(n=200)
    rng = np.random.default_rng(1)
    for column in (0, 1):
        table = with_probability(table, column, rng.uniform(0.2, 0.8, 200))
    (named,) = cautions(table)
    assert named.startswith("Pneumonia, Mass: not shown to rank films better than a coin")


def test_of_few_present_films_nothing_is_said(make_table: Any) -> None:
    table = make_table(n=200)
    table.labels[:, 1] = np.arange(200) < 4
    assert cautions(table) == []


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.0, 0.04))
def test_rare_findings_are_judged_by_their_odds(share: float, width: float) -> None:
    """What counts is how odds differ, not probabilities, which are all small of a rare finding."""
    odds = share / (1 - share) * np.exp(np.linspace(-width, width, 40))
    assert is_alike(odds / (1 + odds))
    wide = share / (1 - share) * np.exp(np.linspace(-0.2, 0.2, 40))
    assert not is_alike(wide / (1 + wide))


@pytest.mark.parametrize(("n", "alike"), [(19, False), (20, True)])
def test_a_handful_of_films_cannot_be_called_collapsed(n: int, *, alike: bool) -> None:
    assert is_alike(np.full(n, 0.3)) is alike
