"""One header field at a time: its value, or None where it is missing or nonsense."""

import time
from datetime import date

import pytest
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from dicoms import header as make_header
from plainfilm.images import dicom_fields as fields


@pytest.fixture
def header() -> Dataset:
    dataset = make_header(
        Modality="DX ",
        BodyPartExamined="chest",
        OperatorsName="Roe^Jane",
        PatientComments="Jane Doe, 12 March: \xe9",
        PixelSpacing=[0.2, 0.25],
        PatientOrientation=["L", "F"],
        Rows=7,
        StudyDate="20040826",
        SeriesDate="20049999",
        ContentDate="last May",
        AcquisitionDate="1998.02.03",
        ViewCodeSequence={"CodeValue": "1"},
        VOILUTSequence=[],
    )
    dataset.add_new("PixelData", "OW", b"\0\1")
    dataset.add(DataElement("RescaleSlope", "LO", "not a number"))
    dataset.add(DataElement("RescaleIntercept", "LO", "nan"))
    # Bytes that its type forbids: only found when it is looked at.
    tag = Tag("Columns")
    dataset._dict[tag] = RawDataElement(tag, "US", 3, b"abc", 0, True, True)
    return dataset


def test_text_is_stripped_and_a_code_is_upper_case(header: Dataset) -> None:
    assert fields.text(header, "Modality") == "DX"
    assert fields.code(header, "BodyPartExamined") == "CHEST"
    assert fields.code(header, "PatientOrientation", 1) == "F"


def test_a_name_is_one_text_and_not_its_letters(header: Dataset) -> None:
    assert fields.text(header, "OperatorsName") == "Roe^Jane"
    assert fields.text(header, "OperatorsName", 1) is None


def test_free_text_never_passes_as_a_code(header: Dataset) -> None:
    assert fields.code(header, "PatientComments") == "?"


@pytest.mark.parametrize("keyword", ["PatientName", "Columns", "VOILUTSequence"])
def test_what_is_missing_or_broken_is_none(header: Dataset, keyword: str) -> None:
    assert fields.text(header, keyword) is None
    assert fields.code(header, keyword) is None
    assert fields.numbers(header, keyword) == ()
    assert fields.integer(header, keyword) is None
    assert fields.day(header, keyword) is None
    assert fields.first_item(header, keyword) is None
    assert fields.raw(header, keyword) is None


def test_a_value_that_is_not_there_is_none(header: Dataset) -> None:
    assert fields.text(header, "PatientOrientation", 2) is None


def test_numbers_are_finite_or_not_there(header: Dataset) -> None:
    assert fields.numbers(header, "PixelSpacing") == (0.2, 0.25)
    assert fields.numbers(header, "RescaleSlope") == ()
    assert fields.numbers(header, "RescaleIntercept") == ()


def test_an_integer_is_whole(header: Dataset) -> None:
    assert fields.integer(header, "Rows") == 7
    assert fields.integer(header, "PixelSpacing") is None


def test_a_date_is_read_in_both_spellings(header: Dataset) -> None:
    assert fields.day(header, "StudyDate") == date(2004, 8, 26)
    assert fields.day(header, "AcquisitionDate") == date(1998, 2, 3)
    assert fields.day(header, "SeriesDate") is None
    assert fields.day(header, "ContentDate") is None


def test_the_first_item_is_a_data_set(header: Dataset) -> None:
    item = fields.first_item(header, "ViewCodeSequence")
    assert item is not None
    assert fields.text(item, "CodeValue") == "1"
    assert fields.first_item(header, "Modality") is None


def test_raw_bytes_are_bytes_or_not_there(header: Dataset) -> None:
    assert fields.raw(header, "PixelData") == b"\0\1"
    assert fields.raw(header, "Modality") is None


@pytest.mark.parametrize("keyword", ["WindowCenter", "VOILUTSequence"])
def test_a_field_too_long_for_any_film_is_not_converted(keyword: str) -> None:
    item = b"\xfe\xff\x00\xe0" + bytes(4)
    content = b"1\\" * 2**20 if keyword == "WindowCenter" else item * 2**18
    vr = "DS" if keyword == "WindowCenter" else "SQ"
    dataset = Dataset()
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, vr, len(content), content, 0, True, True)
    began = time.process_time()
    assert fields.numbers(dataset, keyword) == ()
    assert fields.first_item(dataset, keyword) is None
    assert time.process_time() - began < 0.2
