from pathlib import Path

import numpy as np
import pytest

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
