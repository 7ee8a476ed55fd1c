"""Connected regions of a picture, and the body on a film, found by brightness alone.

Four neighbours make a region. All is computed on small grids, so plain numpy is quick enough.
"""

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels

Mask = NDArray[np.bool_]

GRID = 64  # cells a side, on which the body is looked for
AIR = 0.10  # of the way from the darkest to the brightest; what is darker may be air


def regions(mask: Mask) -> NDArray[np.intp]:
    """Number the connected regions of a mask (H, W): 0 outside, equal within one region."""
    numbers = np.where(mask, np.arange(1, mask.size + 1, dtype=np.intp).reshape(mask.shape), 0)
    while True:
        largest = numbers.copy()
        largest[1:] = np.maximum(largest[1:], numbers[:-1])
        largest[:-1] = np.maximum(largest[:-1], numbers[1:])
        largest[:, 1:] = np.maximum(largest[:, 1:], numbers[:, :-1])
        largest[:, :-1] = np.maximum(largest[:, :-1], numbers[:, 1:])
        largest[~mask] = 0
        if np.array_equal(largest, numbers):
            return numbers
        numbers = largest


def region_at(mask: Mask, row: int, column: int) -> Mask:
    """The connected region of a mask that holds one place; empty where the place is outside."""
    found = np.zeros_like(mask)
    found[row, column] = mask[row, column]
    while True:
        grown = found.copy()
        grown[1:] |= found[:-1]
        grown[:-1] |= found[1:]
        grown[:, 1:] |= found[:, :-1]
        grown[:, :-1] |= found[:, 1:]
        grown &= mask
        if np.array_equal(grown, found):
            return found
        found = grown


def body_mask(pixels: Pixels) -> Mask:
    """Where the body is on a film: bool (GRID, GRID), over the whole film.

    The largest region that is brighter than air, with its holes filled: the lungs are dark, but
    they do not reach the border of the film. A film of one grey is body all over.
    """
    small = sampled(pixels, GRID)
    dark, bright = np.quantile(small, [0.01, 0.99])
    if bright - dark < 1e-3:
        return np.ones((GRID, GRID), np.bool_)
    numbers = regions(small > dark + AIR * (bright - dark))
    names, sizes = np.unique(numbers[numbers > 0], return_counts=True)
    body = numbers == names[sizes.argmax()]
    around = regions(~body)
    border = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
    filled: Mask = body | ~np.isin(around, border[border > 0])
    return filled


def share_outside(heat: Pixels, mask: Mask) -> float | None:
    """Which share of a heatmap's positive heat lies outside a mask; None where no heat is positive.

    Parameters
    ----------
    heat
        float32 (H, W), signed, over the whole film.
    mask
        bool (n, n), over the whole film too, as `body_mask` gives it.
    """
    energy = np.clip(sampled(heat, mask.shape[0]), 0, None).astype(np.float64)
    total = float(energy.sum())
    return None if total <= 0 else float(energy[~mask].sum()) / total


def sampled(pixels: Pixels, side: int) -> Pixels:
    """A picture's values at the centres of `side` x `side` cells laid over it: (side, side)."""
    rows, columns = (
        ((np.arange(side) + 0.5) * extent / side).astype(np.intp) for extent in pixels.shape
    )
    return pixels[np.ix_(rows, columns)]
