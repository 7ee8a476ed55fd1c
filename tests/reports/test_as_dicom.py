"""A reading as a DICOM structured report: a document that others can read."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from plainfilm.errors import ImageError, PlainfilmError, ReportError
from plainfilm.film_files import ReadOptions
from plainfilm.findings import Prediction
from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import View
from plainfilm.reading import Reader
from plainfilm.reports import wording
from plainfilm.reports.as_dicom import dicom_report
from plainfilm.reports.as_json import prediction_json
from plainfilm.reports.content import Report
from srs import FILM, PATIENT, SERIES, STUDY, complaints, film_of, groups, numbers, texts

MakeReport = Callable[..., Report]
WHOLE = film_of()
CHEST = ReadOptions(30, View.PA, "chest", override_population=True)


@pytest.fixture
def written(make_report: MakeReport, answered: Prediction) -> Callable[..., Dataset]:
    """The document as it is read back; `source=` and other fields of a report may be given."""

    def write(prediction: Prediction = answered, **others: object) -> Dataset:
        report = make_report(prediction, **{"source": film_of(), **others})
        return pydicom.dcmread(io.BytesIO(dicom_report(report)))

    return write


def test_s3_33_a_report_is_marked_as_nobody_s_finding(written: Callable[..., Dataset]) -> None:
    found = written()
    assert found.SOPClassUID == found.file_meta.MediaStorageSOPClassUID
    assert found.SOPClassUID.name == "Comprehensive 3D SR Storage"
    assert (found.Modality, found.ValueType) == ("SR", "CONTAINER")
    assert found.ContentTemplateSequence[0].TemplateIdentifier == "1500"
    assert found.VerificationFlag == "UNVERIFIED"
    assert found.PreliminaryFlag == "PRELIMINARY"
    assert "not reviewed" in found.SeriesDescription
    assert any(wording.ASSISTS in words for words in texts(found, "Intended use"))


def test_it_belongs_to_the_film_s_patient_and_study(written: Callable[..., Dataset]) -> None:
    found = written()
    assert {keyword: found[keyword].value for keyword in PATIENT} == PATIENT
    assert found.StudyInstanceUID == STUDY
    assert found.SeriesInstanceUID != SERIES
    (study,) = found.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == (STUDY, SERIES)
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == FILM


def test_words_and_names_of_any_alphabet_are_kept(written: Callable[..., Dataset]) -> None:
    name = "Roe^Jane=洛^珍"
    source = film_of(SpecificCharacterSet="ISO_IR 192", PatientName=name)
    found = written(source=source)
    assert found.PatientName == name
    assert texts(found, "Caution") == ["The view is not known."]


def test_a_header_without_anything_gives_a_report(written: Callable[..., Dataset]) -> None:
    found = written(source=film_of(**dict.fromkeys(PATIENT), PatientAge=None))
    assert all(found[keyword].is_empty for keyword in PATIENT)


def test_the_same_answer_is_the_same_file_and_another_is_another_document(
    make_report: MakeReport, answered: Prediction
) -> None:
    report = make_report(answered, source=film_of())
    later = replace(report, written=report.written + timedelta(seconds=1))
    other = replace(report, predictions=(replace(answered, familiarity=0.43),))
    assert dicom_report(report) == dicom_report(report)
    found = [pydicom.dcmread(io.BytesIO(dicom_report(each))) for each in (report, later, other)]
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        assert len({each[keyword].value for each in found}) == 3


@pytest.mark.parametrize(
    ("zone", "expected"), [("+0530", ("20250131", "173000")), ("-1330", ("20250130", "223000"))]
)
def test_the_moment_is_told_in_the_film_s_time_zone(
    written: Callable[..., Dataset], zone: str, expected: tuple[str, str]
) -> None:
    found = written(source=film_of(TimezoneOffsetFromUTC=zone))
    assert (found.ContentDate, str(found.ContentTime)[:6]) == expected
    assert found.TimezoneOffsetFromUTC == zone


def test_without_a_zone_the_moment_is_this_machine_s(written: Callable[..., Dataset]) -> None:
    found = written()
    local = datetime(2025, 1, 31, 12, tzinfo=UTC).astimezone()
    assert (found.ContentDate, str(found.ContentTime)[:6]) == (f"{local:%Y%m%d}", f"{local:%H%M%S}")


@pytest.mark.parametrize("source", [None, b"\x89PNG\r\n\x1a\n"])
def test_what_has_no_header_has_no_report(
    written: Callable[..., Dataset], source: bytes | None
) -> None:
    with pytest.raises(ReportError, match=r"film\.png: (its file is not|not a DICOM film)"):
        written(source=source)


def test_two_films_are_two_reports(make_report: MakeReport, answered: Prediction) -> None:
    with pytest.raises(ReportError, match="holds one film; found 2"):
        dicom_report(make_report(answered, answered, source=film_of()))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(132, 1000), st.binary(min_size=1, max_size=2)), max_size=4))
def test_whatever_a_header_holds_there_is_a_report_or_a_reason(
    make_report: MakeReport, answered: Prediction, changes: list[tuple[int, bytes]]
) -> None:
    source, told = bytearray(WHOLE), ""
    for place, replaced in changes:
        source[place : place + len(replaced)] = replaced
    try:
        content = dicom_report(make_report(answered, source=bytes(source)))
        assert set(groups(pydicom.dcmread(io.BytesIO(content)))) >= {"pneumonia", "film"}
    except (ReportError, ImageError) as error:
        told = str(error)
    assert not any(PATIENT[keyword] in told for keyword in ("PatientName", "PatientID"))


@pytest.mark.parametrize("calibrated", [True, False])
def test_s3_33_another_library_reads_it_as_a_measurement_report(
    make_report: MakeReport, answered: Prediction, tmp_path: Path, calibrated: bool
) -> None:
    highdicom_sr = pytest.importorskip("highdicom.sr")
    prediction = replace(answered, calibrated=calibrated, body_part="chest")
    path = tmp_path / "seen.dcm"
    path.write_bytes(dicom_report(make_report(prediction, source=film_of())))
    found = highdicom_sr.srread(path)
    assert isinstance(found.content, highdicom_sr.MeasurementReport)
    read = {group.tracking_identifier: group
            for group in found.content.get_image_measurement_groups()}  # fmt: skip
    for each in prediction_json(prediction)["findings"]:
        group = read[each["finding"]]
        value, threshold = group.get_measurements()[:2]
        assert (value.value, threshold.value) == (each["probability"], each["threshold"])
        assert (value.name.meaning == "Probability") == calibrated
        assert group.finding_sites[0].value.value == "816094009"
        assert (group.finding_type is not None) == each["present"]
    ((study, series, instance, _),) = found.get_evidence()
    assert (study, series, instance) == (STUDY, SERIES, FILM)


SPARSE = dict.fromkeys(PATIENT)
HEADERS = {"whole": {}, "empty": SPARSE, "long": {"StudyDescription": "x" * 64}}


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("kind", ["answered", "scored", "refused"])
def test_dicom3tools_finds_no_error(
    make_report: MakeReport, answered: Prediction, refused: Prediction, tmp_path: Path,
    header: str, kind: str,
) -> None:  # fmt: skip
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("no dciodvfy here (Debian: apt-get install dicom3tools)")
    scored = replace(answered, calibrated=False)
    prediction = {"answered": answered, "scored": scored, "refused": refused}[kind]
    path = tmp_path / "seen.dcm"
    path.write_bytes(dicom_report(make_report(prediction, source=film_of(**HEADERS[header]))))
    assert complaints(program, path) == []


@pytest.mark.slow
def test_every_real_film_has_a_report_that_others_read(shared_data: Path, tmp_path: Path) -> None:
    """S3-33: CR, DX and secondary captures of several makers, whole and stripped headers."""
    program, reader, n_reports = shutil.which("dciodvfy"), Reader("chest14-demo", threads=1), 0
    for source in sorted(shared_data.joinpath("dicom-samples").rglob("*.dcm")):
        content = source.read_bytes()
        try:
            film = read_radiograph_bytes(content, source.name)
        except PlainfilmError:
            continue  # a CT slice is among them
        prediction = CHEST.read(reader, film)
        report = Report((prediction,), (film,), reader.bundle.header, source=content)
        path = tmp_path / source.name
        path.write_bytes(dicom_report(report))
        found, original = pydicom.dcmread(path), pydicom.dcmread(source, stop_before_pixels=True)
        assert found.StudyInstanceUID == original.StudyInstanceUID
        assert str(found.PatientID) == str(original.get("PatientID") or "")
        values = [next(iter(numbers(group).values())) for group in groups(found).values()]
        assert values[:-1] == [float(result.probability) for result in prediction.results]
        if program is not None:
            assert complaints(program, path) == []
        n_reports += 1
    assert n_reports >= 30
