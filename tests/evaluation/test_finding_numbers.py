from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.finding_numbers import (
    FindingNumbers,
    calls_one_class,
    finding_numbers,
    row,
)
from plainfilm.evaluation.metrics import Confusion, confusion_at


def measured(table: Any, column: int = 1) -> FindingNumbers:
    return finding_numbers(answers_of(table, 0), column, draw_patients(table.patient, 100, 0))


def test_accuracy_f1_and_kappa_stand_with_their_intervals(make_table: Any) -> None:
    table = make_table()
    numbers = row(measured(table))
    counts = confusion_at(table.probabilities[:, 1], table.labels[:, 1], 0.4)
    for key in ("accuracy", "f1", "kappa"):
        number: Any = numbers[key]
        assert number.value == pytest.approx(getattr(counts, key))
        assert number.low < number.value < number.high
    assert numbers["confusion"] == vars(counts)


def test_s3_17_what_calling_all_alike_would_reach_stands_beside(make_table: Any) -> None:
    """S3-17: the share of the commoner class, which an accuracy has to pass."""
    table = make_table(n=100)
    table.labels[:, 1] = np.arange(100) < 39
    assert measured(table).majority_accuracy == 0.61
    table.labels[:, 1] = np.arange(100) < 61
    assert measured(table).majority_accuracy == 0.61


@pytest.mark.parametrize("claimed", [0.0, 1.0])
def test_s3_20_a_bundle_that_says_one_thing_of_every_film_is_told(
    make_table: Any, claimed: float
) -> None:
    """S3-20: 99 % of the calls are of one class."""
    table = make_table()
    assert not measured(table).one_class
    probabilities = table.probabilities.copy()
    probabilities[:, 1] = claimed
    assert measured(replace(table, probabilities=probabilities)).one_class


def test_s3_20_the_alarm_begins_at_99_of_100_and_spares_rare_findings() -> None:
    """S3-20: a finding that 1 % of the films have may be found on 1 %."""
    assert calls_one_class(Confusion(1, 0, 60, 39))
    assert not calls_one_class(Confusion(1, 1, 60, 38))
    assert not calls_one_class(Confusion(1, 0, 99, 0))
    assert calls_one_class(Confusion(0, 0, 98, 2))
    assert not calls_one_class(Confusion(0, 0, 0, 0))
    assert not calls_one_class(None)


def test_without_a_threshold_nothing_is_counted(make_table: Any) -> None:
    table = make_table(refit_rule="half")
    table.labels[:, 1] = 0
    table.labels[:2, 1] = 1  # one patient, too few to refit
    numbers = row(measured(table))
    assert (numbers["confusion"], numbers["one_class"]) == (None, False)
