"""A damaged file, however damaged, becomes a radiograph or a refusal; nothing else comes out."""

from io import BytesIO
from pathlib import Path

import jpeg_ls
import numpy as np
import openjpeg.utils
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
)

from dicoms import dicom_file
from plainfilm.errors import ImageError
from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import Radiograph


def raster(film: NDArray[np.uint8], kind: str) -> bytes:
    file = BytesIO()
    Image.fromarray(film).save(file, kind)
    return file.getvalue()


def small_files(film: NDArray[np.uint8]) -> list[bytes]:
    fields = {
        "ViewPosition": "PA",
        "PatientAge": "054Y",
        "PixelSpacing": [0.1, 0.1],
        "VOILUTSequence": {"LUTDescriptor": [4, 10, 8], "LUTData": [0, 50, 200, 255]},
        "ModalityLUTSequence": {"LUTDescriptor": [4, 10, 8], "LUTData": [0, 50, 200, 255]},
        "ViewCodeSequence": {"CodeValue": "272479007"},
    }
    frames = {
        JPEGBaseline8Bit: raster(film, "JPEG"),
        JPEGLSLossless: bytes(jpeg_ls.encode_array(film)),
        JPEG2000Lossless: bytes(openjpeg.utils.encode_array(film)),
    }
    plain = (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
    return [
        *(raster(film, kind) for kind in ("PNG", "JPEG", "TIFF")),
        *(dicom_file(film, syntax=syntax, **fields) for syntax in plain),
        *(dicom_file(film, syntax=syntax, frame=frame) for syntax, frame in frames.items()),
    ]


def damaged(content: bytes, chance: np.random.Generator) -> bytes:
    if chance.random() < 0.3:
        return content[: chance.integers(len(content))]
    changed = bytearray(content)
    for _ in range(chance.integers(1, 10)):
        reach = len(changed) if chance.random() < 0.5 else min(len(changed), 700)
        changed[chance.integers(reach)] = chance.integers(256)
    return bytes(changed)


def read_or_refuse(content: bytes) -> bool:
    try:
        return isinstance(read_radiograph_bytes(content, "film"), Radiograph)
    except ImageError:
        return False


def test_small_damaged_files_are_read_or_refused(film8: NDArray[np.uint8]) -> None:
    chance = np.random.default_rng(7)
    outcomes = [
        read_or_refuse(damaged(content, chance))
        for content in small_files(film8)
        for _ in range(60)
    ]
    assert 0 < sum(outcomes) < len(outcomes)


@pytest.mark.slow
def test_damaged_samples_are_read_or_refused(shared_data: Path) -> None:
    chance = np.random.default_rng(8)
    files = sorted((shared_data / "dicom-samples").glob("*/*.dcm"))
    outcomes = [
        read_or_refuse(damaged(file.read_bytes(), chance)) for file in files for _ in range(4)
    ]
    assert 0 < sum(outcomes) < len(outcomes)


def test_no_part_of_a_file_is_read_as_the_whole(film8: NDArray[np.uint8]) -> None:
    for content in small_files(film8):
        for length in np.linspace(0, 0.97 * len(content), 25).astype(int):
            assert not read_or_refuse(content[:length])
