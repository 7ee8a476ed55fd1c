from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.metrics import confusion_at
from plainfilm.evaluation.points import (
    RULES,
    choose_points,
    npv_at,
    point_numbers,
    ppv_at,
    values_of,
)


def measured(table: Any, draws: int = 30) -> Any:
    return point_numbers(answers_of(table, 0), draw_patients(table.patient, draws, 0))


def test_ppv_and_npv_follow_the_prevalence() -> None:
    """Sensitivity .5956 and specificity .6927 at 10.2, 4.73 and 2 %."""
    rates = np.array([0.5956439394]), np.array([0.6927380312])
    for prevalence, ppv, npv in (
        (0.102, 0.181, 0.938),
        (0.0473, 0.088, 0.972),
        (0.02, 0.038, 0.988),
    ):
        assert ppv_at(*rates, prevalence)[0] == pytest.approx(ppv, abs=7e-4)
        assert npv_at(*rates, prevalence)[0] == pytest.approx(npv, abs=7e-4)


def test_points_are_chosen_on_one_table_and_measured_on_another(make_table: Any) -> None:
    validation, table = make_table(n=400, seed=1), make_table(n=300, seed=2)
    points = choose_points(validation)
    assert tuple(points) == RULES
    about = replace(table.about, points=points, points_from="drawn films")
    numbers = measured(replace(table, about=about))
    assert numbers["chosen_on"] == "drawn films"
    point = numbers["findings"]["mass"]["sensitivity-0.95"]
    threshold = points["sensitivity-0.95"][1]
    assert threshold is not None
    chosen = confusion_at(values_of(validation)[:, 1], validation.labels[:, 1], threshold)
    found = confusion_at(values_of(table)[:, 1], table.labels[:, 1], threshold)
    assert chosen.sensitivity >= 0.95
    assert point["sensitivity"].value == found.sensitivity != chosen.sensitivity
    assert point["confusion"] == vars(found)
    assert point["words"] == "the highest with a sensitivity of at least 0.95"
    at = point["at_prevalence"]["0.05"]["ppv"]
    expected = ppv_at(np.array([found.sensitivity]), np.array([found.specificity]), 0.05)[0]
    assert at.value == pytest.approx(expected)
    assert at.low < at.value < at.high


def test_at_its_own_prevalence_a_ppv_is_the_ppv(make_table: Any) -> None:
    table = make_table(n=200)
    table.labels[:, 1] = np.arange(200) % 2
    point = measured(table)["findings"]["mass"]["shipped"]
    assert point["at_prevalence"]["0.5"]["ppv"].value == pytest.approx(point["ppv"].value)
    assert point["at_prevalence"]["0.5"]["npv"].value == pytest.approx(point["npv"].value)
    assert point["threshold"] == 0.4


def test_too_few_validation_films_choose_nothing(make_table: Any) -> None:
    validation = make_table(n=100)
    validation.labels[:, 1] = np.arange(100) < 9
    points = choose_points(validation)
    assert {thresholds[1] for thresholds in points.values()} == {None}
    assert all(thresholds[0] is not None for thresholds in points.values())
    table = make_table(n=50, points=points)
    assert list(measured(table)["findings"]["mass"]) == ["shipped"]


def test_refused_validation_films_choose_nothing_either(make_table: Any) -> None:
    table = make_table(n=100)
    gone = replace(
        table,
        refused=np.where(np.arange(100) < 60, "dark", ""),
        scores=np.where(np.arange(100)[:, None] < 60, np.nan, table.scores),
    )
    assert choose_points(gone) == choose_points(table.rows(np.arange(60, 100)))


def test_of_findings_that_exclude_each_other_probabilities_are_compared(make_table: Any) -> None:
    table = make_table(n=20, exclusive=True)
    assert values_of(table) is table.probabilities
    assert measured(table)["chosen_on"].startswith("no validation film was read")
