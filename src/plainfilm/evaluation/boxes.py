"""Boxes that readers drew around findings: `read_boxes`, of ChestX-ray14's list or one like it.

The list's header is broken at the source (`Bbox [x,y,w,h]` is four columns, and three empty ones
follow), and it writes `Infiltrate` where the labels write `Infiltration`.
"""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.chestxray14_labels import resolve
from plainfilm.datasets.files import read_text
from plainfilm.errors import DatasetError, EvaluationError

SIDE = 1024.0  # pixels, of the films that the list's boxes were drawn on
GRID = 128  # cells a side, on which boxes, maps and floors are compared
_COLUMNS = 6  # film, finding, x, y, width, height; what follows is empty

Cells = NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """One finding on one film, as a reader framed it.

    Parameters
    ----------
    image
        The film's file name, without its ending.
    patient
        What tells the film's patient from others.
    finding
        Its key, as in bundles.
    left, top, width, height
        As shares of the film's sides.
    """

    image: str
    patient: str
    finding: str
    left: float
    top: float
    width: float
    height: float

    def cells(self) -> Cells:
        """The cells of a grid over the film that the box touches: bool (GRID, GRID)."""
        touched = np.zeros((GRID, GRID), np.bool_)
        down, right = self.top + self.height, self.left + self.width
        rows = slice(math.floor(self.top * GRID), math.ceil(down * GRID))
        columns = slice(math.floor(self.left * GRID), math.ceil(right * GRID))
        touched[rows, columns] = True
        return touched


def read_boxes(path: Path, *, side: float = SIDE) -> tuple[Box, ...]:
    """The boxes of a comma-separated list: film, finding, x, y, width and height in pixels.

    Parameters
    ----------
    path
        The list; its first line is its header, whatever it says. Unpacked where it ends in ".gz".
    side
        Of the square films that the boxes were drawn on, in pixels.

    Raises
    ------
    EvaluationError
        The list cannot be read, is empty, or a line holds no box that lies on such a film.
    """
    try:
        lines = list(csv.reader(io.StringIO(read_text(path), newline=""), strict=True))[1:]
    except (DatasetError, csv.Error) as error:
        raise EvaluationError(
            f"{path.name}: cannot be read as a list of boxes ({error})"
        ) from error
    boxes = tuple(_box(path.name, n, row, side) for n, row in enumerate(lines, start=2) if any(row))
    if not boxes:
        raise EvaluationError(f"{path.name}: no box in it; expected film, finding, x, y, w, h")
    return boxes


def _box(name: str, line: int, row: list[str], side: float) -> Box:
    try:
        if len(row) < _COLUMNS:
            raise ValueError(f"{len(row)} cells")
        left, top, width, height = (float(cell) / side for cell in row[2:_COLUMNS])
        fits = min(left, top) >= 0 and min(width, height) > 0
        if not (fits and left + width <= 1 and top + height <= 1):  # written so that NaN fails
            raise ValueError("a box that is not on the film")
        image = Path(row[0]).stem
        return Box(image, image.partition("_")[0], resolve(row[1]).name, left, top, width, height)
    except (ValueError, DatasetError) as error:
        expected = f"expected film, finding, x, y, width, height on films of {side:g} pixels"
        raise EvaluationError(f"{name}: line {line}: {error}; {expected}") from error
