"""A recipe tried out for a few steps: films learnt by heart, and its own steps watched.

Nothing is kept of what is learnt here; `training.doctor` judges what is seen.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from plainfilm.training.augment import Augment
from plainfilm.training.batches import (
    Batch,
    Films,
    Positions,
    batch_positions,
    epoch_order,
    steps_per_epoch,
)
from plainfilm.training.learner import Learner
from plainfilm.training.losses import masked_bce
from plainfilm.training.recipe import Loss, Recipe
from plainfilm.training.schedule import OneCycle, Pace

OVERFIT_FILMS = 16
OVERFIT_STEPS = 200
OVERFIT_LOSS = 0.1  # binary cross-entropy; a coin's is 0.69
WATCHED_STEPS = 40

_JUDGED_STEPS = 10  # between two looks at the films

Clock = Callable[[], float]

# Every change off: the films as they are.
_UNCHANGED = Augment(
    rotation_degrees=0, zoom_middle=1, zoom=0, aspect=0, shift=0, frame_share=0,
    resolution_share=0, exposure_share=0, gamma=0, contrast=0, brightness=0, shading=0,
    rectangle_share=0, marker_share=0, border_share=0, noise=0,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Overfit:
    """What came of learning a few films by heart.

    `losses` of every step; `loss` and `logits` (n, K) of the network at the end, `labels` (n, K)
    the truth.
    """

    losses: tuple[float, ...]
    loss: float
    logits: Tensor
    labels: Tensor

    @property
    def share_right(self) -> float:
        """Share of the known labels that are answered right."""
        known = ~torch.isnan(self.labels)
        return float(((self.logits > 0) == (self.labels == 1))[known].float().mean())


@dataclass(frozen=True)
class Watch:
    """Losses of some steps of the recipe as it is; seconds of fetching films and of learning."""

    losses: tuple[float, ...]
    fetching: float
    learning: float


def without_changes(recipe: Recipe) -> Recipe:
    """The recipe's network and optimiser on films as they are, by the plain loss."""
    network = replace(recipe.network, dropout=0.0, distil_from=(), distil_table="")
    data, optim = replace(recipe.data, side_targets=()), replace(recipe.optim, ema_decay=0.0)
    return replace(recipe, data=data, network=network, optim=optim, augment=_UNCHANGED, loss=Loss())


def mixed_positions(labels: NDArray[np.float32], n: int) -> Positions:
    """Up to n films with as many different label rows as there are, each kind in turn."""
    kinds: dict[bytes, list[int]] = {}
    for position in np.flatnonzero(~np.isnan(labels).all(axis=1)):
        kinds.setdefault(labels[position].tobytes(), []).append(int(position))
    turns = [(turn, p) for kind in kinds.values() for turn, p in enumerate(kind[:n])]
    return np.array([position for _, position in sorted(turns)[:n]], np.int64)


def overfit(learner: Learner, films: Films) -> Overfit:
    """Learn a few films by heart; stops early where they are, or where a loss is no number."""
    batch = films.take(mixed_positions(films.labels, OVERFIT_FILMS))
    pace = Pace(learner.recipe.optim.lr, learner.recipe.optim.momentum_high)
    losses: list[float] = []
    with tqdm(total=OVERFIT_STEPS, unit="step", desc="overfit", disable=None) as bar:
        while True:
            state = _judged(learner, batch, losses)
            known_by_heart = state.loss < OVERFIT_LOSS and state.share_right == 1
            broken = bool(losses) and not math.isfinite(losses[-1])
            if known_by_heart or broken or len(losses) >= OVERFIT_STEPS:
                return state
            for _ in range(_JUDGED_STEPS):
                losses.append(learner.learn(batch, pace, len(losses)))
            bar.update(_JUDGED_STEPS)


def watch(learner: Learner, films: Films, *, clock: Clock = time.perf_counter) -> Watch:
    """Some steps of the recipe as it is, its learning rate going up to the peak and down again."""
    optim = learner.recipe.optim
    schedule = OneCycle(
        WATCHED_STEPS, optim.lr, optim.warmup_share, optim.momentum_high, optim.momentum_low
    )
    n_steps = steps_per_epoch(len(films), optim.batch_size)
    losses, times = list[float](), [clock()]
    for step in tqdm(range(WATCHED_STEPS), unit="step", desc="watch", disable=None):
        order = epoch_order(len(films), optim.seed, step // n_steps)
        batch = films.take(batch_positions(order, step % n_steps, optim.batch_size))
        times.append(clock())
        losses.append(learner.learn(batch, schedule.at(step), step))
        times.append(clock())
        if not math.isfinite(losses[-1]):
            break
    spans = np.diff(times)
    return Watch(tuple(losses), float(spans[::2].sum()), float(spans[1::2].sum()))


def _judged(learner: Learner, batch: Batch, losses: Sequence[float]) -> Overfit:
    logits = learner.judge(batch.films, batch.facts)
    return Overfit(tuple(losses), float(masked_bce(logits, batch.labels)), logits, batch.labels)
