"""What is known of films without looking at them: their files, and what the data set says of them.

If these tell the sick from the healthy, so may a network that has learned nothing of disease.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError

FILE_FACTS = ("file size", "bytes per pixel", "width", "height", "aspect", "bits", "colour", "kind")
RECORD_FACTS = ("age", "sex", "view")

_HEAD = 2**16  # bytes of a raster file; enough for its size in pixels
_KINDS = ("PNG", "JPEG", "TIFF", "DICOM")
_BITS = {"1": 1, "L": 8, "P": 8, "LA": 8, "RGB": 8, "RGBA": 8, "I;16": 16, "I;16B": 16, "I": 32}
_SEXES = {"M": 0.0, "F": 1.0}
_VIEWS = {"PA": 0.0, "AP": 1.0, "LATERAL": 2.0, "OBLIQUE": 3.0}

Facts = NDArray[np.float64]


def film_facts(manifest: Manifest) -> dict[str, Facts]:
    """Each of `FILE_FACTS` and `RECORD_FACTS`: float64 (n,); NaN = not known.

    No pixel is decoded. Sides are those stored, in pixels; aspect is width by height; colour and
    sex are 0 or 1 (grey, male: 0); kind and view are numbers that stand for names.

    Raises
    ------
    DatasetError
        A film is not there or is no film by its first bytes.
    """
    files = np.array([_of_file(manifest.root / sample.image) for sample in manifest.samples])
    samples = manifest.samples
    ages = np.array([np.nan if sample.age is None else sample.age for sample in samples])
    sexes, views = [s.sex or "" for s in samples], [s.view or "" for s in samples]
    return dict(zip(FILE_FACTS, files.T, strict=True)) | record_facts(ages, sexes, views)


def readable_facts(manifest: Manifest) -> dict[str, Facts]:
    """Each of `FILE_FACTS` as `film_facts` gives it; NaN of a file that is no film or not there."""
    rows = [_of_file_or_unknown(manifest.root / sample.image) for sample in manifest.samples]
    return dict(zip(FILE_FACTS, np.array(rows, np.float64).T, strict=True))


def record_facts(age: Facts, sex: Sequence[str], view: Sequence[str]) -> dict[str, Facts]:
    """Each of `RECORD_FACTS` of films (n,), as `film_facts` gives it; "" = not known."""
    return {
        "age": age,
        "sex": np.array([_SEXES.get(name, np.nan) for name in sex]),
        "view": np.array([_VIEWS.get(name, np.nan) for name in view]),
    }


def _of_file_or_unknown(path: Path) -> tuple[float, ...]:
    try:
        return _of_file(path)
    except DatasetError:
        return (np.nan,) * len(FILE_FACTS)


def _of_file(path: Path) -> tuple[float, ...]:
    try:
        n_bytes = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
        width, height, bits, colour, kind = _raster(path, head) or _dicom(path)
        per_pixel, aspect = n_bytes / (width * height), width / height
    except Exception as error:  # what parsers raise on damaged files is open-ended
        advice = "Replace the file, or prepare the data set again."
        raise DatasetError(f"{path.name}: cannot be read as a film's file. {advice}") from error
    return (n_bytes, per_pixel, width, height, aspect, bits, colour, kind)


def _raster(path: Path, head: bytes) -> tuple[float, float, float, float, float] | None:
    """Width, height, bits, colour and kind; None where it is no raster file."""
    if head[128:132] == b"DICM":
        return None
    for source in (BytesIO(head), path):  # a TIFF may keep its directory at its end
        try:
            with Image.open(source) as image:
                bits, grey = _BITS.get(image.mode, np.nan), image.mode[0] not in "RYC"
                kind = _KINDS.index(image.format or "")
                return (*image.size, bits, not grey, kind)
        except (UnidentifiedImageError, OSError, ValueError):
            continue
    return None


def _dicom(path: Path) -> tuple[float, float, float, float, float]:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    sides = float(header.Columns), float(header.Rows)
    colour = int(header.get("SamplesPerPixel", 1)) > 1
    return (*sides, float(header.get("BitsStored", np.nan)), colour, _KINDS.index("DICOM"))
