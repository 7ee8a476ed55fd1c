"""What follows from probabilities and thresholds, with intervals: error rates and calibration."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.bootstrap import Interval, PatientDraws, interval
from plainfilm.evaluation.calibration import CrossFit, cross_fit_with_threshold
from plainfilm.evaluation.inversion import CalibrationError, invert_error
from plainfilm.evaluation.metrics import Confusion, Floats, Labels, Scores, brier
from plainfilm.evaluation.reliability import (
    N_BINS,
    Bins,
    equal_mass_bins,
    equal_width_bins,
)
from plainfilm.evaluation.slope import calibration_line

MAX_FOLDS = 5

_NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class OperatingPoint:
    """The rates of one finding at its threshold, as in `metrics.Confusion`.

    `confusion` holds the four counts; None where there is no threshold to count at.
    """

    confusion: Confusion | None = None
    sensitivity: Interval = _NOTHING
    specificity: Interval = _NOTHING
    ppv: Interval = _NOTHING
    npv: Interval = _NOTHING
    balanced_accuracy: Interval = _NOTHING
    accuracy: Interval = _NOTHING
    f1: Interval = _NOTHING
    f1_macro: Interval = _NOTHING
    f1_weighted: Interval = _NOTHING
    kappa: Interval = _NOTHING
    mcc: Interval = _NOTHING


@dataclass(frozen=True)
class CalibrationNumbers:
    """How far the probabilities of one finding can be believed."""

    ece: Interval = _NOTHING
    ece_debiased: float = math.nan
    ece_equal_mass: Interval = _NOTHING
    ece_equal_mass_debiased: float = math.nan
    brier: Interval = _NOTHING
    calibration_slope: Interval = _NOTHING
    calibration_intercept: Interval = _NOTHING


def refit_across(
    scores: Scores, labels: Labels, patients: NDArray[np.str_], rule: str, seed: int
) -> CrossFit | None:
    """Probabilities and thresholds of films, each from a calibrator that saw other patients only.

    A film whose label is NaN gets NaN. Five folds, or as many as the rarer class has patients;
    None where that leaves fewer than two.

    Raises
    ------
    EvaluationError
        There is no such rule.
    """
    known = ~np.isnan(labels)
    sick = {str(p) for p in patients[labels == 1]}
    n_patients = np.unique(patients[known]).size
    folds = min(MAX_FOLDS, len(sick), n_patients - len(sick))
    if folds < 2:
        return None
    fit = cross_fit_with_threshold(scores[known], labels[known], patients[known], rule, folds, seed)
    probability, threshold = np.full(labels.shape, np.nan), np.full(labels.shape, np.nan)
    probability[known], threshold[known] = fit.probability, fit.threshold
    return CrossFit(probability, threshold)


def operating_point(
    draws: PatientDraws, probability: Scores, labels: Labels, threshold: float | Floats
) -> OperatingPoint:
    """Rates where a film counts as present from `threshold` (one, or one per film) on."""
    called = probability >= threshold
    present, absent = labels == 1, labels == 0  # NaN is neither
    cells = np.stack([called & present, called & absent, ~called & absent, ~called & present], 1)
    counts = cells.sum(axis=0)
    whole = _rates(counts[None].astype(np.float64))
    drawn = _rates(draws.sums(cells.astype(np.float64)))
    rates = (interval(float(w[0]), d) for w, d in zip(whole, drawn, strict=True))
    return OperatingPoint(Confusion(*counts.tolist()), *rates)


def calibration_numbers(
    draws: PatientDraws, probability: Scores, labels: Labels
) -> CalibrationNumbers:
    """Calibration errors over 15 bins of equal width and of equal mass, Brier score and line.

    The bins stay those of the whole set in every draw. The errors' intervals are `invert_error`'s.
    """
    films = ~np.isnan(labels)
    n_drawn = draws.sums(films[:, None].astype(np.float64))[:, 0]
    if not films.any():
        return CalibrationNumbers()
    gap = np.where(films, probability - labels, 0.0).astype(np.float64)
    width, mass = np.zeros(films.size, np.intp), np.zeros(films.size, np.intp)
    width[films] = equal_width_bins(probability[films])
    mass[films] = equal_mass_bins(probability[films])
    by_width, by_mass = (
        _error(draws, gap, bins, n_drawn, int(films.sum())) for bins in (width, mass)
    )
    squared = draws.sums(gap[:, None] ** 2)[:, 0]
    line = calibration_line(draws, probability, labels)
    return CalibrationNumbers(
        by_width.plain,
        by_width.debiased,
        by_mass.plain,
        by_mass.debiased,
        interval(brier(probability, labels), _divide(squared, n_drawn)),
        line.slope,
        line.intercept,
    )


def _rates(counts: Floats) -> tuple[Floats, ...]:
    """The rates of `OperatingPoint`, in its order, of (draws, tp fp tn fn)."""
    tp, fp, tn, fn = counts.T
    sensitivity, specificity = _divide(tp, tp + fn), _divide(tn, tn + fp)
    f1_present, f1_absent = (_divide(2 * right, 2 * right + fp + fn) for right in (tp, tn))
    n, chance = counts.sum(axis=1), (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)
    return (
        sensitivity,
        specificity,
        _divide(tp, tp + fp),
        _divide(tn, tn + fn),
        (sensitivity + specificity) / 2,
        _divide(tp + tn, n),
        f1_present,
        (f1_present + f1_absent) / 2,
        _divide((tp + fn) * f1_present + (tn + fp) * f1_absent, n),
        _divide(2 * (tp * tn - fp * fn), chance),
        _divide(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
    )


def _error(
    draws: PatientDraws, gap: Floats, bins: Bins, n_drawn: Floats, n_films: int
) -> CalibrationError:
    spread = np.zeros((gap.size, N_BINS))
    spread[np.arange(gap.size), bins] = gap
    drawn = draws.sums(spread)
    return invert_error(
        spread.sum(axis=0) / n_films,
        _divide(drawn, np.repeat(n_drawn[:, None], N_BINS, axis=1)),
    )


def _divide(part: Floats, whole: NDArray[np.floating[Any]]) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return share
