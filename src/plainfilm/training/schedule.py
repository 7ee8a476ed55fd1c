"""Learning rate and momentum of every step, as pure functions: nothing to save.

A schedule that answers to the losses is a function of the losses so far, which the log holds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plainfilm.training.optim_settings import Optim

START_DIVISOR = 25.0
END_DIVISOR = 1e5  # of the peak, both as fast.ai v2's fit_one_cycle; v1's end is start * 1e4
PLATEAU_FACTOR = 10.0
DIVERGED = 4.0  # times the best loss; as fast.ai's learning rate finder
MEMORY = 0.9  # of the running mean of a range test's losses
_WINDOW = 10  # the suggestion looks at losses averaged over 1/10 of the test to either side

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pace:
    """What the optimiser gets for one step."""

    lr: float
    momentum: float


class Schedule(Protocol):
    """Learning rate and momentum of each step."""

    def at(self, step: int) -> Pace:
        """The pace of a step, counted from the start of the training."""
        ...


def schedule_of(optim: Optim, n_steps: int, val_losses: Sequence[float | None]) -> Schedule:
    """The schedule of the epoch after these validation losses, in a training by a recipe.

    Parameters
    ----------
    n_steps
        Steps of an epoch.
    val_losses
        Of all epochs so far; None = no film to validate on.
    """
    if optim.schedule == "plateau":
        rate = plateau_rate(val_losses, start=optim.lr, patience=optim.patience)
        return Constant(rate, optim.momentum_high)
    return OneCycle(
        steps=optim.epochs * n_steps,
        peak=optim.lr,
        warmup_share=optim.warmup_share,
        momentum_high=optim.momentum_high,
        momentum_low=optim.momentum_low,
        start_divisor=optim.start_divisor,
        end_divisor=optim.end_divisor,
    )


@dataclass(frozen=True)
class Constant:
    """The same pace at every step."""

    lr: float
    momentum: float

    def at(self, _step: int) -> Pace:
        """The pace."""
        return Pace(self.lr, self.momentum)


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
    start_divisor, end_divisor
        The peak over the first learning rate, and over the last.

    References
    ----------
    Smith and Topin 2017 (arXiv 1708.07120); annealing as in fast.ai's `fit_one_cycle`.
    """

    steps: int
    peak: float
    warmup_share: float
    momentum_high: float
    momentum_low: float
    start_divisor: float = START_DIVISOR
    end_divisor: float = END_DIVISOR

    def at(self, step: int) -> Pace:
        """The pace of step 0 … steps - 1."""
        turn = max(1.0, self.warmup_share * self.steps)
        if step < turn:
            rise = step / turn
            return Pace(
                _cosine(self.peak / self.start_divisor, self.peak, rise),
                _cosine(self.momentum_high, self.momentum_low, rise),
            )
        fall = min(1.0, (step - turn) / max(1.0, self.steps - 1 - turn))
        return Pace(
            _cosine(self.peak, self.peak / self.end_divisor, fall),
            _cosine(self.momentum_low, self.momentum_high, fall),
        )


@dataclass(frozen=True)
class RangeSweep:
    """From a tiny learning rate to a huge one, each step's a constant factor above the last's.

    Parameters
    ----------
    start, end
        The rates of step 0 and of step `steps`; 0 < start < end.
    steps
        n, at least 2.
    momentum
        Of every step.

    References
    ----------
    Smith 2015 (arXiv 1506.01186), section 3.3; Elkins, Freitas, Sanz 2020, equations 4 and 5.
    """

    start: float = 1e-7
    end: float = 10.0
    steps: int = 100
    momentum: float = 0.95

    def __post_init__(self) -> None:
        if not (0 < self.start < self.end < math.inf and self.steps >= 2):
            found = f"start {self.start:g}, end {self.end:g}, steps {self.steps}"
            raise ValueError(f"{found}: expected 0 < start < end and at least 2 steps")

    @property
    def factor(self) -> float:
        """Q = (end / start)^(1 / n), from each step to the next."""
        return float((self.end / self.start) ** (1 / self.steps))

    def at(self, step: int) -> Pace:
        """The pace of step 0 … steps."""
        rate = self.start * float((self.end / self.start) ** (step / self.steps))
        return Pace(rate, self.momentum)


def plateau_rate(
    losses: Sequence[float | None],
    *,
    start: float,
    patience: int,
    factor: float = PLATEAU_FACTOR,
) -> float:
    """The learning rate after these epochs: divided where the loss has stopped falling.

    Parameters
    ----------
    losses
        Validation losses in order; None is no better than any.
    patience
        At least 1: after so many epochs in a row without a new lowest loss the rate is divided,
        and the count begins anew.
    """
    best, waited, rate = math.inf, 0, start
    for loss in losses:
        if loss is not None and loss < best:
            best, waited = loss, 0
            continue
        waited += 1
        if waited == patience:
            rate, waited = rate / factor, 0
    return rate


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether a range test's running mean loss is over 4 times its lowest, or no number."""
    if not losses:
        return False
    means = _running_means(losses)
    return not means[-1] <= DIVERGED * means.min()  # written so that NaN has diverged


def steepest_rate(rates: Sequence[float], losses: Sequence[float]) -> float | None:
    """The learning rate at which a range test's loss falls fastest, by the rate's logarithm.

    Losses are first averaged over a few steps to either side, which shifts nothing; what comes
    after their lowest point does not count. None where they never fall.
    """
    if len(losses) < 3:
        return None
    smooth = _centred_means(losses)
    falling = smooth[: int(smooth.argmin()) + 1]
    if falling.size < 2:
        return None
    slopes = np.gradient(falling, np.log(np.asarray(rates[: falling.size])))
    return float(rates[int(slopes.argmin())])


def _running_means(losses: Sequence[float]) -> Floats:
    """Exponential means, each corrected for its start (Kingma and Ba 2014, section 3)."""
    means, mean = [], 0.0
    for n, loss in enumerate(losses, start=1):
        mean = MEMORY * mean + (1 - MEMORY) * loss
        means.append(mean / (1 - MEMORY**n))
    return np.array(means)


def _centred_means(losses: Sequence[float]) -> Floats:
    reach = len(losses) // _WINDOW
    # Near the ends the window shrinks on both sides alike, so that a slope is not bent there.
    reaches = [min(reach, i, len(losses) - 1 - i) for i in range(len(losses))]
    return np.array([np.mean(losses[i - r : i + r + 1]) for i, r in enumerate(reaches)])


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
