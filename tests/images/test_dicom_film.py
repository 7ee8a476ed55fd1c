"""What a header tells about the film: view, side, body part, spacing, age, orientation."""

from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicoms import header
from plainfilm.images import dicom_film as film
from plainfilm.radiograph import Laterality, View


def coded(value: str, meaning: str = "some") -> list[Dataset]:
    return [header(CodeValue=value, CodeMeaning=meaning)]


@pytest.mark.parametrize(
    ("fields", "view"),
    [
        ({"ViewPosition": "PA"}, View.PA),
        ({"ViewPosition": "ap"}, View.AP),
        ({"ViewPosition": "LL"}, View.LATERAL),
        ({"ViewPosition": "RL", "PatientPosition": "PA"}, View.LATERAL),
        ({"ViewPosition": "RLO"}, View.OBLIQUE),
        ({"ViewCodeSequence": coded("272479007")}, View.PA),
        ({"ViewPosition": "", "ViewCodeSequence": coded("R-10206")}, View.AP),
        ({"ViewCodeSequence": coded("unknown"), "PatientPosition": "AP"}, View.AP),
        ({"PatientPosition": "PA"}, View.PA),
        ({"PatientPosition": "HFS"}, None),
        ({"ViewCodeSequence": []}, None),
        ({}, None),
    ],
)
def test_the_view_is_found_where_it_stands(fields: dict[str, Any], view: View | None) -> None:
    assert film.view(header(**fields)) == (view, ())


@pytest.mark.parametrize("keyword", ["ViewPosition", "PatientPosition"])
def test_a_view_that_is_none_is_not_known_and_said_so(keyword: str) -> None:
    found, cautions = film.view(header(**{keyword: "XX"}))
    assert found is None
    assert cautions == (
        "The header gives the view as 'XX', which is none of PA, AP, lateral and oblique: "
        "the view is not known.",
    )


@pytest.mark.parametrize(
    ("fields", "side"),
    [
        ({"ImageLaterality": "L", "Laterality": "R"}, Laterality.LEFT),
        ({"ImageLaterality": "U", "Laterality": "R"}, Laterality.RIGHT),
        ({"ImageLaterality": "B"}, Laterality.BOTH),
        ({"Laterality": ""}, None),
    ],
)
def test_the_side_is_the_image_s_before_the_series(
    fields: dict[str, Any], side: Laterality | None
) -> None:
    assert film.laterality(header(**fields)) == side


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"BodyPartExamined": "CHEST"}, "chest"),
        ({"BodyPartExamined": "THORAX"}, "chest"),
        ({"BodyPartExamined": "RIBCAGE"}, "ribcage"),
        ({"BodyPartExamined": "LSPINE"}, "lumbar spine"),
        ({"BodyPartExamined": "L_SPINE"}, "lumbar spine"),
        ({"BodyPartExamined": "LOWER  LEG"}, "lower leg"),
        ({"AnatomicRegionSequence": coded("T-D3000", "Chest")}, "chest"),
        ({"BodyPartExamined": "Doe^Jane"}, None),
        ({"AnatomicRegionSequence": []}, None),
        ({}, None),
    ],
)
def test_the_body_part_is_lower_case_english(fields: dict[str, Any], part: str | None) -> None:
    assert film.body_part(header(**fields)) == part


@pytest.mark.parametrize(
    ("fields", "spacing"),
    [
        ({"PixelSpacing": [0.2, 0.25], "ImagerPixelSpacing": [1, 1]}, (0.2, 0.25)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1)),
        ({"PixelSpacing": [0.2]}, None),
        ({"PixelSpacing": [0.2, 5000]}, None),
        ({}, None),
    ],
)
def test_the_spacing_is_positive_or_not_known(
    fields: dict[str, Any], spacing: tuple[float, float] | None
) -> None:
    assert film.spacing_mm(header(**fields)) == spacing


@pytest.mark.parametrize(
    ("age", "years"), [("054Y", 54), ("018M", 1.5), ("026W", 0.498), ("010D", 0.027), ("000D", 0)]
)
def test_the_age_is_in_years(age: str, years: float) -> None:
    found, cautions = film.age_years(header(PatientAge=age))
    assert found == pytest.approx(years, abs=1e-3)
    assert cautions == ()


def test_an_age_without_a_unit_is_years_and_said_so() -> None:
    dataset = Dataset()
    dataset.add_new("PatientAge", "LO", "81")
    assert film.age_years(dataset) == (
        81.0,
        ("The header gives the age without a unit: it was read as years.",),
    )


def test_an_impossible_age_is_not_known_and_said_so() -> None:
    found, cautions = film.age_years(header(PatientAge="414Y"))
    assert found is None
    assert cautions == ("The header gives an age of 414 years: the age is not known.",)


@pytest.mark.parametrize(
    ("fields", "years"),
    [
        ({"PatientBirthDate": "20000101", "StudyDate": "20200101"}, 20),
        ({"PatientBirthDate": "20000101", "SeriesDate": "20010101", "PatientAge": "X"}, 1),
        ({"PatientBirthDate": "20000101"}, None),
        ({"StudyDate": "20000101"}, None),
        ({"PatientBirthDate": "20200101", "StudyDate": "20000101"}, None),
        ({"PatientBirthDate": "18000101", "StudyDate": "20000101"}, None),
    ],
)
def test_the_age_comes_from_the_dates_where_it_is_not_given(
    fields: dict[str, str], years: float | None
) -> None:
    found, cautions = film.age_years(header(**fields))
    assert found == (None if years is None else pytest.approx(years, abs=0.01))
    assert cautions == ()


def test_dates_years_apart_give_the_age_at_acquisition_and_are_said() -> None:
    dates = {"AcquisitionDate": "19921225", "StudyDate": "20040826"}
    found, cautions = film.age_years(header(PatientBirthDate="19790408", **dates))
    assert found == pytest.approx(13.7, abs=0.05)
    assert "years apart" in cautions[0]


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        (["L", "F"], None),
        (["L", "H"], "upside down"),
        (["F", "L"], "on its side"),
        (["R", "F"], "left and right are swapped"),
        ([], None),
        (["R", ""], None),
    ],
)
def test_a_film_that_is_not_upright_by_its_header_gets_a_caution(
    directions: list[str], words: str | None
) -> None:
    cautions = film.orientation(header(PatientOrientation=directions), View.PA, "chest")
    assert (words in cautions[0]) if words else cautions == ()


def test_left_and_right_are_only_known_for_a_frontal_chest() -> None:
    dataset = header(PatientOrientation=["R", "F"])
    assert film.orientation(dataset, View.AP, "knee") == ()
    assert film.orientation(dataset, View.LATERAL, "chest") == ()
