"""The label file of ChestX-ray14: `read_metadata`.

Its header is broken at the source: `OriginalImage[Width,Height]` and
`OriginalImagePixelSpacing[x,y]` are one name each, but the comma in them makes them two columns,
as the values are. The release of 2017 also writes ages as "058Y" and ends each line in a comma.
"""

import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.chestxray14_labels import LABEL_SET, parse_labels
from plainfilm.datasets.files import check_once, parse_table, read_text
from plainfilm.datasets.sample import Labels
from plainfilm.errors import DatasetError

OLDEST_YEARS = 120.0  # the first release has ages up to 414: slips, taken as not known

_IMAGE, _FINDINGS, _FOLLOW_UP = "Image Index", "Finding Labels", "Follow-up #"
_PATIENT, _AGE, _SEX, _VIEW = "Patient ID", "Patient Age", "Patient Gender", "View Position"
_WIDTH, _HEIGHT = "OriginalImage[Width", "Height]"
_SPACING_X, _SPACING_Y = "OriginalImagePixelSpacing[x", "y]"
_REQUIRED = (_IMAGE, _FINDINGS, _FOLLOW_UP, _PATIENT, _AGE, _SEX, _VIEW)
_OPTIONAL = (_WIDTH, _HEIGHT, _SPACING_X, _SPACING_Y)

_FILE_NAME = re.compile(r"(\d{8})_(\d{3})\.(?:png|jpe?g)", re.IGNORECASE)
_AGE_TEXT = re.compile(r"(\d+)([YMWD]?)")
_YEARS_PER_UNIT = {"": 1.0, "Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


@dataclass(frozen=True, eq=False)
class Metadata:
    """The label file, column by column; n lines.

    Parameters
    ----------
    images
        File name of each film ("00000001_000.png").
    labels
        float32 (n, 14), in the order of FINDINGS.
    patients
        Patient numbers as text, without leading zeros.
    follow_ups
        int64 (n,), the number of the patient's film, from 0.
    ages
        float64 (n,), years; NaN = not known or impossible.
    sexes
        "F" or "M"; "" = not known.
    views
        "PA" or "AP"; "" = not known.
    sizes
        float64 (n, 2), width and height of the original, pixels; NaN = not told.
    spacings
        float64 (n, 2), millimetres per pixel of the original, across and down; NaN = not told.
    n_impossible_ages
        Ages above OLDEST_YEARS.
    sha256
        SHA-256 of the unpacked file.
    columns
        The table as it was read, by column.
    """

    images: tuple[str, ...]
    labels: Labels
    patients: tuple[str, ...]
    follow_ups: NDArray[np.int64]
    ages: NDArray[np.float64]
    sexes: tuple[str, ...]
    views: tuple[str, ...]
    sizes: NDArray[np.float64]
    spacings: NDArray[np.float64]
    n_impossible_ages: int
    sha256: str
    columns: dict[str, tuple[str, ...]]


def read_metadata(path: Path) -> Metadata:
    """The label file (.csv or .csv.gz), of any release.

    Raises
    ------
    DatasetError
        The file is missing or cut off, lacks a column, or holds an unknown label, sex or view, an
        age that is no age, or a film twice.
    """
    text = read_text(path)
    header, rows = parse_table(path.name, _without_trailing_commas(text))
    cells = zip(*rows, strict=True) if rows else [()] * len(header)
    columns = dict(zip((name.strip() for name in header), cells, strict=True))
    absent = [name for name in _REQUIRED if name not in columns]
    if absent:
        raise DatasetError(f"{path.name}: no column {absent[0]!r}; is it the NIH label file?")
    try:
        return _metadata(columns, hashlib.sha256(text.encode()).hexdigest())
    except (DatasetError, ValueError) as error:
        raise DatasetError(f"{path.name}: {error}") from error


def parse_file_name(name: str) -> tuple[int, int]:
    """Patient number and follow-up number of a film, from its file name.

    >>> parse_file_name("00025252_045.png")
    (25252, 45)

    Raises
    ------
    DatasetError
        Not a name of this data set.
    """
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        raise DatasetError(f"{name}: not a ChestX-ray14 file name; expected e.g. 00025252_045.png")
    return int(match[1]), int(match[2])


def parse_age(text: str) -> float:
    """Age in years, from "58", "058Y", "013M", "002W" or "001D".

    >>> parse_age("058Y"), parse_age("006M")
    (58.0, 0.5)

    Raises
    ------
    DatasetError
        Not an age.
    """
    match = _AGE_TEXT.fullmatch(text.strip())
    if match is None:
        raise DatasetError(f"age {text!r}; expected e.g. '58' or '058Y'")
    return int(match[1]) * _YEARS_PER_UNIT[match[2]]


def _without_trailing_commas(text: str) -> str:
    """The table without the empty last column that the release of 2017 opens in its header."""
    header, _, rest = text.partition("\n")
    if not header.rstrip("\r").endswith(","):
        return text
    return "\n".join(line.removesuffix(",") for line in (header.rstrip("\r"), *rest.splitlines()))


def _metadata(columns: dict[str, tuple[str, ...]], sha256: str) -> Metadata:
    images = columns[_IMAGE]
    check_once(images)
    _check_words(columns, _SEX, ("F", "M", ""))
    _check_words(columns, _VIEW, ("PA", "AP", ""))
    parsed_labels = {cell: parse_labels(cell) for cell in set(columns[_FINDINGS])}
    parsed_ages = {cell: parse_age(cell) for cell in set(columns[_AGE])}
    ages = np.array([parsed_ages[cell] for cell in columns[_AGE]], np.float64)
    labels = [parsed_labels[cell] for cell in columns[_FINDINGS]]
    return Metadata(
        images=images,
        labels=np.array(labels, np.float32).reshape(len(images), len(LABEL_SET)),
        patients=tuple(str(int(cell)) for cell in columns[_PATIENT]),
        follow_ups=np.array([int(cell) for cell in columns[_FOLLOW_UP]], np.int64),
        ages=np.where(ages > OLDEST_YEARS, np.nan, ages),
        sexes=columns[_SEX],
        views=columns[_VIEW],
        sizes=_pairs(columns, _WIDTH, _HEIGHT),
        spacings=_pairs(columns, _SPACING_X, _SPACING_Y),
        n_impossible_ages=int((ages > OLDEST_YEARS).sum()),
        sha256=sha256,
        columns=columns,
    )


def _check_words(columns: dict[str, tuple[str, ...]], name: str, expected: tuple[str, ...]) -> None:
    strange = sorted(set(columns[name]) - set(expected))
    if strange:
        words = " or ".join(repr(word) for word in expected)
        raise DatasetError(f"column {name!r} holds {strange[0]!r}; expected {words}")


def _pairs(columns: dict[str, tuple[str, ...]], first: str, second: str) -> NDArray[np.float64]:
    n = len(columns[_IMAGE])
    if first not in columns or second not in columns:
        return np.full((n, 2), math.nan)
    both = (columns[first], columns[second])
    return np.array([[cell or "nan" for cell in column] for column in both], np.float64).T
