"""Calibration as a line: label against logit of the probability, by logistic regression.

The slope is 1 and the intercept 0 where probabilities are right. A slope below 1 says that they are
too extreme; an intercept below 0 that they are too high on the whole. The intercept is the one of a
line whose slope is held at 1 (calibration in the large).

The interval's draws take one Newton step each from the fit on all films: a sum over patients, which
is fast; its ends lie within a tenth of the interval's width of those of fits done anew
(`tests/evaluation/test_slope.py`).

References
----------
Van Calster et al. 2019, BMC Medicine 17:230 (slope and intercept); Shao and Tu 1995, The Jackknife
and Bootstrap, section 5.4 (one step).
"""

import math
from dataclasses import dataclass

import numpy as np

from plainfilm.evaluation.bootstrap import Interval, PatientDraws, interval
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.metrics import Floats, Labels, Scores, known

_CLIP = 1e-7  # probabilities of exactly 0 and 1 have no logit
_STEPS = 50
_STEEPEST = 100.0  # beyond it the films are as good as separated, and there is no slope

_NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class CalibrationLine:
    """Slope and intercept; NaN where a class is missing or the classes are separated."""

    slope: Interval = _NOTHING
    intercept: Interval = _NOTHING


def logit(probability: Scores) -> Floats:
    """ln(p / (1 - p)), with p held off 0 and 1 by 1e-7."""
    held = np.clip(probability.astype(np.float64), _CLIP, 1 - _CLIP)
    line: Floats = np.log(held) - np.log1p(-held)
    return line


def calibration_line(draws: PatientDraws, probability: Scores, labels: Labels) -> CalibrationLine:
    """The line of one finding; probabilities and labels (n,), NaN labels are left out."""
    use = ~np.isnan(labels)
    present = known(probability, labels).present
    if present.sum() in (0, present.size):
        return CalibrationLine()
    x, y = logit(np.where(use, probability, 0.5)), np.where(use, labels, 0.0)
    weights = fit_line(x[use], y[use])
    shift = fit_intercept(x[use], y[use])
    fitted = sigmoid(x + shift)
    drawn = draws.sums(np.stack([(y - fitted) * use, fitted * (1 - fitted) * use], axis=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        intercept = interval(shift, shift + drawn[:, 0] / drawn[:, 1])
    if weights is None:
        return CalibrationLine(_NOTHING, intercept)
    return CalibrationLine(_slope(draws, (x, y, use.astype(np.float64)), weights), intercept)


def fit_line(x: Floats, y: Floats) -> tuple[float, float] | None:
    """Slope and intercept of greatest likelihood of labels y given x; None where there is none."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    weights = np.array([0.0, fit_intercept(np.zeros_like(x), y)])
    loss = _loss(design @ weights, y)
    for _ in range(_STEPS):
        fitted = sigmoid(design @ weights)
        curvature = (design.T * (fitted * (1 - fitted))) @ design
        if not np.linalg.det(curvature) > 0 or abs(weights[0]) > _STEEPEST:
            return None
        step = np.linalg.solve(curvature, design.T @ (y - fitted))
        while (new := _loss(design @ (weights + step), y)) > loss + 1e-9:
            step /= 2
        weights, loss = weights + step, new
        if np.abs(step).max() < 1e-10:
            return float(weights[0]), float(weights[1])
    return None


def fit_intercept(x: Floats, y: Floats) -> float:
    """The shift of all logits under which the mean probability is the share of y."""
    low, high = -60.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        if sigmoid(x + middle).mean() < y.mean():
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _loss(line: Floats, y: Floats) -> float:
    return float((np.logaddexp(0.0, line) - y * line).sum())


def _slope(
    draws: PatientDraws, films: tuple[Floats, Floats, Floats], weights: tuple[float, float]
) -> Interval:
    x, y, use = films
    fitted = sigmoid(weights[0] * x + weights[1])
    spread, gap = fitted * (1 - fitted) * use, (y - fitted) * use
    a, b, c, g, h = draws.sums(np.stack([spread * x * x, spread * x, spread, gap * x, gap], 1)).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return interval(weights[0], weights[0] + (c * g - b * h) / (a * c - b * b))
