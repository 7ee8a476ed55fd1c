import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from plainfilm.datasets.cooccurrence import (
    balanced_weights,
    companion_ratio,
    cooccurrence,
    negative_ratio,
    weight_table,
    write_cooccurrence,
)
from plainfilm.errors import DatasetError

LABELS = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [0, 0, np.nan]], np.float32)


def test_the_matrix_counts_films_that_show_both() -> None:
    """S0-18."""
    np.testing.assert_array_equal(cooccurrence(LABELS), [[2, 1, 0], [1, 2, 1], [0, 1, 1]])


labelled = st.lists(
    st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=3, max_size=3), min_size=1, max_size=12
).map(lambda rows: np.array(rows, np.float32))


@given(labelled)
def test_s0_18_the_matrix_equals_counting_film_by_film(labels: np.ndarray) -> None:
    matrix = cooccurrence(labels)

    for one in range(3):
        for other in range(3):
            assert matrix[one, other] == sum(f[one] == 1 and f[other] == 1 for f in labels)
    assert matrix.dtype == np.int64


@given(labelled, st.sampled_from([negative_ratio, balanced_weights]))
def test_a_rarer_finding_never_weighs_less(
    labels: np.ndarray, weights: Callable[[np.ndarray], np.ndarray]
) -> None:
    known = np.nan_to_num(labels)
    assume((known == 1).any(axis=0).all())

    found, present = weights(known), known.sum(axis=0)

    for one, other in itertools.permutations(range(3), 2):
        if present[one] <= present[other]:
            assert found[one] >= found[other]


@given(labelled)
def test_balanced_weights_are_scikit_learn_s(labels: np.ndarray) -> None:
    one = np.nan_to_num(labels[:, 0])
    assume(0 < one.sum() < len(one))
    both = np.stack([1 - one, one], axis=1).astype(np.float32)

    expected = compute_class_weight("balanced", classes=np.array([0, 1]), y=one)

    np.testing.assert_allclose(balanced_weights(both), expected)


def test_the_negative_ratio_leaves_out_what_is_not_known() -> None:
    np.testing.assert_allclose(negative_ratio(LABELS), [2 / 2, 2 / 2, 2 / 1])


def test_balanced_weights_times_counts_add_up_to_the_films() -> None:
    weights = balanced_weights(LABELS)

    assert (weights * [2, 2, 1]).sum() == pytest.approx(4)
    assert weights[0] == pytest.approx(4 / (3 * 2))


def test_the_companion_ratio_is_own_count_over_companions() -> None:
    np.testing.assert_allclose(companion_ratio(LABELS), [2 / 1, 2 / 2, 1 / 1])


def test_a_finding_on_no_film_has_no_weight() -> None:
    for weights in (negative_ratio, balanced_weights, companion_ratio):
        with pytest.raises(DatasetError, match="finding 2 of 2 is on no film"):
            weights(np.array([[1, 0], [1, 0]], np.float32))


def test_a_finding_that_is_always_alone_has_no_companion_ratio() -> None:
    with pytest.raises(DatasetError, match="never comes with another"):
        companion_ratio(np.array([[1, 0], [0, 1]], np.float32))


def test_s0_19_the_three_weightings_stand_beside_the_matrix() -> None:
    lines = weight_table(LABELS, ("mass", "nodule", "hernia")).splitlines()

    assert lines[0].split()[:2] == ["N/P", "n/(K"]
    assert lines[3].split() == ["hernia", "2.0000", "1.3333", "1.0000", "0", "1", "1"]


def test_the_written_matrix_has_names_on_both_sides(tmp_path: Path) -> None:
    """S0-18."""
    write_cooccurrence(tmp_path / "m.csv", LABELS, ("mass", "nodule", "hernia"))

    lines = (tmp_path / "m.csv").read_text().splitlines()
    assert lines[0] == "finding,mass,nodule,hernia"
    assert lines[2] == "nodule,1,2,1"
