"""`Learner`: the network being trained with its optimiser and its running average."""

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from plainfilm.errors import RecipeError
from plainfilm.networks import Classifier, build
from plainfilm.networks.recompute import recomputing
from plainfilm.reading.facts import width
from plainfilm.training.augment import Draw, apply, draw
from plainfilm.training.augment_part import part_of
from plainfilm.training.batches import Batch, Positions
from plainfilm.training.chance import generator_for, seed_torch
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.freezing import freeze
from plainfilm.training.losses import (
    Focus,
    distilled,
    masked_bce,
    smoothed,
    weighted_cross_entropy,
)
from plainfilm.training.optim_settings import Optim
from plainfilm.training.parts import held_but, parts_of
from plainfilm.training.recipe import Recipe
from plainfilm.training.schedule import Pace
from plainfilm.training.side_inputs import hidden
from plainfilm.training.team import ALONE, Team
from plainfilm.training.team_layers import share_layers


@dataclass(frozen=True, eq=False)
class Target:
    """How labels become what is learnt: smoothing, weights, and the teachers' opinion.

    `exclusive`: exactly one finding holds for a film; then there are no side targets, no teachers
    and no `neg_weight`, and `pos_weight` is the weight of each finding. Else each finding by
    itself. `column_weight` (K + A,) is what each output counts beside the others.
    """

    smoothing: float = 0.0
    pos_weight: Tensor | None = None
    neg_weight: Tensor | None = None
    column_weight: Tensor | None = None
    focus: Focus | None = None
    exclusive: bool = False
    distil_share: float = 0.5
    teachers: tuple[Classifier, ...] = ()
    team: Team = ALONE

    def loss(self, logits: Tensor, batch: Batch, targets: Tensor | None = None) -> Tensor:
        """The loss of logits (N, K + A) on (changed) films and their labels, of the whole batch.

        `targets` is what `of` gives for the batch, where it is known already.
        """
        targets = self.of(batch) if targets is None else targets
        if self.exclusive:
            return weighted_cross_entropy(logits, targets, class_weight=self.pos_weight)
        return masked_bce(
            logits,
            targets,
            pos_weight=self.pos_weight,
            neg_weight=self.neg_weight,
            weight=self._weight(batch),
            focus=self.focus,
        )

    def plain_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of the findings (N, K) without weights, smoothing, focus and teachers."""
        chosen = weighted_cross_entropy if self.exclusive else masked_bce
        return chosen(logits, labels)

    def scores(self, logits: Tensor) -> Tensor:
        """What films are ranked by, (N, K): log-probabilities where findings exclude each other."""
        return logits.log_softmax(dim=1) if self.exclusive else logits

    @torch.no_grad()
    def of(self, batch: Batch) -> Tensor:
        """Targets (N, K + A) in [0, 1] or NaN; teachers speak of the K findings only."""
        n = len(batch.labels)
        n_classes = batch.labels.shape[1] if self.exclusive else 2
        targets = smoothed(batch.labels, self.smoothing, n_classes=n_classes)
        opinions = [self.team.whole(each(batch.films).sigmoid(), n) for each in self.teachers]
        if batch.opinions is not None:
            opinions.append(batch.opinions)
        if not opinions:
            return targets
        k = opinions[0].shape[1]
        mean = torch.stack(opinions).nanmean(dim=0)
        taught = distilled(targets[:, :k], mean, self.distil_share)
        return torch.cat([taught, targets[:, k:]], dim=1)

    def _weight(self, batch: Batch) -> Tensor | None:
        """What each label counts in the mean: by its column, and by its film."""
        if self.column_weight is None or batch.weights is None:
            return self.column_weight if batch.weights is None else batch.weights
        return self.column_weight * batch.weights


@dataclass(eq=False)
class Learner:
    """What changes while training. `average` is what is validated and kept.

    In a team, each process learns from its own films, and all take the same step.
    """

    recipe: Recipe
    network: Classifier
    target: Target
    device: torch.device
    team: Team = ALONE
    average: Classifier = field(init=False)
    frozen: tuple[nn.Module, ...] = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        self.network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.target = replace(self.target, team=self.team)
        share_layers(self.network, self.team)
        self.frozen = freeze(self.network, self.recipe.network.frozen_before)
        self.optimiser = make_optimiser(self.network, self.recipe.optim)

    def needed(self, n: int, step: int) -> Positions | None:
        """Which of the n films of a step's batch this process must read; None = all."""
        if self.team.size == 1:
            return None
        return part_of(self._draw(n, step), self.team.share(n))[0].numpy()

    def learn(self, batch: Batch, pace: Pace, step: int) -> float:
        """One step on one batch; the loss before it, of the whole batch.

        Weights are left as they were where the loss is not finite: check it.
        """
        batch = self._changed(batch, step)
        seed_torch(self.recipe.optim.seed, "dropout", step)
        self._wake()
        self.optimiser.zero_grad()
        loss = self._seek(batch)
        if torch.isfinite(loss):
            self._descend(pace)
            self._follow(step)
        return float(loss)

    @torch.no_grad()
    def judge(self, films: Tensor, facts: Tensor | None = None) -> Tensor:
        """Logits float32 (N, K + A), on the CPU, of the averaged network on unchanged films.

        `facts` (N, k), as they are known, are what it is told.
        """
        told = None if facts is None else facts.to(self.device)
        with self.autocast():
            logits: Tensor = self.average(films.to(self.device), told)
        return logits.float().cpu()

    def autocast(self) -> torch.autocast:
        """bfloat16 where the recipe asks for it, else nothing."""
        wanted = self.recipe.optim.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=wanted)

    def _recomputing(self) -> AbstractContextManager[None]:
        return recomputing() if self.recipe.optim.recompute else nullcontext()

    def _draw(self, n: int, step: int) -> Draw:
        chance = generator_for(self.recipe.optim.seed, "augment", step)
        return draw(n, self.recipe.augment, chance)

    def _changed(self, batch: Batch, step: int) -> Batch:
        n = len(batch.labels)
        choices, own = self._draw(n, step), self.team.share(n)
        if self.team.size > 1:
            choices = part_of(choices, own)[1]
        films = apply(batch.films.to(self.device), choices)[: len(own)]
        weights = None if batch.weights is None else batch.weights.to(self.device)
        opinions = None if batch.opinions is None else batch.opinions.to(self.device)
        facts = self._told(batch, step, own)
        return Batch(films, batch.labels.to(self.device), weights, opinions, facts)

    def _told(self, batch: Batch, step: int, own: Sequence[int]) -> Tensor | None:
        """What the network is told of this process's films: some of what is known is hidden."""
        if batch.facts is None:
            return None
        data, chance = self.recipe.data, generator_for(self.recipe.optim.seed, "facts", step)
        told = hidden(batch.facts, data.told, data.side_inputs_hidden_share, chance)
        return told[list(own)].to(self.device)

    def _wake(self) -> None:
        """Into training mode, but for what is frozen: that keeps its running statistics."""
        self.network.train()
        for layer in self.frozen:
            layer.eval()

    def _seek(self, batch: Batch) -> Tensor:
        """The loss of the whole batch; its gradient is left in the weights.

        What a label counts in the mean is decided by labels alone. So the gradient is the sum of
        those of parts of the batch, each with every other film's logits held.
        """
        n, targets = len(batch.labels), self.target.of(batch)
        own, seen = self.team.share(n), list[Tensor]()
        parts = parts_of(n, self.recipe.optim.micro_batch, own)
        for part in parts:
            facts = None if batch.facts is None else batch.facts[part]
            with self.autocast(), self._recomputing():
                some = self.network(batch.films[part], facts)
            one = len(parts) == 1
            logits = self.team.whole(some, n) if one else held_but(some, own[part], n)
            loss = self.target.loss(logits, batch, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            seen.append(some.detach())
        if len(parts) == 1:
            return loss.detach()
        return self.target.loss(self.team.whole(torch.cat(seen), n), batch, targets)

    def _descend(self, pace: Pace) -> None:
        for group in self.optimiser.param_groups:
            betas = pace.momentum, self.recipe.optim.second_beta
            group["lr"], group["betas"] = pace.lr, betas
        self.team.add_up([w.grad for w in self.network.parameters() if w.grad is not None])
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
    """The recipe's network with weights drawn from torch's global random state.

    Raises
    ------
    RecipeError
        There is no such network, it is an encoder, of which only a head is trained, or it has no
        maps that could be computed again.
    """
    network = recipe.network
    if network.name == ENCODER:
        words = "an encoder stays as it is, and only `train`, `tune folds` and `tune search` go"
        raise RecipeError(f"network.name: {words} with it; take a network of plainfilm's own.")
    built = build(
        network.name,
        n_logits,
        normalise=network.normalise,
        dropout=network.dropout,
        head=network.head,
        size=recipe.data.size,
    )
    if recipe.optim.recompute and not built.has_map:
        words = f"{network.name} has no convolutions, so no maps to compute again"
        raise RecipeError(f"optim.recompute: {words}; leave it out.")
    if recipe.data.side_inputs:
        built.take_facts(width(recipe.data.told))
    return built


def make_optimiser(network: nn.Module, optim: Optim) -> torch.optim.Optimizer:
    """Adam or AdamW of what learns; biases and normalisation layers get no weight decay."""
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    matrices = [weight for weight in learning if weight.ndim > 1]
    vectors = [weight for weight in learning if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": optim.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    betas = (optim.momentum_high, optim.second_beta)
    if optim.name == "adam":
        return torch.optim.Adam(groups, lr=optim.lr, betas=betas)
    return torch.optim.AdamW(groups, lr=optim.lr, betas=betas)
