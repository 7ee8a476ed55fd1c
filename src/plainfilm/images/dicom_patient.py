"""Whose film a DICOM file is, as a key that does not say it."""

import hashlib
from pathlib import Path

from pydicom import dcmread

from plainfilm.errors import ImageError
from plainfilm.images.content import Kind, kind_of
from plainfilm.images.guard import refusing

_TAGS = ["PatientID", "IssuerOfPatientID"]
_DIGITS = 16
_HEAD = 4096  # bytes that tell the kind


def patient_key(path: Path) -> str | None:
    """The patient of a film: "dicom-" and 16 hexadecimal digits, the same on all of the patient's.

    A hash of Patient ID and its issuer: it is not the number, but who has a list of numbers can
    find them again, so it is to be kept as the films are. None where the file is gone, is no
    DICOM file, or tells no Patient ID.

    References
    ----------
    DICOM PS3.3 section C.2.2 (Patient Identification Module).
    """
    try:
        with path.open("rb") as stream:
            if kind_of(stream.read(_HEAD)) != Kind.DICOM:
                return None
        with refusing(path.name, "its DICOM header is damaged"):
            fields = dcmread(path, force=True, stop_before_pixels=True, specific_tags=_TAGS)
            parts = [str(fields.get(tag) or "").strip() for tag in _TAGS]
    except (OSError, ImageError):
        return None
    if not parts[0]:
        return None
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"dicom-{digest[:_DIGITS]}"
