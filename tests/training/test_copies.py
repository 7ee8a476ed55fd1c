import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from plainfilm.errors import RunError
from plainfilm.training.copies import (
    AS_IT_IS,
    CROPPED,
    MIRRORED,
    Copies,
    changed,
    copies_words,
    plan_copies,
    shortcut,
)


def labels_of(n_absent: int, n_present: int, n_unknown: int = 0) -> NDArray[np.float32]:
    values = [0.0] * n_absent + [1.0] * n_present + [np.nan] * n_unknown
    return np.array(values, np.float32)[:, None]


KERMANY = labels_of(1_341, 3_875)


def test_s2_26_the_paediatric_set_gets_2_534_changed_copies_of_normals() -> None:
    """S2-26: each normal once mirrored, then 1,193 cropped; no film with pneumonia is changed."""
    copies = plan_copies(KERMANY, "changed-copies")

    assert len(copies.positions) == 2_534
    assert set(copies.positions) == set(range(1_341)), "normals alone"
    assert copies.positions[copies.changes == MIRRORED].tolist() == list(range(1_341))
    assert copies.positions[copies.changes == CROPPED].tolist() == list(range(1_193))


def test_s2_26_counts_and_the_shortcut_are_told() -> None:
    """S2-26: "changed" gives away the class."""
    words = copies_words(plan_copies(KERMANY, "changed-copies"), KERMANY)

    assert words.startswith(
        "2,534 copies of the 1,341 films without the finding: 1,341 mirrored, 1,193 cropped; no"
    )
    assert "Shortcut: every changed film is one without the finding" in words


def test_s2_26_repeated_films_tell_nothing_by_being_repeated() -> None:
    """S2-26: the balanced way; whatever changes films changes those of both classes."""
    copies = plan_copies(KERMANY, "repeat")

    assert (len(copies.positions), set(copies.changes)) == (2_534, {AS_IT_IS})
    assert np.bincount(copies.positions).tolist() == [2] * 1_193 + [1] * 148
    assert shortcut(copies, KERMANY) == 0
    assert "Shortcut" not in copies_words(copies, KERMANY)


def test_the_shortcut_is_a_correlation() -> None:
    labels = labels_of(1, 2)
    copies = Copies(np.array([0]), np.array([MIRRORED], np.int8), of_present=False)

    assert shortcut(copies, labels) == pytest.approx(-1 / np.sqrt(3))


def test_either_class_may_be_the_rarer_and_unknown_films_are_neither() -> None:
    copies = plan_copies(labels_of(5, 3, 4), "repeat")

    assert copies.of_present
    assert copies.positions.tolist() == [5, 6]


def test_classes_that_are_even_need_no_copy() -> None:
    labels = labels_of(3, 3)
    copies = plan_copies(labels, "changed-copies")

    assert len(copies.positions) == 0
    assert copies_words(copies, labels).startswith("no copy")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros((4, 2), np.float32), "found 2 findings; it needs one"),
        (labels_of(4, 0), "no film with the finding to copy"),
        (labels_of(10, 3), '6 copies of 3 films can be made, of 7 needed. Take "repeat"'),
    ],
)
def test_what_cannot_be_evened_out_is_refused(labels: NDArray[np.float32], words: str) -> None:
    with pytest.raises(RunError, match=words):
        plan_copies(labels, "changed-copies")


def test_films_are_mirrored_cropped_or_left() -> None:
    films = torch.rand(3, 1, 40, 40, generator=torch.Generator().manual_seed(0))
    films[2] = 0.0
    films[2, :, 2:38, 2:38] = 1.0  # the 90 % in the middle

    after = changed(films, np.array([AS_IT_IS, MIRRORED, CROPPED], np.int8))

    assert torch.equal(after[0], films[0])
    assert torch.equal(after[1], films[1].flip(-1))
    torch.testing.assert_close(after[2], torch.ones(1, 40, 40))
