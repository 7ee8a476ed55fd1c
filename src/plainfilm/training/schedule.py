"""Learning rate and momentum of every step, as pure functions: nothing to save."""

import math
from dataclasses import dataclass

START_DIVISOR = 25.0
END_DIVISOR = 1e5  # of the peak, both as fast.ai's fit_one_cycle


@dataclass(frozen=True)
class Pace:
    """What the optimiser gets for one step."""

    lr: float
    momentum: float


@dataclass(frozen=True)
class OneCycle:
    """Up to the peak and down to nearly nothing, along cosines; momentum the mirror image.

    Parameters
    ----------
    steps
        Of the whole training, at least 1.
    peak
        The highest learning rate.
    warmup_share
        In (0, 1): the share of the steps on the way up.
    momentum_high, momentum_low
        Momentum at the ends, and at the peak.

    References
    ----------
    Smith and Topin 2017 (arXiv 1708.07120); annealing as in fast.ai's `fit_one_cycle`.
    """

    steps: int
    peak: float
    warmup_share: float
    momentum_high: float
    momentum_low: float

    def at(self, step: int) -> Pace:
        """The pace of step 0 … steps - 1."""
        turn = max(1.0, self.warmup_share * self.steps)
        if step < turn:
            rise = step / turn
            return Pace(
                _cosine(self.peak / START_DIVISOR, self.peak, rise),
                _cosine(self.momentum_high, self.momentum_low, rise),
            )
        fall = min(1.0, (step - turn) / max(1.0, self.steps - 1 - turn))
        return Pace(
            _cosine(self.peak, self.peak / END_DIVISOR, fall),
            _cosine(self.momentum_low, self.momentum_high, fall),
        )


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
