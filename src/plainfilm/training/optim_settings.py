"""`Optim`: the recipe's settings of how the weights are found."""

from dataclasses import dataclass
from typing import Literal

from plainfilm.errors import RecipeError
from plainfilm.training.toml import expect


@dataclass(frozen=True)
class Optim:
    """How the weights are found: optimiser, schedule, averaging, chance.

    `schedule` "one-cycle": `lr` is its peak, it starts at `lr` / `start_divisor` and ends at `lr` /
    `end_divisor`; `momentum_high` (at its ends) and `momentum_low` (at its peak) are Adam's first
    beta. "plateau": from `lr` on, a tenth after each `patience` epochs without a lower validation
    loss; `momentum_high` always.
    `stop_after` so many such epochs the training ends, 0 = never. `second_beta` is Adam's; torch's
    0.999 remembers longer than a short training lasts. `micro_batch` films at a time go through the
    network, 0 = the whole batch: the step is the same, but that BatchNorm sees no more of them.
    `recompute`: maps within a network's parts are computed again for the gradient, not kept; the
    step is the same, BatchNorm's too.
    `ema_decay` 0 = no averaging of weights. `checkpoint_steps` 0 = a checkpoint at the end of each
    epoch only. `keep` says which epoch's weights the run ends with.
    """

    name: Literal["adamw", "adam"] = "adamw"
    epochs: int = 20
    batch_size: int = 32
    micro_batch: int = 0
    recompute: bool = False
    lr: float = 2e-3
    schedule: Literal["one-cycle", "plateau"] = "one-cycle"
    patience: int = 1
    stop_after: int = 0
    start_divisor: float = 25.0
    end_divisor: float = 1e5
    warmup_share: float = 0.25
    momentum_high: float = 0.95
    momentum_low: float = 0.85
    second_beta: float = 0.99
    weight_decay: float = 0.01
    clip_norm: float = 0.0
    ema_decay: float = 0.0
    precision: Literal["float32", "bfloat16"] = "float32"
    keep: Literal["last", "best"] = "last"
    checkpoint_steps: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        expect(self.epochs >= 1, "optim.epochs", self.epochs, "at least 1")
        expect(self.batch_size >= 2, "optim.batch_size", self.batch_size, "at least 2")
        micro = self.micro_batch
        parts = micro == 0 or (micro >= 2 and self.batch_size % micro == 0)
        divisor = f"0, or 2 or more and a divisor of optim.batch_size ({self.batch_size})"
        expect(parts, "optim.micro_batch", micro, divisor)
        expect(self.lr > 0, "optim.lr", self.lr, "above 0")
        expect(0 < self.warmup_share < 1, "optim.warmup_share", self.warmup_share, "in (0, 1)")
        expect(self.patience >= 1, "optim.patience", self.patience, "at least 1")
        expect(self.stop_after >= 0, "optim.stop_after", self.stop_after, "0 (never) or more")
        if self.stop_after and self.schedule == "one-cycle":
            words = "a one-cycle schedule learns most in its last epochs; take"
            raise RecipeError(f'optim.stop_after: {words} schedule = "plateau", or leave it 0.')
        expect(self.start_divisor >= 1, "optim.start_divisor", self.start_divisor, "at least 1")
        expect(self.end_divisor >= 1, "optim.end_divisor", self.end_divisor, "at least 1")
        for key in ("momentum_high", "momentum_low", "second_beta"):
            value = float(vars(self)[key])
            expect(0 <= value < 1, f"optim.{key}", value, "in [0, 1)")
        expect(self.weight_decay >= 0, "optim.weight_decay", self.weight_decay, "0 or more")
        expect(self.clip_norm >= 0, "optim.clip_norm", self.clip_norm, "0 (off) or more")
        expect(0 <= self.ema_decay < 1, "optim.ema_decay", self.ema_decay, "in [0, 1)")
        expect(self.checkpoint_steps >= 0, "optim.checkpoint_steps", self.checkpoint_steps, ">= 0")
        expect(self.seed >= 0, "optim.seed", self.seed, "0 or more")
