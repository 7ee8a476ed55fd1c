"""Structured reports as tests look at them: a film with a patient, and the items of a tree."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicoms import dicom_file
from phantoms import phantom

STUDY, SERIES, FILM = "1.2.3.1", "1.2.3.2", "1.2.3.4"
PATIENT = {
    "PatientName": "Roe^Jane",
    "PatientID": "MRN-0042",
    "PatientBirthDate": "19600229",
    "PatientSex": "F",
    "StudyDate": "20240131",
    "StudyTime": "101112",
    "AccessionNumber": "A-77",
    "StudyID": "S1",
    "ReferringPhysicianName": "Doe^John",
}


def film_of(**fields: Any) -> bytes:
    """A DICOM film of a study; `fields` replaces what its header says, None removes it."""
    words = (phantom(size=(90, 80)) * 4095).astype(np.uint16)
    ids = {"StudyInstanceUID": STUDY, "SeriesInstanceUID": SERIES, "SOPInstanceUID": FILM}
    known = {"BodyPartExamined": "CHEST", "ViewPosition": "PA", "PatientAge": "064Y"}
    return dicom_file(words, **{"BitsStored": 12, **PATIENT, **known, **ids, **fields})


def items(root: Dataset) -> Iterator[Dataset]:
    """Every item below, in the order they stand."""
    for item in root.get("ContentSequence", []):
        yield item
        yield from items(item)


def code_of(item: Dataset) -> tuple[str, str]:
    """A coded entry's scheme and value."""
    value = item.get("CodeValue") or item.LongCodeValue
    return str(item.CodingSchemeDesignator), str(value)


def name_of(item: Dataset) -> str:
    """What an item is called, in words."""
    return str(item.ConceptNameCodeSequence[0].CodeMeaning)


def texts(root: Dataset, name: str) -> list[str]:
    """The words of every text item of this name."""
    found = [item for item in items(root) if item.ValueType == "TEXT" and name_of(item) == name]
    return [str(item.TextValue) for item in found]


def groups(root: Dataset) -> dict[str, Dataset]:
    """The measurement groups by their tracking identifier."""
    found = [item for item in items(root) if name_of(item) == "Measurement Group"]
    return {texts(group, "Tracking Identifier")[0]: group for group in found}


def numbers(group: Dataset) -> dict[str, float]:
    """Every number of a group, by its name, to the last bit."""
    found = [item for item in items(group) if item.ValueType == "NUM"]
    return {
        name_of(item): float(item.MeasuredValueSequence[0].FloatingPointValue) for item in found
    }


def codes(group: Dataset, name: str) -> list[str]:
    """The meanings of every coded item of this name."""
    found = [item for item in items(group) if item.ValueType == "CODE" and name_of(item) == name]
    return [str(item.ConceptCodeSequence[0].CodeMeaning) for item in found]


def complaints(program: str, path: Path) -> list[str]:
    """What dicom3tools' dciodvfy calls errors in a file."""
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert any("SR" in line for line in said), said
    return [line for line in said if line.startswith(("Error", "Abort"))]
