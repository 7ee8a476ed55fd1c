"""Letters, arrows and other small bright marks near a film's border, found and painted over.

No text is recognised: what is small, much brighter than around it and near the border is a mark. A
bright edge of the body or a tube's end there may be taken for one; the body's middle is never
touched.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from plainfilm.radiograph import Pixels
from plainfilm.reading.regions import regions

GRID = 96  # cells on the longer side, on which marks are looked for
BORDER = 0.15  # of each side; marks lie with their middle in this frame
BRIGHTER = 46  # of 255, than the median around
LARGEST = 0.015  # of the film's area
_AROUND = 11  # cells; side of the square whose median is "around"


def without_letters(pixels: Pixels) -> Pixels:
    """The film with every mark near its border painted over by the grey around it."""
    height, width = pixels.shape
    scale = min(1.0, GRID / max(height, width))
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    small = Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).resize(
        size, Image.Resampling.BOX
    )
    around = small.filter(ImageFilter.MedianFilter(_AROUND))
    marks = _marks(np.asarray(small, np.float32), np.asarray(around, np.float32))
    if not marks.any():
        return pixels
    grown = Image.fromarray(marks.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(3))
    covered = np.asarray(grown.resize((width, height), Image.Resampling.NEAREST)) > 0
    paint = np.asarray(around.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    return np.where(covered, paint / np.float32(255), pixels).astype(np.float32)


def _marks(small: Pixels, around: Pixels) -> NDArray[np.bool_]:
    numbers = regions(small > around + BRIGHTER)
    marks = np.zeros(small.shape, np.bool_)
    for number in np.unique(numbers[numbers > 0]):
        one = numbers == number
        rows, columns = np.nonzero(one)
        middle = (rows.mean() / small.shape[0], columns.mean() / small.shape[1])
        near = any(share < BORDER or share > 1 - BORDER for share in middle)
        if near and one.sum() <= LARGEST * one.size:
            marks |= one
    return marks
