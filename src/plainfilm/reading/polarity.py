"""Whether a film is shown inverted: bone dark and air white.

Shrunk to 8 x 8 cells and standardised, a film is compared with the average chest film; inverting
it turns the sign of that correlation. Chests and knees alike are bright along the middle and
below, dark at the upper corners.

Measured on films that the average was not taken from (test splits): 1 of 659 chests is flagged
(0.15 %: a bedside film with a wide black band below), not counting one that is truly inverted;
of the same chests inverted, 99.7 % are flagged. Of 496 knees the 10 that the source holds inverted
are flagged, and no other. Films of other parts often have white collimation or lie across the
film: of two such samples with the right polarity, a hip and a shin, both would be flagged. So where
the body part is known the question is asked of `BODY_PARTS` alone.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels

Cells = NDArray[np.float64]

INVERTED_BELOW = -0.1  # correlation

BODY_PARTS = ("chest", "thorax", "ribcage", "knee")  # what the question was measured on

_N_CELLS = 8
# Left half of the average chest (the right half mirrors it), in standard deviations from the
# film's mean: each film's 8 x 8 cell means standardised, averaged over the training films of the
# Kermany and ChestX-ray14-sample sets and the validation films of Hannover, the sets alike.
_LEFT_HALF = (
    (-1.8, -1.4, -0.9, 0.2),
    (-0.8, -0.2, -0.4, 0.1),
    (-0.7, 0.0, -0.8, 0.2),
    (-0.9, 0.0, -0.7, 0.7),
    (-1.0, 0.0, -0.1, 1.1),
    (-1.1, 0.1, 0.5, 1.4),
    (-1.2, 0.6, 1.3, 1.8),
    (-1.2, 1.1, 1.7, 2.0),
)


def looks_inverted(pixels: Pixels) -> bool:
    """Whether the film is more like the negative of a film; at least 8 x 8."""
    return uprightness(pixels) < INVERTED_BELOW


def uprightness(pixels: Pixels) -> float:
    """Correlation of a film with the average chest, in [-1, 1]; the negative's is the opposite.

    Parameters
    ----------
    pixels
        float32 (H, W), at least 8 x 8; near 0 comes back where all cells are alike.
    """
    left = np.array(_LEFT_HALF)
    average = _standardised(np.hstack([left, left[:, ::-1]]))
    return float(np.mean(average * _standardised(_cell_means(pixels))))


def _cell_means(pixels: Pixels) -> Cells:
    rows = np.arange(_N_CELLS + 1) * pixels.shape[0] // _N_CELLS
    columns = np.arange(_N_CELLS + 1) * pixels.shape[1] // _N_CELLS
    # Slab by slab: reduceat of the whole film gives the same bits in ten times as long.
    slabs = [pixels[top:end].sum(axis=0, dtype=np.float64) for top, end in pairwise(rows)]
    sums = np.add.reduceat(np.stack(slabs), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))


def _standardised(cells: Cells) -> Cells:
    centred = cells - cells.mean()
    spread = float(centred.std())
    return np.asarray(centred / max(spread, 1e-6))
