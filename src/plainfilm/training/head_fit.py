"""What fitting a head to frozen embeddings needs, whatever the head: `Bench`.

Embeddings are brought to mean 0 and deviation 1 over the training films. That is folded into the
head's first layer afterwards, so the head that comes out takes embeddings as they are.
"""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from plainfilm.errors import RunError
from plainfilm.training.batches import Batch
from plainfilm.training.learner import Target
from plainfilm.training.record import EpochRow, number_or_none
from plainfilm.training.validate import mean_auroc

# Of a feature's deviation, as a share of the features' middle one: less is taken for that much, so
# that what hardly varies is not blown up.
LEAST_SPREAD = 1e-3

Layers = nn.Linear | nn.Sequential
State = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Learning:
    """Films to learn from or to validate on.

    Parameters
    ----------
    embeddings
        float32 (n, D).
    labels
        float32 (n, K): 1, 0 or NaN = unknown.
    weights
        float32 (n, K): what each label counts; None = 1.
    """

    embeddings: NDArray[np.float32]
    labels: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, places: NDArray[np.int64] | None = None) -> Batch:
        """The films at these places, None = all, as a loss wants them; without pixels."""
        chosen = np.arange(len(self)) if places is None else places
        weights = None if self.weights is None else torch.from_numpy(self.weights[chosen])
        return Batch(torch.empty(0), torch.from_numpy(self.labels[chosen]), weights)


@dataclass(frozen=True, eq=False)
class FittedHead:
    """How a head came about.

    Parameters
    ----------
    state
        The state dict of its layers, for embeddings as they are; float32.
    rows
        The log.
    kept
        Its row of these very weights.
    ended
        Why that one, in words.
    """

    state: State
    rows: tuple[EpochRow, ...]
    kept: EpochRow
    ended: str


@dataclass(frozen=True, eq=False)
class Bench:
    """Films with their embeddings made ready, and the loss.

    `seen` and `tried` are the training and the validation films' embeddings, float64 (n, D), at
    mean 0 and deviation 1 over the former.
    """

    train: Learning
    val: Learning
    target: Target
    mean: NDArray[np.float64] = field(init=False)
    deviation: NDArray[np.float64] = field(init=False)
    seen: Tensor = field(init=False)
    tried: Tensor = field(init=False)

    def __post_init__(self) -> None:
        values = self.train.embeddings.astype(np.float64)
        spread = values.std(axis=0)
        some = spread[spread > 0]
        least = LEAST_SPREAD * float(np.median(some)) if some.size else 1.0
        made = vars(self)
        made["mean"], made["deviation"] = values.mean(axis=0), np.maximum(spread, least)
        made["seen"], made["tried"] = self._scaled(self.train), self._scaled(self.val)

    def _scaled(self, films: Learning) -> Tensor:
        return torch.from_numpy((films.embeddings.astype(np.float64) - self.mean) / self.deviation)

    @torch.no_grad()
    def row(self, number: int, loss: float, lr: float, layers: Layers, begun: float) -> EpochRow:
        """A row of the log: how well the layers do on the validation films.

        Parameters
        ----------
        number
            Of the row, from 1.
        loss
            On the training films; RunError where it is not finite.
        begun
            When, by `time.perf_counter`.
        """
        if not math.isfinite(loss):
            raise RunError(f"the head's loss became {loss} in step {number} of its log.")
        val_loss, val_auroc = math.nan, math.nan
        if len(self.val):
            labels = torch.from_numpy(self.val.labels)
            logits = layers(self.tried.to(next(layers.parameters()).dtype))
            val_loss = float(self.target.plain_loss(logits, labels))
            val_auroc = mean_auroc(self.target.scores(logits), labels)
        seconds = time.perf_counter() - begun
        told = number_or_none(val_loss), number_or_none(val_auroc)
        return EpochRow(number, loss, *told, lr, seconds, len(self.train) / seconds)

    @torch.no_grad()
    def folded(self, state: State) -> State:
        """A state dict whose first layer takes embeddings as they are; float32."""
        first = "0." if "0.weight" in state else ""
        made = {name: value.double() for name, value in state.items()}
        weight = made[f"{first}weight"] / torch.from_numpy(self.deviation)
        bias = made[f"{first}bias"] - weight @ torch.from_numpy(self.mean)
        made |= {f"{first}weight": weight, f"{first}bias": bias}
        return {name: value.float() for name, value in made.items()}


def copied(layers: Layers) -> State:
    """The layers' state dict, which later steps leave alone."""
    return {name: value.detach().clone() for name, value in layers.state_dict().items()}
