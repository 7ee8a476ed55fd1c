"""Whole networks trained on, from a bundle's weights, with a low rate and an early end.

Normalisations keep their statistics and nothing drops out, so the first step begins at the very
bundle. What is kept is the epoch that says the stopping films' labels best; where none beats the
bundle, brought to the films' own scale, that is what comes back.
"""

import copy
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from plainfilm.adapting.fitting import Fitted, deal_patients, each_fold, fit, speak
from plainfilm.errors import RunError
from plainfilm.evaluation.calibration import CrossFit, Platt
from plainfilm.evaluation.metrics import Floats
from plainfilm.networks import Classifier
from plainfilm.training.augment import Augment, apply, draw
from plainfilm.training.calibrate import Seen, calibrate, calibrate_choice
from plainfilm.training.chance import generator_for
from plainfilm.training.graph import Link
from plainfilm.training.losses import masked_bce, weighted_cross_entropy

BODY_RATE, HEAD_RATE = 1e-4, 1e-3
WEIGHT_DECAY = 0.01
EPOCHS, PATIENCE = 12, 3
BATCH = 32
SEED = 0
# Of the calibrators that bring the bundle to the films' scale. A slope near 0 would leave the
# layers before the last one almost without a gradient.
SLOPES = (0.25, 4.0)

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Squares:
    """Films as the networks take them: `films` float16 (n, 1, S, S), `labels` float32 (n, K)."""

    films: Tensor
    labels: NDArray[np.float32]
    patients: NDArray[np.str_]


@dataclass(frozen=True)
class Way:
    """How to train: the films' names of findings, their link, the changes of films, the rule."""

    names: Sequence[str]
    link: Link
    augment: Augment
    rule: str


@dataclass(frozen=True, eq=False)
class Tuned:
    """Networks with calibrators and thresholds; how many epochs were kept, and were seen."""

    networks: tuple[Classifier, ...]
    fitted: Fitted
    kept_epoch: int
    epochs: int
    stopping: Rows


def tune(networks: Sequence[Classifier], films: Squares, rows: Rows, way: Way) -> Tuned:
    """Train on some of the films; a fifth of their patients say when to stop, and calibrate.

    Raises
    ------
    EvaluationError
        Fewer than five patients, or there is no such rule.
    RunError
        As `fitting.fit` on the fifth; or the loss is not a number.
    """
    stopping = deal_patients(films.labels[rows], films.patients[rows]) == 0
    learning, judging = rows[~stopping], rows[stopping]
    training = _Training(networks, films, way)
    best, kept, epoch = training.begin(learning, judging), 0, 0
    chosen = training.first
    for epoch in tqdm(range(1, EPOCHS + 1), unit="epoch", desc="train", disable=None, leave=False):
        training.learn(learning, epoch)
        loss = training.loss(training.networks, judging)
        if loss < best:
            best, kept, chosen = loss, epoch, copy.deepcopy(training.networks)
        if epoch - kept >= PATIENCE:
            break
    seen = _seen(judge(chosen, films, judging), films, judging)
    return Tuned(tuple(chosen), fit(seen, way.names, way.link, way.rule), kept, epoch, judging)


def tune_across(networks: Sequence[Classifier], films: Squares, way: Way) -> CrossFit:
    """Probabilities and thresholds (n, K) of films by networks that saw other patients only.

    Raises as `tune`, without a fifth of the patients.
    """

    def judged(inside: NDArray[np.bool_]) -> tuple[Floats, Fitted]:
        """What networks tuned on the others say of the films inside."""
        rows = np.flatnonzero(inside)
        tuned = tune(networks, films, np.flatnonzero(~inside), way)
        seen = _seen(judge(tuned.networks, films, rows), films, rows)
        return speak(seen, tuned.fitted.platts, way.link), tuned.fitted

    return each_fold(deal_patients(films.labels, films.patients, seed=1), way.names, judged)


def judge(networks: Sequence[Classifier], films: Squares, rows: Rows) -> Floats:
    """The networks' mean logits, float64 (rows, K)."""
    said = []
    with torch.no_grad():
        for part in _parts(rows):
            batch = films.films[torch.from_numpy(part)].float()
            said.append(torch.stack([network(batch) for network in networks]).mean(dim=0))
    return torch.cat(said).double().numpy()


