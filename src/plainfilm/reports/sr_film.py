"""Whose film a report is of: what a structured report takes over from the film's own header.

Nothing of it goes into a message or a log.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo

from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from plainfilm.errors import ReportError
from plainfilm.images import dicom_fields as fields
from plainfilm.images.content import Kind, kind_of
from plainfilm.images.dicom_file import parse_header
from plainfilm.images.guard import silence

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_REMOVED = ("PatientIdentityRemoved", "DeidentificationMethod")
_UNREADABLE = "\ufffd"  # what the decoder puts where letters are none of the header's alphabet

_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")
_AGE = re.compile(r"\d{3}[DWMY]")
_ZONE = re.compile(r"([+-])(0\d|1[0-4])([0-5]\d)")


@dataclass(frozen=True, eq=False)
class SourceFilm:
    """The film a report is of.

    Parameters
    ----------
    about
        The patient's and the study's fields, those that DICOM wants always there, empty or not.
    reference
        SOP class and instance of the film.
    series_uid, modality
        Of its series; the modality is empty where it is not one of a film.
    sha256
        Of its file.
    zone
        The time zone of the header's times; None = the header does not say.
    """

    about: Dataset
    reference: Dataset
    series_uid: str
    modality: str
    sha256: str
    zone: tzinfo | None

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return str(self.about.StudyInstanceUID)


def source_film(content: bytes, name: str) -> SourceFilm:
    """The film in the bytes of a DICOM file, as a report refers to it.

    Raises
    ------
    ReportError
        It is no DICOM file, or its header does not say which film of which study it is.
    UnreadableImage
        The file is damaged.
    """
    if kind_of(content) is not Kind.DICOM:
        raise ReportError(
            f"{name}: not a DICOM film, so nothing says whose it is; expected one for a .dcm "
            "report. Write .html, .json, .csv or .png"
        )
    dataset = parse_header(content, name, (*_UIDS, "Modality", *_ALWAYS, *_WHERE_THERE, *_REMOVED))
    with silence():
        study, series, instance, kind = (_uid(dataset, keyword, name) for keyword in _UIDS)
        about = _about(dataset)
    about.StudyInstanceUID = study
    reference = Dataset()
    reference.ReferencedSOPClassUID = kind
    reference.ReferencedSOPInstanceUID = instance
    modality = fields.code(dataset, "Modality") or ""
    sha256 = hashlib.sha256(content).hexdigest()
    return SourceFilm(about, reference, series, modality, sha256, _zone(dataset))


def _uid(dataset: Dataset, keyword: str, name: str) -> str:
    uid = UID(fields.text(dataset, keyword) or "")
    if not uid.is_valid:
        found = "none" if not uid else "one that is no UID"
        raise ReportError(
            f"{name}: its header has no usable {keyword} (found {found}), so a DICOM report cannot "
            "say which film it is of. Write .html, .json, .csv or .png"
        )
    return str(uid)


def _about(dataset: Dataset) -> Dataset:
    about = Dataset()
    for keyword, taken in _ALWAYS.items():
        _put(about, keyword, taken(dataset, keyword))
    for keyword, taken in _WHERE_THERE.items():
        found = taken(dataset, keyword)
        if found:
            _put(about, keyword, found)
    # A film that is said to be without its patient must go on saying so, and how.
    removed, method = _REMOVED
    how = _words(dataset, method)
    if how and fields.code(dataset, removed) == "YES":
        _put(about, removed, "YES")
        _put(about, method, how)
    return about


def _put(about: Dataset, keyword: str, value: str) -> None:
    # Longer numbers than DICOM allows are common, and cut they would be another patient's or
    # order's; so they are taken as they stand.
    vr = dictionary_VR(keyword)
    about.add(DataElement(keyword, vr, value, validation_mode=config.IGNORE))


def _words(dataset: Dataset, keyword: str) -> str:
    """The field's text; empty where it has several values, or letters that cannot be told."""
    found = fields.text(dataset, keyword) or ""
    is_several = fields.text(dataset, keyword, 1) is not None
    is_plain = found.isprintable() and _UNREADABLE not in found and "\\" not in found
    return found if is_plain and not is_several else ""


def _day(dataset: Dataset, keyword: str) -> str:
    found = fields.day(dataset, keyword)
    return "" if found is None else found.isoformat().replace("-", "")


def _time(dataset: Dataset, keyword: str) -> str:
    found = (fields.text(dataset, keyword) or "").replace(":", "")
    return found if _TIME.fullmatch(found) else ""


def _sex(dataset: Dataset, keyword: str) -> str:
    found = fields.code(dataset, keyword) or ""
    return found if found in ("M", "F", "O") else ""


def _age(dataset: Dataset, keyword: str) -> str:
    found = fields.code(dataset, keyword) or ""
    return found if _AGE.fullmatch(found) else ""


def _zone_text(dataset: Dataset, keyword: str) -> str:
    found = fields.text(dataset, keyword) or ""
    return found if _ZONE.fullmatch(found) else ""


def _zone(dataset: Dataset) -> tzinfo | None:
    match = _ZONE.fullmatch(_zone_text(dataset, "TimezoneOffsetFromUTC"))
    if match is None:
        return None
    away = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-away if match[1] == "-" else away) if away else UTC


_Taken = Callable[[Dataset, str], str]

_ALWAYS: dict[str, _Taken] = {
    "PatientName": _words,
    "PatientID": _words,
    "PatientBirthDate": _day,
    "PatientSex": _sex,
    "StudyDate": _day,
    "StudyTime": _time,
    "ReferringPhysicianName": _words,
    "StudyID": _words,
    "AccessionNumber": _words,
}
"""Type 2 of the modules Patient and General Study (PS3.3, C.7.1.1 and C.7.2.1): may be empty."""

_WHERE_THERE: dict[str, _Taken] = {
    "IssuerOfPatientID": _words,
    "StudyDescription": _words,
    "PatientAge": _age,
    "TimezoneOffsetFromUTC": _zone_text,
}
