"""A calibration error's 95 % interval, by asking which true errors would look like the one seen.

A calibration error adds up the sizes of the bins' gaps, so chance can only add to it: with few
films even perfect probabilities show one, and a resampled set shows more than the set itself. The
percentile interval, fine for other numbers, then lies too high, even wholly above the error that
was measured; shifting it by the mean excess mends half of that. So the test is turned round. For
true gaps `s` times those seen, with the bins' sampling noise added, how large would the error look?
The interval holds every `s` under which the error seen is no surprise at 2.5 % on either side.

Simulated with known truth (`tests/evaluation/test_inversion.py`), it holds the true error in 91 to
98 % of the sets, of perfect and of poor probabilities; the percentile interval in 0 to 96 %.

References
----------
Carpenter 1999, Journal of the Royal Statistical Society B 61:159 (intervals from an inverted
bootstrap test); Kumar, Liang and Ma 2019, NeurIPS 32, section 5, and Roelofs et al. 2022, AISTATS
151:4036 (the excess); Sun, Chaudhari, Barnett and Dobriban 2024, arXiv:2408.08998 (why resampling
alone fails near a perfect calibration).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from plainfilm.evaluation.bootstrap import LEVEL, Interval
from plainfilm.evaluation.metrics import Floats

_HALVINGS = 30
_LARGEST_SCALE = (
    1024.0  # of the gaps seen; only gaps that are nearly nothing beside noise come near
)


@dataclass(frozen=True)
class CalibrationError:
    """What the gaps of the bins say of the calibration error.

    Parameters
    ----------
    plain
        The error as everybody computes it, with the interval of the true one. The interval is
        drawn out to the plain error where that lies above it.
    debiased
        Without what chance adds: the true error under which the plain one would be the median.
    """

    plain: Interval
    debiased: float


def invert_error(gaps: Floats, drawn: Floats) -> CalibrationError:
    """The calibration error of bins, with its interval.

    Parameters
    ----------
    gaps
        float64 (bins,): mean probability minus share present, times the bin's share of the films.
    drawn
        float64 (draws, bins): the same in each bootstrap draw; a draw without films (NaN) is left
        out, and where none is left there is no interval.
    """
    seen = float(np.abs(gaps).sum())
    noise = drawn[np.isfinite(drawn).all(axis=1)] - gaps
    tail = (1 - LEVEL) / 2
    if noise.size == 0:
        return CalibrationError(Interval(seen, math.nan, math.nan), math.nan)

    def looks_as_large(scale: float) -> float:
        """The share of draws in which gaps of this scale look at least as large as those seen."""
        return float((np.abs(scale * gaps + noise).sum(axis=1) >= seen).mean())

    low, middle, high = (
        seen * _smallest_scale(looks_as_large, share) for share in (tail, 0.5, 1 - tail)
    )
    return CalibrationError(Interval(seen, min(low, seen), max(high, seen)), middle)


def _smallest_scale(looks_as_large: Callable[[float], float], share: float) -> float:
    """The smallest scale of the gaps under which that share of sets looks as bad as this one."""
    if looks_as_large(0.0) >= share:
        return 0.0
    low, high = 0.0, 1.0
    while looks_as_large(high) < share and high < _LARGEST_SCALE:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if looks_as_large(middle) >= share:
            high = middle
        else:
            low = middle
    return high
