import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.conformal import conformal_numbers, fit_quantiles, held_out_sets

FILMS = st.lists(
    st.tuples(st.integers(-20, 20).map(float), st.sampled_from([0.0, 1.0])), max_size=60
)


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_each_class_is_covered_as_promised(share: float) -> None:
    """alpha .1, 1,000 calibration films with it: at least .88 of each class, however rare it is."""
    rng, n = np.random.default_rng(0), round(1000 / share)
    labels = (rng.random(n + 20_000) < share).astype(float)
    scores = rng.normal(1.2 * labels, 1)
    sets = fit_quantiles(scores[:n], labels[:n]).sets(scores[n:])
    for value, bit in ((1.0, 2), (0.0, 1)):
        covered = (sets[labels[n:] == value] & bit).astype(bool).mean()
        assert 0.88 <= covered <= 0.95


@given(FILMS, st.sampled_from([0.05, 0.1, 0.3]))
def test_a_quantile_leaves_out_as_many_as_it_may(
    films: list[tuple[float, float]], alpha: float
) -> None:
    table = np.array(films).reshape(-1, 2)
    scores, labels = table[:, 0], table[:, 1]
    found = fit_quantiles(scores, labels, alpha)
    for value, bound, sign in ((1.0, found.present_from, -1), (0.0, found.absent_to, 1)):
        strange = sorted((sign * scores[labels == value]).tolist())
        rank = math.ceil((len(strange) + 1) * (1 - alpha) - 1e-9)
        assert sign * bound == (math.inf if rank > len(strange) else strange[rank - 1])


def test_the_four_sets() -> None:
    labels = np.repeat([0.0, 1.0], 50)
    apart = np.append(np.arange(50.0), np.arange(100.0, 150))
    assert fit_quantiles(apart, labels).sets(np.array([0.0, 70, 140])).tolist() == [1, 0, 2]
    mixed = np.append(np.arange(50.0), np.arange(50.0))
    assert fit_quantiles(mixed, labels).sets(np.array([0.0, 25, 49])).tolist() == [1, 3, 2]


def test_held_out_patients_are_covered_and_all_sets_add_up(make_table: Any) -> None:
    table = make_table(n=800)
    table.labels[0, 1] = np.nan
    numbers: Any = conformal_numbers(
        answers_of(table, 0), draw_patients(table.patient, 50, 0), seed=0
    )
    row = numbers["findings"]["mass"]
    assert row["coverage_present"].value == pytest.approx(0.9, abs=0.05)
    assert row["coverage_absent"].low < 0.9 < row["coverage_absent"].high
    assert sum(share.value for share in row["sets"].values()) == pytest.approx(1)
    assert held_out_sets(table.scores[:, 1], table.labels[:, 1], table.patient, 0)[0] == -1


def test_no_patient_judges_itself() -> None:
    """Two films of a patient, one answered as if sick beyond all others: its twin does not know."""
    patients = np.repeat([str(i) for i in range(40)], 2)
    labels = np.repeat(np.arange(40) % 2, 2).astype(float)
    scores = labels.copy()
    scores[:2] = 99.0  # patient 0 is healthy
    sets = held_out_sets(scores, labels, patients, 0)
    assert sets[:2].tolist() == [2, 2]  # "present": its own films were in no quantile of it


def test_too_few_patients_or_no_sense_in_alpha_is_said(make_table: Any) -> None:
    table = make_table(n=40)
    table.labels[:, 1] = np.arange(40) < 4
    numbers: Any = conformal_numbers(
        answers_of(table, 0), draw_patients(table.patient, 5, 0), seed=0
    )
    assert "2 patients of a class for 5 folds" in numbers["findings"]["mass"]["hidden"]
    with pytest.raises(EvaluationError, match="alpha is 1; expected"):
        fit_quantiles(np.zeros(2), np.array([0.0, 1]), 1)