@dataclass(eq=False)
class _Training:
    """Networks on their way, beginning as copies of `first`."""

    first: Sequence[Classifier]
    films: Squares
    way: Way
    networks: list[Classifier] = field(init=False)
    optimiser: torch.optim.Optimizer = field(init=False)

    def begin(self, learning: Rows, judging: Rows) -> float:
        """Bring the networks to the films' scale; the loss to beat."""
        seen = _seen(judge(self.first, self.films, learning), self.films, learning)
        choice = self.way.link == "softmax"
        platts = (calibrate_choice if choice else calibrate)(seen, self.way.names).platts
        self.first = _scaled(self.first, platts)
        loss = self.loss(self.first, judging)
        self.networks = _scaled(self.first, [_steep(platt) for platt in platts])
        self.optimiser = _optimiser(self.networks)
        return loss

    def learn(self, rows: Rows, epoch: int) -> None:
        """One pass over the films, each changed at random, each network by itself."""
        chance = generator_for(SEED, "adapt", epoch)
        order = rows[torch.randperm(len(rows), generator=chance).numpy()]
        for part in _parts(order):
            batch = self.films.films[torch.from_numpy(part)].float()
            batch = apply(batch, draw(len(part), self.way.augment, chance))
            labels = torch.from_numpy(self.films.labels[part])
            self.optimiser.zero_grad()
            losses = [self._loss(network(batch), labels) for network in self.networks]
            total = torch.stack(losses).sum()
            if not math.isfinite(float(total.detach())):
                raise RunError("the loss is not a number; adapt the last layer only (--head)")
            total.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()

    def loss(self, networks: Sequence[Classifier], rows: Rows) -> float:
        """Of the networks' mean on unchanged films."""
        logits = torch.from_numpy(judge(networks, self.films, rows))
        return float(self._loss(logits, torch.from_numpy(self.films.labels[rows])))

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        chosen = weighted_cross_entropy if self.way.link == "softmax" else masked_bce
        return chosen(logits, labels)


def _scaled(networks: Sequence[Classifier], platts: Sequence[Platt]) -> list[Classifier]:
    """Copies whose logits are slope x logit + intercept."""
    slopes = torch.tensor([platt.slope for platt in platts])
    intercepts = torch.tensor([platt.intercept for platt in platts])
    copies = [copy.deepcopy(network).eval() for network in networks]
    with torch.no_grad():
        for network in copies:
            network.head.weight.mul_(slopes[:, None])
            network.head.bias.mul_(slopes).add_(intercepts)
    return copies


def _steep(platt: Platt) -> Platt:
    """What makes a network that was scaled by `platt` as steep as `SLOPES` asks for."""
    low, high = SLOPES
    wanted = min(max(abs(platt.slope), low), high)
    return Platt(wanted / abs(platt.slope) if platt.slope else 1.0, 0.0)


def _optimiser(networks: Sequence[Classifier]) -> torch.optim.Optimizer:
    """AdamW; heads learn faster than bodies, vectors get no weight decay."""
    groups: list[dict[str, object]] = []
    for rate, of_head in ((BODY_RATE, False), (HEAD_RATE, True)):
        weights = list(_weights(networks, of_head=of_head))
        for decay, some in (
            (WEIGHT_DECAY, [each for each in weights if each.ndim > 1]),
            (0.0, [each for each in weights if each.ndim <= 1]),
        ):
            groups.append({"params": some, "lr": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups)


def _weights(networks: Sequence[Classifier], *, of_head: bool) -> Iterator[nn.Parameter]:
    heads = {id(w) for network in networks for w in network.classifier.parameters()}
    every = itertools.chain.from_iterable(network.parameters() for network in networks)
    return (weight for weight in every if (id(weight) in heads) is of_head)


def _parts(rows: Rows) -> list[Rows]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _seen(scores: Floats, films: Squares, rows: Rows) -> Seen:
    return Seen(scores, np.full(len(scores), np.nan), films.labels[rows], 0.0)
