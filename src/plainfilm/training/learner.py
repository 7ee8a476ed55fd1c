"""`Learner`: the network being trained with its optimiser and its running average."""

import copy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from plainfilm.networks import Classifier, build
from plainfilm.training.augment import apply, draw
from plainfilm.training.batches import Batch
from plainfilm.training.chance import generator_for, seed_torch
from plainfilm.training.losses import distilled, masked_bce, smoothed
from plainfilm.training.recipe import Optim, Recipe
from plainfilm.training.schedule import Pace

SECOND_BETA = 0.99  # as fast.ai; torch's 0.999 remembers longer than a short training lasts


@dataclass(frozen=True, eq=False)
class Target:
    """How labels become what is learnt: smoothing, weights, and the teachers' opinion."""

    smoothing: float = 0.0
    pos_weight: Tensor | None = None
    column_weight: Tensor | None = None
    distil_share: float = 0.5
    teachers: tuple[Classifier, ...] = ()

    def loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """The loss of logits (N, K + A) on (changed) films and their labels."""
        return masked_bce(
            logits,
            self.of(batch),
            pos_weight=self.pos_weight,
            column_weight=self.column_weight,
            film_weight=batch.weights,
        )

    @torch.no_grad()
    def of(self, batch: Batch) -> Tensor:
        """Targets (N, K + A) in [0, 1] or NaN; teachers speak of the K findings only."""
        targets = smoothed(batch.labels, self.smoothing)
        opinions = [teacher(batch.films).sigmoid() for teacher in self.teachers]
        if batch.opinions is not None:
            opinions.append(batch.opinions)
        if not opinions:
            return targets
        k = opinions[0].shape[1]
        mean = torch.stack(opinions).nanmean(dim=0)
        taught = distilled(targets[:, :k], mean, self.distil_share)
        return torch.cat([taught, targets[:, k:]], dim=1)


@dataclass(eq=False)
class Learner:
    """What changes while training. `average` is what is validated and kept."""

    recipe: Recipe
    network: Classifier
    target: Target
    device: torch.device
    average: Classifier = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimiser = make_optimiser(self.network, self.recipe.optim)

    def learn(self, batch: Batch, pace: Pace, step: int) -> float:
        """One step on one batch; the loss before it.

        Weights are left as they were where the loss is not finite: check it.
        """
        batch = self._changed(batch, step)
        seed_torch(self.recipe.optim.seed, "dropout", step)
        self.network.train()
        with self.autocast():
            logits = self.network(batch.films)
        loss = self.target.loss(logits, batch)
        if torch.isfinite(loss):
            self._descend(loss, pace)
            self._follow(step)
        return float(loss.detach())

    @torch.no_grad()
    def judge(self, films: Tensor) -> Tensor:
        """Logits float32 (N, K + A), on the CPU, of the averaged network on unchanged films."""
        with self.autocast():
            logits: Tensor = self.average(films.to(self.device))
        return logits.float().cpu()

    def autocast(self) -> torch.autocast:
        """bfloat16 where the recipe asks for it, else nothing."""
        wanted = self.recipe.optim.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=wanted)

    def _changed(self, batch: Batch, step: int) -> Batch:
        chance = generator_for(self.recipe.optim.seed, "augment", step)
        choices = draw(len(batch.films), self.recipe.augment, chance)
        films = apply(batch.films.to(self.device), choices)
        weights = None if batch.weights is None else batch.weights.to(self.device)
        opinions = None if batch.opinions is None else batch.opinions.to(self.device)
        return Batch(films, batch.labels.to(self.device), weights, opinions)

    def _descend(self, loss: Tensor, pace: Pace) -> None:
        for group in self.optimiser.param_groups:
            group["lr"], group["betas"] = pace.lr, (pace.momentum, SECOND_BETA)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.optim.clip_norm:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.optim.clip_norm)
        self.optimiser.step()

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """Move the average towards the network; a young average moves faster."""
        decay = min(self.recipe.optim.ema_decay, (1 + step) / (10 + step))
        ours, theirs = self.average.state_dict(), self.network.state_dict()
        for name, value in ours.items():
            if value.is_floating_point():
                value.lerp_(theirs[name], 1 - decay)
            else:
                value.copy_(theirs[name])


def build_network(recipe: Recipe, n_logits: int) -> Classifier:
    """The recipe's network with weights drawn from torch's global random state."""
    network = recipe.network
    return build(
        network.name,
        n_logits,
        normalise=network.normalise,
        dropout=network.dropout,
        head=network.head,
        size=recipe.data.size,
    )


def make_optimiser(network: nn.Module, optim: Optim) -> torch.optim.Optimizer:
    """Adam or AdamW; biases and normalisation layers get no weight decay."""
    matrices = [weight for weight in network.parameters() if weight.ndim > 1]
    vectors = [weight for weight in network.parameters() if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": optim.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    betas = (optim.momentum_high, SECOND_BETA)
    if optim.name == "adam":
        return torch.optim.Adam(groups, lr=optim.lr, betas=betas)
    return torch.optim.AdamW(groups, lr=optim.lr, betas=betas)
