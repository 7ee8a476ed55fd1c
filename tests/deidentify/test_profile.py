"""Table E.1-1 as data: each row with the action that is taken for it."""

import pytest
from pydicom.tag import Tag

from plainfilm.deidentify.profile import Action, Keep, action_for, table, table_of_groups


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


def kept_with(option: Keep) -> set[str]:
    """Names of the attributes that are kept with one option and would not be without."""
    return {
        name
        for digits, name, _ in table()
        if "x" not in digits
        and action_for(Tag(int(digits, 16))) is not None
        and action_for(Tag(int(digits, 16)), {option}) is None
    }


def test_an_option_keeps_what_its_column_of_the_table_keeps() -> None:
    """Counted in the columns; of UIDs there are 60, two of which are never taken whole."""
    counts = {option: len(kept_with(option)) for option in Keep}
    assert counts == {Keep.UIDS: 58, Keep.DATES: 165, Keep.DEVICE: 46, Keep.PATIENT: 10,
                      Keep.INSTITUTION: 10}  # fmt: skip
    assert {"Study Date", "Study Time", "Acquisition DateTime"} <= kept_with(Keep.DATES)
    assert {"SOP Instance UID", "Study Instance UID"} <= kept_with(Keep.UIDS)
    assert {"Device Serial Number", "Station Name"} <= kept_with(Keep.DEVICE)
    assert {"Patient's Age", "Patient's Sex", "Patient's Size"} <= kept_with(Keep.PATIENT)
    assert {"Institution Name", "Institution Address"} <= kept_with(Keep.INSTITUTION)


def test_no_option_keeps_who_somebody_is() -> None:
    every = frozenset(Keep)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber",
                    "ReferringPhysicianName", "PatientComments", "OtherPatientIDs",
                    "StudyDescription"):  # fmt: skip
        assert action_for(Tag(keyword), every) is not None, keyword
    assert action_for(Tag(0x00091001), every) is Action.REMOVE


def test_another_project_s_listing_of_the_table_says_the_same() -> None:
    """dicom-anonymizer (KitwareMedical) restates edition 2024b; ours has newer rows beside."""
    theirs = pytest.importorskip(
        "dicomanonymizer.dicom_anonymization_databases.dicomfields_2024b",
        reason="dicom-anonymizer is not installed",
    )
    ours = {digits: action for digits, _, action in table()}
    n_compared = 0
    for action in Action:
        name = f"{action.replace('/', '_').replace('*', '_STAR')}_TAGS"
        for tag in vars(theirs)[name]:
            if len(tag) == 2:  # others are masks of curves and overlays
                n_compared += 1
                assert ours[f"{tag[0]:04X}{tag[1]:04X}"] == action, tag
    assert n_compared == 617
