"""A last layer learned on frozen features, pulled towards the one that was there.

The pull is a Gaussian prior on the change of every weight, in units of its feature's spread. Its
strength is chosen crosswise by patient; the strongest keeps the old layer, which is then only
brought to the films' own scale.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plainfilm.adapting.fitting import FOLDS, Fitted, deal_patients, each_fold, fit, speak
from plainfilm.adapting.last_layer import LastLayer
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Floats
from plainfilm.training.calibrate import Seen, calibrate, calibrate_choice
from plainfilm.training.graph import Link

PULLS = (math.inf, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)  # strongest first
_STEPS = 100
_SPREAD = 1e-6  # a feature that varies less says nothing of these films


@dataclass(frozen=True, eq=False)
class Known:
    """Films by what stands before the layer: `features` float64 (n, V), `labels` float32 (n, K)."""

    features: Floats
    labels: NDArray[np.float32]
    patients: NDArray[np.str_]

    def rows(self, rows: NDArray[np.bool_]) -> "Known":
        """Some of the films."""
        return Known(self.features[rows], self.labels[rows], self.patients[rows])


@dataclass(frozen=True, eq=False)
class Layer:
    """score = features @ weight.T + bias: float64 (K, V) and (K,)."""

    weight: Floats
    bias: Floats

    def scores(self, features: Floats) -> Floats:
        """float64 (n, K)."""
        scores: Floats = features @ self.weight.T + self.bias
        return scores


@dataclass(frozen=True, eq=False)
class Relearned:
    """A layer, the calibrators and thresholds for its scores, and the strength of the pull."""

    layer: Layer
    fitted: Fitted
    pull: float


def first_layer(last: LastLayer, kept: Sequence[int]) -> Layer:
    """The layer that was there, of the kept findings."""
    return Layer(last.weight[list(kept)], last.bias[list(kept)])


def relearn(films: Known, old: Layer, names: Sequence[str], link: Link, rule: str) -> Relearned:
    """The layer that says the labels best, with calibrators from scores of unseen patients.

    Raises
    ------
    EvaluationError
        Fewer than five patients, or there is no such rule.
    RunError
        As `fitting.fit`.
    """
    folds = deal_patients(films.labels, films.patients)
    across = {pull: np.empty(films.labels.shape) for pull in PULLS}
    for fold in range(FOLDS):
        inside = folds == fold
        layers = learn(films.rows(~inside), old, names, link)
        for pull, layer in layers.items():
            across[pull][inside] = layer.scores(films.features[inside])
    pull = min(PULLS, key=lambda each: _loss(across[each], films.labels, link))
    fitted = fit(_seen(across[pull], films), names, link, rule)
    return Relearned(learn(films, old, names, link, (pull,))[pull], fitted, pull)


def relearn_across(
    films: Known, old: Layer, names: Sequence[str], link: Link, rule: str
) -> CrossFit:
    """Probabilities and thresholds (n, K) by layers and calibrators that saw other patients only.

    Raises as `relearn`, without a fifth of the patients.
    """

    def judged(inside: NDArray[np.bool_]) -> tuple[Floats, Fitted]:
        """What a layer learned on the others says of the films inside."""
        found = relearn(films.rows(~inside), old, names, link, rule)
        scores = found.layer.scores(films.features[inside])
        return speak(_seen(scores, films.rows(inside)), found.fitted.platts, link), found.fitted

    return each_fold(deal_patients(films.labels, films.patients), names, judged)


def learn(
    films: Known, old: Layer, names: Sequence[str], link: Link, pulls: Sequence[float] = PULLS
) -> dict[float, Layer]:
    """For each strength the layer of largest posterior, from the old one, calibrated."""
    start = _to_scale(films, old, names, link)
    spread = films.features.std(axis=0)
    middle = films.features.mean(axis=0)
    scale = np.where(spread > _SPREAD, 1 / np.maximum(spread, _SPREAD), 0.0)
    standard = torch.from_numpy((films.features - middle) * scale)
    held = torch.from_numpy(start.scores(films.features))
    labels = torch.from_numpy(films.labels.astype(np.float64))
    found: dict[float, Layer] = {}
    weight, bias = torch.zeros(start.weight.shape).double(), torch.zeros(len(names)).double()
    for pull in pulls:
        if math.isinf(pull):
            found[pull] = start
            continue
        weight, bias = _climb(_Problem(standard, held, labels, pull, link), weight, bias)
        change = weight.numpy() * scale
        found[pull] = Layer(start.weight + change, start.bias + bias.numpy() - change @ middle)
    return found


@dataclass(frozen=True, eq=False)
class _Problem:
    """What the change of a layer must make small."""

    features: Tensor
    held: Tensor
    labels: Tensor
    pull: float
    link: Link

    def cost(self, weight: Tensor, bias: Tensor) -> Tensor:
        logits = self.held + self.features @ weight.T + bias
        return _cost(logits, self.labels, self.link) + self.pull * weight.square().sum() / 2


def _climb(problem: _Problem, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Newton-like steps to the one minimum, from a stronger pull's."""
    weight = weight.clone().requires_grad_(True)
    bias = bias.clone().requires_grad_(True)
    steps = torch.optim.LBFGS(
        [weight, bias], max_iter=_STEPS, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        steps.zero_grad()
        cost = problem.cost(weight, bias)
        cost.backward()  # type: ignore[no-untyped-call]
        return cost

    steps.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def _to_scale(films: Known, old: Layer, names: Sequence[str], link: Link) -> Layer:
    seen = _seen(old.scores(films.features), films)
    platts = (calibrate_choice if link == "softmax" else calibrate)(seen, names).platts
    slopes = np.array([platt.slope for platt in platts])
    intercepts = np.array([platt.intercept for platt in platts])
    return Layer(slopes[:, None] * old.weight, slopes * old.bias + intercepts)


def _cost(logits: Tensor, labels: Tensor, link: Link) -> Tensor:
    """The films' negative log-likelihood, summed over the known labels."""
    known = ~torch.isnan(labels)
    if link == "softmax":
        shown = torch.where(known, labels, 0.0)
        return -(shown * logits.log_softmax(dim=1)).sum()
    filled = torch.where(known, labels, 0.0)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, filled, reduction="none")
    return torch.where(known, each, 0.0).sum()


def _loss(scores: Floats, labels: NDArray[np.float32], link: Link) -> float:
    return float(_cost(torch.from_numpy(scores), torch.from_numpy(labels.astype(np.float64)), link))


def _seen(scores: Floats, films: Known) -> Seen:
    return Seen(scores, np.full(len(scores), np.nan), films.labels, 0.0)
