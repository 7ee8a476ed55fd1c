"""Occlusion: cover a film place by place and see how the score changes. Needs only the bundle.

References
----------
Zeiler and Fergus 2014, ECCV, 818, "Visualizing and understanding convolutional networks", section
4.2.
"""

from collections.abc import Callable, Iterator

import numpy as np

from plainfilm.findings import FeatureMap
from plainfilm.radiograph import Pixels
from plainfilm.reading.engine import RunsGraph
from plainfilm.reading.header_parts import FitPolicy

CELLS = 12  # places a side; about a quarter more than the shipped bundles' maps have
PATCH = 2  # cells a side that are covered at once, so that neighbours overlap
_BATCH_PIXELS = 4_000_000  # films that are run at once hold at most as many, or are one
_BATCH = 16

Progress = Callable[[int, int], None]


def occlusion_map(
    engine: RunsGraph, pixels: Pixels, column: int, *, progress: Progress | None = None
) -> FeatureMap:
    """By how much the score of one finding falls where a square of the film is covered.

    Parameters
    ----------
    engine
        The bundle's.
    pixels
        float32 (H, W) in [0, 1].
    column
        The finding's place in the label set.
    progress
        Called with how many places are done, and how many there are.

    Returns
    -------
    float32 (CELLS, CELLS), in logits: positive where covering lowers the score. It lies over the
    film as the bundle's own maps do (the square of the fit policy). A covered place is painted with
    the film's mean grey; one outside the film is 0.
    """
    whole = float(engine.run(pixels[None, None]).score[0, column])
    squares = list(_squares(pixels.shape, engine.bundle.header.input.policy))
    size = max(1, min(_BATCH, _BATCH_PIXELS // pixels.size))
    falls: list[float] = []
    for start in range(0, len(squares), size):
        films = np.repeat(pixels[None, None], len(squares[start : start + size]), axis=0)
        for film, (rows, columns) in zip(films, squares[start : start + size], strict=True):
            film[0, rows, columns] = pixels.mean()
        falls += (whole - engine.run(films).score[:, column]).tolist()
        if progress is not None:
            progress(len(falls), len(squares))
    return np.array(falls, np.float32).reshape(CELLS, CELLS)


def _squares(shape: tuple[int, ...], policy: FitPolicy) -> Iterator[tuple[slice, slice]]:
    """What is covered for each place, row by row."""
    side = {FitPolicy.PAD: max(shape), FitPolicy.CROP: min(shape)}.get(policy)
    for row in range(CELLS):
        for column in range(CELLS):
            yield (
                _span(row, shape[0], side or shape[0]),
                _span(column, shape[1], side or shape[1]),
            )


def _span(cell: int, length: int, square: int) -> slice:
    """The pixels along a side of `length` that a patch around a cell of the square covers."""
    middle = (cell + 0.5) * square / CELLS - (square - length) // 2
    half = PATCH * square / CELLS / 2
    low, high = (min(max(round(edge), 0), length) for edge in (middle - half, middle + half))
    return slice(low, high)
