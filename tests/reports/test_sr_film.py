"""What a structured report takes over from the film's header."""

import hashlib
from datetime import timedelta

import pytest

from plainfilm.errors import ReportError, UnreadableImage
from plainfilm.reports.sr_film import source_film
from srs import FILM, PATIENT, SERIES, STUDY, film_of

ALWAYS = set(PATIENT)


def test_patient_study_and_film_are_the_film_s_own() -> None:
    content = film_of(IssuerOfPatientID="Ward", StudyDescription="Chest", PatientAge="064Y")
    film = source_film(content, "film.dcm")
    for keyword, value in PATIENT.items():
        assert film.about[keyword].value == value
    assert (film.about.IssuerOfPatientID, film.about.PatientAge) == ("Ward", "064Y")
    assert (film.study_uid, film.series_uid, film.modality) == (STUDY, SERIES, "DX")
    assert film.reference.ReferencedSOPInstanceUID == FILM
    assert film.reference.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.1.1"
    assert film.sha256 == hashlib.sha256(content).hexdigest()
    assert film.zone is None


def test_what_dicom_wants_always_there_is_there_and_empty() -> None:
    content = film_of(**dict.fromkeys(PATIENT), PatientAge=None)
    about = source_film(content, "film.dcm").about
    assert {element.keyword for element in about} == ALWAYS | {"StudyInstanceUID"}
    assert all(not about[keyword].value for keyword in ALWAYS)


@pytest.mark.parametrize(
    ("keyword", "found", "taken"),
    [
        ("PatientBirthDate", "1960.02.29", "19600229"),
        ("PatientBirthDate", "19600230", ""),
        ("StudyTime", "10:11:12", "101112"),
        ("StudyTime", "101112.5", "101112.5"),
        ("StudyTime", "257777", ""),
        ("PatientSex", "f", "F"),
        ("PatientSex", "W", ""),
        ("PatientID", "0042\\0043", ""),
        ("PatientID", "00\x0742", ""),
        ("AccessionNumber", "A" * 24, "A" * 24),
        ("PatientName", "Roe^Jane=洛^珍", "Roe^Jane=洛^珍"),
    ],
)
def test_a_value_is_taken_as_it_stands_or_left_empty(keyword: str, found: str, taken: str) -> None:
    """An id that is cut or mended would be somebody else's."""
    content = film_of(SpecificCharacterSet="ISO_IR 192", **{keyword: found})
    assert str(source_film(content, "film.dcm").about[keyword].value) == taken


@pytest.mark.parametrize(("alphabet", "taken"), [("ISO_IR 101", "Łoś"), ("ISO_IR 192", "")])
def test_letters_are_read_in_the_header_s_alphabet_or_not_at_all(alphabet: str, taken: str) -> None:
    content = film_of(SpecificCharacterSet=alphabet, PatientName="AAAA")
    content = content.replace(b"AAAA", "Łoś ".encode("iso8859-2"))
    assert str(source_film(content, "film.dcm").about.PatientName) == taken


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("+0530", 5.5), ("-0800", -8), ("+0000", 0), ("0530", None), ("+2500", None)],
)
def test_the_header_s_time_zone_is_taken(zone: str, hours: float | None) -> None:
    film = source_film(film_of(TimezoneOffsetFromUTC=zone), "film.dcm")
    away = None if film.zone is None else film.zone.utcoffset(None)
    assert away == (None if hours is None else timedelta(hours=hours))
    assert ("TimezoneOffsetFromUTC" in film.about) == (hours is not None)


def test_a_film_without_its_patient_goes_on_saying_so() -> None:
    how = {"PatientIdentityRemoved": "YES", "DeidentificationMethod": "Basic Profile"}
    about = source_film(film_of(**how), "film.dcm").about
    assert {key: about[key].value for key in how} == how
    about = source_film(film_of(PatientIdentityRemoved="YES"), "film.dcm").about
    assert "PatientIdentityRemoved" not in about  # would want a method beside it


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("value", [None, "", "Roe", "1.2.3.", "1." * 40 + "1"])
def test_a_film_that_does_not_say_which_it_is_has_no_report(
    keyword: str, value: str | None
) -> None:
    """And the message has nothing of the header."""
    with pytest.raises(ReportError, match=f"film.dcm: its header has no usable {keyword}") as told:
        source_film(film_of(**{keyword: value}), "film.dcm")
    assert "Roe" not in str(told.value)
    assert "1.1.1" not in str(told.value)


def test_a_film_whose_own_uid_is_none_has_no_report() -> None:
    content = film_of().replace(FILM.encode(), b"1.2.3.x")
    with pytest.raises(ReportError, match=r"no usable SOPInstanceUID \(found one that is no UID"):
        source_film(content, "film.dcm")


def test_a_film_that_is_not_dicom_has_no_report() -> None:
    with pytest.raises(ReportError, match=r"film\.png: not a DICOM film.* Write \.html"):
        source_film(b"\x89PNG\r\n\x1a\n", "film.png")


def test_a_damaged_file_is_refused_without_its_header() -> None:
    with pytest.raises(UnreadableImage, match=r"film\.dcm") as told:
        source_film(film_of()[:500], "film.dcm")
    assert "Roe" not in str(told.value)
