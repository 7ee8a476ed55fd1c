"""The reading of one DICOM film as a DICOM structured report, for the archive the film came from.

A Comprehensive 3D SR by template TID 1500, preliminary and not verified. Patient and study are the
film's own; series and document are new, and named by what is in them.
"""

from io import BytesIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import Comprehensive3DSRStorage, ExplicitVRLittleEndian

from plainfilm import __version__
from plainfilm.errors import ReportError
from plainfilm.images.guard import silence
from plainfilm.reports.content import Report
from plainfilm.reports.sr_codes import OWN_SCHEME
from plainfilm.reports.sr_content import MAKER, content_tree
from plainfilm.reports.sr_film import SourceFilm, source_film
from plainfilm.reports.sr_items import plain, uid_of

_SERIES_NUMBER = 990  # high, so that viewers list it after the films
_MAX_LONG = 64  # letters, VR LO


def dicom_report(report: Report) -> bytes:
    """The file of a report: a DICOM structured report of its single film.

    Equal films, answers and moments give equal files, the document's UIDs included.

    Raises
    ------
    ReportError
        There are several films, the film's file is not in the report or no DICOM file, or its
        header does not say which film of which study it is.
    UnreadableImage
        The film's file is damaged.

    References
    ----------
    DICOM PS3.3, A.35.13 (Comprehensive 3D SR IOD); PS3.16, TID 1500.
    """
    name = report.predictions[0].name
    if len(report.predictions) > 1:
        found = len(report.predictions)
        raise ReportError(f"a .dcm report holds one film; found {found}. Write one for each")
    if report.source is None:
        raise ReportError(f"{name}: its file is not at hand, and a .dcm report needs its header")
    film = source_film(report.source, name)
    file = BytesIO()
    with silence():  # about what is taken from the film as it stands
        dcmwrite(file, _document(report, film), enforce_file_format=True)
    return file.getvalue()


def _document(report: Report, film: SourceFilm) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for part in (film.about, _series(report), _about(report, film), content_tree(report, film)):
        dataset.update(part)
    written = dataset.to_json()
    dataset.SOPClassUID = Comprehensive3DSRStorage
    dataset.SOPInstanceUID = uid_of(f"document {written}")
    dataset.SeriesInstanceUID = uid_of(f"series {written}")
    return dataset


def _series(report: Report) -> Dataset:
    bundle = report.predictions[0].bundle
    series = Dataset()
    series.Modality = "SR"
    series.SeriesNumber = _SERIES_NUMBER
    series.SeriesDescription = plain(f"{MAKER}, not reviewed: {bundle.name}")[:_MAX_LONG]
    series.ReferencedPerformedProcedureStepSequence = []
    series.Manufacturer = MAKER
    series.ManufacturerModelName = plain(f"{bundle.name} {bundle.version}")[:_MAX_LONG]
    series.DeviceSerialNumber = bundle.sha256
    series.SoftwareVersions = plain(__version__)
    return series


def _about(report: Report, film: SourceFilm) -> Dataset:
    moment = report.written.astimezone(film.zone)  # else this machine's zone, as DICOM means it
    about = Dataset()
    about.InstanceNumber = 1
    about.ContentDate = f"{moment:%Y%m%d}"
    about.ContentTime = f"{moment:%H%M%S.%f}"
    # Complete: all that the software has to say. Nobody has looked at it, so it is no more.
    about.CompletionFlag = "COMPLETE"
    about.PreliminaryFlag = "PRELIMINARY"
    about.VerificationFlag = "UNVERIFIED"
    about.PerformedProcedureCodeSequence = []
    about.CurrentRequestedProcedureEvidenceSequence = [_evidence(film)]
    scheme = Dataset()
    scheme.CodingSchemeDesignator = OWN_SCHEME
    scheme.CodingSchemeName = "Terms of plainfilm that no vocabulary has"
    scheme.CodingSchemeResponsibleOrganization = MAKER
    about.CodingSchemeIdentificationSequence = [scheme]
    return about


def _evidence(film: SourceFilm) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = film.series_uid
    series.ReferencedSOPSequence = [film.reference]
    study = Dataset()
    study.StudyInstanceUID = film.study_uid
    study.ReferencedSeriesSequence = [series]
    return study
