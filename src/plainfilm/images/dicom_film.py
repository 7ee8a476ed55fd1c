"""What a DICOM header tells about the film: view, side, body part, spacing, age, sex, orientation.

Each function gives its answer (None = not known) and the cautions that belong to it.
"""

import re
from datetime import timedelta

from pydicom.dataset import Dataset

from plainfilm.images import dicom_fields as fields
from plainfilm.radiograph import Laterality, Sex, View

Cautions = tuple[str, ...]

# Defined terms of View Position (CR: C.8.1.2, DX: C.8.11.5) and what is written there instead.
_VIEWS = {
    View.PA: ("PA",),
    View.AP: ("AP",),
    View.LATERAL: ("LL", "RL", "LATERAL", "LAT", "LLAT", "RLAT", "LM", "ML"),
    View.OBLIQUE: ("RLO", "LLO", "OBLIQUE", "OBL", "LAO", "RAO", "LPO", "RPO"),
}
_VIEW_OF_WORD = {word: view for view, words in _VIEWS.items() for word in words}

# DICOM PS3.16 CID 4010, as SNOMED CT and, in older files, as SNOMED RT.
_VIEW_OF_CODE = {
    "272479007": View.PA, "R-10214": View.PA,
    "399348003": View.AP, "R-10206": View.AP,
    "399067008": View.LATERAL, "R-10232": View.LATERAL, "R-10236": View.LATERAL,
    "399173006": View.LATERAL, "399198007": View.LATERAL, "R-10228": View.LATERAL,
    "399182000": View.OBLIQUE, "R-10238": View.OBLIQUE,
}  # fmt: skip

# Where the patient lies (head or feet first, prone …): says nothing about the beam.
_POSITION = re.compile(r"(HF|FF|LF|RF|AF|PF)(P|S|DR|DL)")

# Defined terms of PS3.16 Annex L that are not a word, and the names other makers use.
_BODY_PARTS = {
    "thorax": "chest",
    "cspine": "cervical spine", "tspine": "thoracic spine", "lspine": "lumbar spine",
    "sspine": "sacrum", "ctspine": "cervicothoracic spine", "tlspine": "thoracolumbar spine",
    "lsspine": "lumbosacral spine", "wholespine": "whole spine",
    "abdomenpelvis": "abdomen and pelvis", "chestabdomen": "chest and abdomen",
    "chestabdpelvis": "chest, abdomen and pelvis",
}  # fmt: skip

_AGE = re.compile(r"(\d{1,3})([DWMY]?)")
_DAYS_PER_YEAR = 365.25
_PER_YEAR = {"D": _DAYS_PER_YEAR, "W": _DAYS_PER_YEAR / 7, "M": 12.0, "Y": 1.0, "": 1.0}
_OLDEST = 130


def view(dataset: Dataset) -> tuple[View | None, Cautions]:
    """The view: View Position, else the View Code Sequence, else Patient Position.

    Public teaching sets write PA and AP into Patient Position, where neither is a legal value.
    """
    word = fields.code(dataset, "ViewPosition")
    if word is None:
        item = fields.first_item(dataset, "ViewCodeSequence")
        value = None if item is None else fields.text(item, "CodeValue")
        if value in _VIEW_OF_CODE:
            return _VIEW_OF_CODE[value], ()
        word = fields.code(dataset, "PatientPosition")
        if word is None or _POSITION.fullmatch(word):
            return None, ()
    if word in _VIEW_OF_WORD:
        return _VIEW_OF_WORD[word], ()
    return None, (
        f"The header gives the view as {word!r}, which is none of PA, AP, lateral and oblique: "
        "the view is not known.",
    )


def laterality(dataset: Dataset) -> Laterality | None:
    """The side of a paired body part."""
    for keyword in ("ImageLaterality", "Laterality"):
        word = fields.code(dataset, keyword)
        if word in ("L", "R", "B"):
            return Laterality(word)
    return None


def body_part(dataset: Dataset) -> str | None:
    """The body part in lower-case English: Body Part Examined, else Anatomic Region Sequence."""
    words = fields.code(dataset, "BodyPartExamined")
    item = fields.first_item(dataset, "AnatomicRegionSequence")
    if words is None and item is not None:
        words = fields.code(item, "CodeMeaning")
    if not words or words == "?":
        return None
    plain = " ".join(words.lower().replace("_", " ").split())
    return _BODY_PARTS.get(plain.replace(" ", ""), plain)


def spacing_mm(dataset: Dataset) -> tuple[float, float] | None:
    """Millimetres (down, across): Pixel Spacing, else Imager Pixel Spacing (at the detector)."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        steps = fields.numbers(dataset, keyword)
        if len(steps) == 2 and all(0 < step < 1000 for step in steps):
            return steps[0], steps[1]
    return None


def age_years(dataset: Dataset) -> tuple[float | None, Cautions]:
    """The age at the examination: Patient's Age, else from birth date and study date."""
    match = _AGE.fullmatch((fields.text(dataset, "PatientAge") or "").upper())
    if match is None:
        return _age_by_dates(dataset)
    years = int(match[1]) / _PER_YEAR[match[2]]
    if years > _OLDEST:
        return None, (f"The header gives an age of {years:.0f} years: the age is not known.",)
    if not match[2]:
        return years, ("The header gives the age without a unit: it was read as years.",)
    return years, ()


def sex(dataset: Dataset) -> Sex | None:
    """The patient's sex; None where Patient's Sex says "O" (other), nothing, or what it cannot."""
    word = fields.code(dataset, "PatientSex")
    return Sex(word) if word in tuple(Sex) else None


def orientation(dataset: Dataset, direction: View | None, part: str | None) -> Cautions:
    """Cautions where Patient Orientation says that the film is not stored upright.

    The pixels are left as they are stored, which is what a viewer shows: headers are wrong about
    this more often than films are.
    """
    across = fields.code(dataset, "PatientOrientation", 0) or ""
    down = fields.code(dataset, "PatientOrientation", 1) or ""
    if down.startswith("H"):
        return ("The header says that the film is stored upside down; it is shown as stored.",)
    if across.startswith(("H", "F")) and down:
        return ("The header says that the film is stored on its side; it is shown as stored.",)
    is_frontal_chest = part == "chest" and direction in (View.PA, View.AP)
    if is_frontal_chest and across.startswith("R") and down:
        return ("The header says that left and right are swapped; the film is shown as stored.",)
    return ()


def _age_by_dates(dataset: Dataset) -> tuple[float | None, Cautions]:
    """The age when the film was taken, which may be years before it was scanned into a study."""
    born = fields.day(dataset, "PatientBirthDate")
    keywords = ("AcquisitionDate", "StudyDate", "SeriesDate", "ContentDate")
    dates = [found for keyword in keywords if (found := fields.day(dataset, keyword)) is not None]
    if born is None or not dates:
        return None, ()
    years = (dates[0] - born).days / _DAYS_PER_YEAR
    if not 0 <= years <= _OLDEST:
        return None, ()
    if max(dates) - min(dates) <= timedelta(days=366):
        return years, ()
    return years, (
        f"The header's dates are years apart: the age ({years:.0f} years) is that when the "
        "film was acquired, if the header says when, else that of the study.",
    )
