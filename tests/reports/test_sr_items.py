"""The items of a structured report's tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from plainfilm.findings import Code
from plainfilm.reports import sr_items
from plainfilm.reports.sr_codes import COMMENT, PROBABILITY, RATIO, SOURCE, own


@given(st.floats(-1e6, 1e6, width=32))
def test_a_number_comes_back_to_the_bit_and_as_sixteen_letters_of_digits(value: float) -> None:
    measured = sr_items.number_item(PROBABILITY, value, RATIO).MeasuredValueSequence[0]
    assert float(measured.FloatingPointValue) == value
    assert len(str(measured["NumericValue"].value.original_string)) <= 16
    assert float(measured.NumericValue) == pytest.approx(value, rel=1e-8, abs=1e-12)
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "{ratio}"


def test_a_long_code_value_has_its_own_field() -> None:
    short, long = (sr_items.coded(own(name, "x")) for name in ("x" * 16, "pleural_thickening"))
    assert short.CodeValue == "x" * 16
    assert "CodeValue" not in long
    assert long.LongCodeValue == "pleural_thickening"


def test_a_meaning_is_one_line_of_at_most_sixty_four_letters() -> None:
    found = sr_items.coded(Code("99X", "x", "a\\b\n" + "c" * 100)).CodeMeaning
    assert found == "a/b?" + "c" * 60


def test_words_stay_on_one_line() -> None:
    assert sr_items.text_item(COMMENT, "one\ntwo\x00 – ≥").TextValue == "one?two? – ≥"


def test_an_item_is_below_another_only_where_it_is_said_how() -> None:
    child = sr_items.text_item(COMMENT, "x")
    root = sr_items.container(COMMENT, [child], None)
    assert "RelationshipType" not in root
    assert root.ContentSequence[0].RelationshipType == "CONTAINS"
    assert "ContentSequence" not in sr_items.container(COMMENT, [], "CONTAINS")


def test_an_image_may_have_items_of_its_own() -> None:
    child = sr_items.text_item(COMMENT, "x")
    assert sr_items.image_item(SOURCE, Dataset(), [child]).ContentSequence[0].TextValue == "x"
    assert "ContentSequence" not in sr_items.image_item(SOURCE, Dataset())


@given(st.text())
def test_a_uid_is_valid_and_follows_from_its_words(words: str) -> None:
    uid = UID(sr_items.uid_of(words))
    assert uid.is_valid
    assert uid.startswith("2.25.")
    assert uid == sr_items.uid_of(words)
    assert uid != sr_items.uid_of(words + " ")
