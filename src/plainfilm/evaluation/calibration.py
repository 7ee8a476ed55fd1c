"""Scores in, probabilities and thresholds out; and how far to believe them.

A calibrator maps a score (a logit) to a probability at the prevalence of the films it was fitted
on. It never changes the order of films: every slope fitted here is positive.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import Floats, Known, Labels, Scores, known
from plainfilm.evaluation.reliability import ece
from plainfilm.evaluation.thresholds import choose_threshold

__all__ = [
    "MIN_SLOPE",
    "CrossFit",
    "Platt",
    "choose_threshold",
    "cross_fit",
    "cross_fit_with_threshold",
    "ece",
    "fit_choice_temperature",
    "fit_platt",
    "fit_temperature",
    "patient_folds",
    "sigmoid",
    "softmax",
]

MIN_SLOPE = 0.01  # a fit that would turn the order of films round stops here
_NEWTON_STEPS = 100
_CONVERGED = 1e-10

Folds = NDArray[np.intp]


@dataclass(frozen=True)
class Platt:
    """probability = sigmoid(slope * score + intercept)."""

    slope: float
    intercept: float

    def apply(self, scores: Scores) -> Floats:
        """Probabilities float64, of the shape of `scores`."""
        return sigmoid(self.slope * scores.astype(np.float64) + self.intercept)


def fit_platt(scores: Scores, labels: Labels) -> Platt:
    """The slope and intercept that make the scores (n,) of one finding probabilities.

    Maximum likelihood with Platt's smoothed targets, (n+ + 1)/(n+ + 2) for present films and
    1/(n- + 2) for absent ones, which keep a separable or tiny set finite. The slope is held at
    `MIN_SLOPE` where the films would ask for less, so that the order of films never turns round.

    Raises
    ------
    EvaluationError
        No film is present, or none is absent.

    References
    ----------
    Platt 1999, Advances in Large Margin Classifiers, chapter 5; the Newton steps are those of Lin,
    Lin and Weng 2007, Machine Learning 68:267.
    """
    films = known(scores, labels)
    targets = _smoothed(films)
    fitted = _newton(films.scores, targets, np.zeros_like(targets), slope_is_free=True)
    if fitted.slope >= MIN_SLOPE:
        return fitted
    flat = _newton(films.scores, targets, MIN_SLOPE * films.scores, slope_is_free=False)
    return Platt(MIN_SLOPE, flat.intercept)


def fit_temperature(scores: Scores, labels: Labels) -> Platt:
    """One slope for all findings, no intercept: sigmoid(score / temperature).

    For findings with too few present films for a calibrator of their own. `scores` and `labels`
    are (n,) or (n, K); a NaN label is left out.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, section 4.2.
    """
    films = known(scores.ravel(), labels.ravel())
    _smoothed(films)  # refuses a missing class
    return Platt(_best_slope(lambda slope: _loss(films, slope)), 0.0)


def fit_choice_temperature(scores: Scores, labels: Labels) -> Platt:
    """One slope, no intercept, for findings of which a film shows exactly one.

    probabilities = softmax(score / temperature). `scores` and `labels` are (n, K); a film with a
    NaN label is left out.

    Raises
    ------
    EvaluationError
        A film shows none of the findings or several, or all films show the same.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, section 4.2.
    """
    films = ~np.isnan(labels).any(axis=1)
    logits, truth = scores[films].astype(np.float64), labels[films] == 1
    if not (truth.sum(axis=1) == 1).all():
        raise EvaluationError("a film shows none of the findings or several; expected exactly one")
    if truth.any(axis=0).sum() < 2:
        raise EvaluationError("cannot calibrate on films that all show the same finding")

    def loss(slope: float) -> float:
        """The negative log-likelihood of the true findings under this slope."""
        return -float(np.log(softmax(slope * logits)[truth].clip(min=1e-300)).sum())

    return Platt(_best_slope(loss), 0.0)


def _best_slope(loss: Callable[[float], float]) -> float:
    """Where a loss with one valley over the slope is least."""
    low, high = math.log(MIN_SLOPE), math.log(100.0)
    for _ in range(100):  # shrink the bracket around the valley
        third = (high - low) / 3
        losses = [loss(math.exp(low + third)), loss(math.exp(high - third))]
        low, high = (low, high - third) if losses[0] <= losses[1] else (low + third, high)
    return math.exp((low + high) / 2)


def patient_folds(labels: Labels, patients: NDArray[np.str_], k: int, seed: int) -> Folds:
    """The fold 0 .. k-1 of each film: a patient's films stay together, both classes are spread.

    Raises
    ------
    EvaluationError
        Fewer than k patients with the finding, or fewer than k without it.
    """
    names, index = np.unique(patients, return_inverse=True)
    has_it = np.zeros(names.size, dtype=bool)
    has_it[index[labels == 1]] = True
    rng = np.random.default_rng(seed)
    fold = np.zeros(names.size, dtype=np.intp)
    start = 0
    for group in (np.flatnonzero(has_it), np.flatnonzero(~has_it)):
        if group.size < k:
            found = f"{group.size} patients of a class for {k} folds"
            raise EvaluationError(f"cannot cross-fit: {found}; use fewer folds or more films")
        fold[rng.permutation(group)] = (start + np.arange(group.size)) % k
        start += group.size
    return fold[index]


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What films say of which the calibrator and the threshold knew nothing; each float64 (n,)."""

    probability: Floats
    threshold: Floats


