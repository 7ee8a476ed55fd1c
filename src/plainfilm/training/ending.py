"""When a training is over, and when its loss goes the wrong way; all told from its log alone."""

import math
from collections.abc import Sequence
from itertools import pairwise

from plainfilm.training.optim_settings import Optim

RISES = 3  # epochs in a row; each is a mean over its steps, and so smooth already


def epochs_since_best(losses: Sequence[float | None]) -> int:
    """How many epochs ago the lowest loss was; None is no better than any, nor is an equal one."""
    best, since = math.inf, 0
    for loss in losses:
        lower = loss is not None and loss < best
        best, since = (loss, 0) if lower and loss is not None else (best, since + 1)
    return since


def is_over(optim: Optim, val_losses: Sequence[float | None]) -> bool:
    """Whether a training with these validation losses so far has no further epoch."""
    return len(val_losses) >= optim.epochs or _stops_early(optim, val_losses)


def end_words(optim: Optim, val_losses: Sequence[float | None]) -> str:
    """How a training ended; "" while it has not."""
    if len(val_losses) < optim.epochs and _stops_early(optim, val_losses):
        best = len(val_losses) - optim.stop_after
        epochs = "epoch" if optim.stop_after == 1 else "epochs"
        waited = f"{optim.stop_after} {epochs} without a lower validation loss"
        return f"stopped early: {waited} than epoch {best}'s"
    return f"all {optim.epochs} epochs" if is_over(optim, val_losses) else ""


def alarms(losses: Sequence[float]) -> tuple[str, ...]:
    """A sentence for each epoch whose training loss has risen three epochs in a row."""
    found = []
    for end in range(RISES, len(losses)):
        last = losses[end - RISES : end + 1]
        if all(after > before for before, after in pairwise(last)):
            found.append(
                f"epoch {end + 1}: the training loss has risen for {RISES} epochs, from "
                f"{last[0]:.3g} to {last[-1]:.3g}; a lower optim.lr may help"
            )
    return tuple(found)


def _stops_early(optim: Optim, val_losses: Sequence[float | None]) -> bool:
    return bool(optim.stop_after) and epochs_since_best(val_losses) >= optim.stop_after
