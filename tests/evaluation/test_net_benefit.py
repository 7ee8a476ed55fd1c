from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.metrics import confusion_at
from plainfilm.evaluation.net_benefit import THRESHOLDS, decision_curves, net_benefit

FILMS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)


@given(FILMS, st.floats(0.01, 0.99))
def test_right_calls_less_false_alarms_at_their_price(
    films: list[tuple[float, float]], threshold: float
) -> None:
    probability, labels = np.array(films).T
    counts = confusion_at(probability, labels, threshold)
    n = len(films)
    expected = counts.true_present / n - counts.false_present / n * threshold / (1 - threshold)
    assert net_benefit(probability, labels, threshold) == pytest.approx(expected)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=40))
def test_acting_on_none_is_0_and_on_all_is_0_at_the_prevalence(labels: list[float]) -> None:
    y = np.array(labels)
    assert net_benefit(np.zeros(y.size), y, 0.3) == 0
    if 0 < y.mean() < 1:
        assert net_benefit(np.ones(y.size), y, float(y.mean())) == pytest.approx(0, abs=1e-12)


def test_a_curve_stands_beside_acting_on_all(make_table: Any) -> None:
    table = make_table(n=300)
    table.labels[:7, 1] = np.nan
    curves: Any = decision_curves(answers_of(table, 0), draw_patients(table.patient, 50, 0))
    points = curves["mass"]
    assert [point["threshold"] for point in points] == list(THRESHOLDS)
    half = points[THRESHOLDS.index(0.5)]
    probability, labels = table.probabilities[7:, 1], table.labels[7:, 1]
    assert half["net_benefit"].value == net_benefit(probability, labels, 0.5)
    assert half["all"].value == pytest.approx(2 * labels.mean() - 1)
    assert half["more_than_all"].low > 0
    assert half["net_benefit"].low < half["net_benefit"].value < half["net_benefit"].high


def test_an_unlabelled_finding_has_no_curve(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:, 1] = np.nan
    draws = draw_patients(table.patient, 3, 0)
    assert list(decision_curves(answers_of(table, 0), draws)) == ["pneumonia"]