def cross_fit_with_threshold(
    scores: Scores, labels: Labels, patients: NDArray[np.str_], rule: str, k: int = 5, seed: int = 0
) -> CrossFit:
    """Each fold's probabilities and threshold, from a calibrator fitted on the other folds."""
    folds = patient_folds(labels, patients, k, seed)
    probability = np.full(scores.shape, np.nan)
    threshold = np.full(scores.shape, np.nan)
    for fold in range(k):
        inside = folds == fold
        platt = fit_platt(scores[~inside], labels[~inside])
        probability[inside] = platt.apply(scores[inside])
        fitted_on = platt.apply(scores[~inside])
        threshold[inside] = choose_threshold(fitted_on, labels[~inside], rule)
    return CrossFit(probability, threshold)


def cross_fit(
    scores: Scores, labels: Labels, patients: NDArray[np.str_], k: int = 5, seed: int = 0
) -> Floats:
    """Each film's probability, from a Platt calibrator fitted on other patients' films only."""
    return cross_fit_with_threshold(scores, labels, patients, "half", k, seed).probability


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    shrunk = np.exp(-np.abs(values))
    result: Floats = np.where(values >= 0, 1.0, shrunk) / (1.0 + shrunk)
    return result


def softmax(values: Floats) -> Floats:
    """Each row's exponentials as shares of their sum, without overflow."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _smoothed(films: Known) -> Floats:
    """Platt's targets; refuses a missing class."""
    n_present = int(films.present.sum())
    n_absent = films.present.size - n_present
    if n_present == 0 or n_absent == 0:
        found = f"{n_present} present and {n_absent} absent films"
        raise EvaluationError(f"cannot calibrate on {found}; expected some of each")
    return np.where(films.present, (n_present + 1) / (n_present + 2), 1 / (n_absent + 2))


def _newton(scores: Floats, targets: Floats, offset: Floats, *, slope_is_free: bool) -> Platt:
    """Maximum likelihood of sigmoid(design @ weights + offset) by damped Newton steps."""
    design = np.stack([scores * slope_is_free, np.ones_like(scores)], axis=1)
    prior = math.log(targets.mean() / (1 - targets.mean()))
    weights = np.array([0.0, prior - offset.mean()])
    loss = _cross_entropy(design @ weights + offset, targets)
    for _ in range(_NEWTON_STEPS):
        probability = sigmoid(design @ weights + offset)
        slope = design.T @ (probability - targets)
        curvature = (design.T * (probability * (1 - probability))) @ design
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), slope)
        if float(slope @ step) < _CONVERGED:
            break
        scale = 1.0
        while scale > 1e-10:
            tried = weights - scale * step
            new = _cross_entropy(design @ tried + offset, targets)
            if new < loss:
                weights, loss = tried, new
                break
            scale /= 2
        else:
            break
    return Platt(float(weights[0]), float(weights[1]))


def _loss(films: Known, slope: float) -> float:
    return _cross_entropy(slope * films.scores, films.present.astype(np.float64))


def _cross_entropy(logits: Floats, targets: Floats) -> float:
    """Summed binary cross-entropy, safe for large logits."""
    return float((np.logaddexp(0.0, logits) - targets * logits).sum())
