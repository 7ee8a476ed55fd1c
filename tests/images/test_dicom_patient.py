from pathlib import Path

import numpy as np

from dicoms import dicom_file
from plainfilm.images.dicom_patient import patient_key

WORDS = np.zeros((8, 8), np.uint16)


def key(folder: Path, **fields: object) -> str | None:
    (folder / "film").write_bytes(dicom_file(WORDS, **fields))
    return patient_key(folder / "film")


def test_a_patient_has_one_key_that_does_not_tell_the_number(tmp_path: Path) -> None:
    first = key(tmp_path, PatientID="0815", SOPInstanceUID="1.2.3.5")
    assert first == key(tmp_path, PatientID=" 0815 ", PatientName="Somebody")
    assert first is not None
    assert first.startswith("dicom-")
    assert len(first) == len("dicom-") + 16
    assert "0815" not in first


def test_another_number_or_another_hospital_is_another_patient(tmp_path: Path) -> None:
    keys = {
        key(tmp_path, PatientID="1"),
        key(tmp_path, PatientID="2"),
        key(tmp_path, PatientID="1", IssuerOfPatientID="ward"),
    }
    assert len(keys) == 3


def test_what_tells_no_patient_has_no_key(tmp_path: Path) -> None:
    assert key(tmp_path, PatientID=None) is None
    assert key(tmp_path, PatientID="") is None
    assert patient_key(tmp_path / "nowhere") is None
    for content in (b"", b"\x89PNG\r\n\x1a\n", dicom_file(WORDS, PatientID="1")[:150]):
        (tmp_path / "film").write_bytes(content)
        assert patient_key(tmp_path / "film") is None
