"""How far a film's greys are apart: `middle_range`, by counting instead of by sorting."""

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels

_N_STEPS = 4096  # a few hundred greys of a film fall into each; more take longer to count


def middle_range(pixels: Pixels) -> float:
    """The range of the middle 90 % of the greys, in [0, 1].

    What `np.percentile(pixels, (5, 95))` lies apart, bit for bit, in a quarter of the time: greys
    are counted in steps, and only those of the steps where the percentiles lie are put in order.

    Parameters
    ----------
    pixels
        float32 (H, W) in [0, 1], not empty.

    References
    ----------
    Hyndman and Fan 1996, The American Statistician 50:361, definition 7.
    """
    greys = pixels.ravel()
    steps = (greys * np.float32(_N_STEPS - 1)).astype(np.uint16)
    n_up_to = np.cumsum(np.bincount(steps, minlength=_N_STEPS))

    def ranked(rank: int) -> np.float32:
        """The grey that so many others are not above, in the order of greys."""
        step = int(np.searchsorted(n_up_to, rank, side="right"))
        within: NDArray[np.float32] = greys[steps == step]
        place = rank - (int(n_up_to[step - 1]) if step else 0)
        return np.float32(np.partition(within, place)[place])

    def percentile(share: float) -> float:
        """The grey below which this share of the greys lies, between its two neighbours."""
        below, part = divmod(share * (greys.size - 1), 1)
        low, high = ranked(int(below)), ranked(min(int(below) + 1, greys.size - 1))
        gap = float(high - low)  # in float32, and from the nearer end, as numpy does
        return float(high) - gap * (1 - part) if part >= 0.5 else float(low) + gap * part

    return percentile(0.95) - percentile(0.05)
