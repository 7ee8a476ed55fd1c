"""Table E.1-1 as data: each row with the action that is taken for it."""

import pytest
from pydicom.tag import Tag

from plainfilm.deidentify.profile import Action, action_for, table, table_of_groups


def test_the_table_has_each_attribute_once_in_order() -> None:
    tags = [tag for tag, _, _ in table()]
    assert len(tags) == 655
    assert tags == sorted(set(tags), key=str.upper)
    assert all(len(tag) == 8 for tag in tags)


@pytest.mark.parametrize(
    ("tag", "action"),
    [
        (0x00080050, "Z"),  # accession number
        (0x00100010, "Z"),  # patient's name
        (0x00100030, "Z"),  # birth date
        (0x00101010, "X"),  # age
        (0x00080018, "U"),  # SOP instance UID
        (0x00080080, "D"),  # institution's name, X/Z/D
        (0x00080022, "Z"),  # acquisition date, X/Z
        (0x00080023, "D"),  # content date, Z/D
        (0x0018700A, "D"),  # detector id, X/D
        (0x00880200, "X"),  # icons
    ],
)
def test_an_action_that_leaves_a_choice_is_what_is_valid_everywhere(tag: int, action: str) -> None:
    assert action_for(Tag(tag)) == Action(action)


def test_what_the_table_does_not_hold_is_kept() -> None:
    for keyword in ("Rows", "Modality", "BodyPartExamined", "ViewPosition", "PixelData"):
        assert action_for(Tag(keyword)) is None


def test_curves_and_overlays_repeat() -> None:
    assert {pattern for pattern, _, _ in table_of_groups()} == {"50xxxxxx", "60xx3000", "60xx4000"}
    for tag in (0x50000010, 0x501E3000, 0x60003000, 0x60FE4000):
        assert action_for(Tag(tag)) is Action.REMOVE
    assert action_for(Tag(0x60000010)) is None


def test_private_attributes_are_removed() -> None:
    assert action_for(Tag(0x00091001)) is Action.REMOVE
