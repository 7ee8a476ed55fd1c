"""Films of patients in, 95 % intervals out: the bootstrap draws patients, not films.

Films of one patient resemble each other, so drawing films makes intervals too narrow, up to 1.8
times in ChestX-ray14. A draw is written as how often each patient was drawn; a film weighs what its
patient weighs. Films are sorted once, and every draw is then a pass over weights.

References
----------
Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13 (percentile interval);
Field and Welsh 2007, Journal of the Royal Statistical Society B 69:369 (clusters).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import Floats, Labels, Scores

LEVEL = 0.95
N_DRAWS = 2000
TOO_FEW = 10  # present films, below which a finding's numbers mean little
_CHUNK = 4_000_000  # weights at once: 32 MB

Weights = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval over patients; NaN where it cannot be computed."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class PatientDraws:
    """How often each draw took each patient.

    Parameters
    ----------
    counts
        float32 (draws, patients); whole numbers, each row adds up to the number of patients.
    patient_of
        intp (films,); the column of each film's patient.
    """

    counts: NDArray[np.float32]
    patient_of: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.counts)

    def weights(self, rows: slice, films: NDArray[np.intp]) -> NDArray[np.float32]:
        """The weight of each of `films` in each of the draws `rows`: (draws, films)."""
        return np.take(self.counts[rows], self.patient_of[films], axis=1)

    def sums(self, values: Floats) -> Floats:
        """Each draw's sum over films of `values` (films, m): float64 (draws, m)."""
        per_patient = np.zeros((self.counts.shape[1], values.shape[1]))
        np.add.at(per_patient, self.patient_of, values)
        parts = (self.counts[start : start + 256] for start in range(0, len(self), 256))
        return np.concatenate([part.astype(np.float64) @ per_patient for part in parts])


def draw_patients(patients: NDArray[np.str_], draws: int = N_DRAWS, seed: int = 0) -> PatientDraws:
    """Draw as many patients as there are, with replacement, `draws` times.

    Parameters
    ----------
    patients
        (films,); the patient of each film.
    draws
        How many.
    seed
        The same seed draws the same patients.

    Raises
    ------
    EvaluationError
        There is no film, or `draws` is not positive.
    """
    if patients.size == 0 or draws < 1:
        raise EvaluationError(f"cannot draw {draws} times from {patients.size} films")
    names, patient_of = np.unique(patients, return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = np.empty((draws, names.size), dtype=np.float32)
    for row in counts:
        row[:] = np.bincount(rng.integers(names.size, size=names.size), minlength=names.size)
    return PatientDraws(counts, patient_of)


def interval(value: float, drawn: Floats) -> Interval:
    """The percentile interval of `value`; draws that missed a class (NaN) are left out."""
    usable = drawn[np.isfinite(drawn)]
    if usable.size == 0 or math.isnan(value):
        return Interval(value, math.nan, math.nan)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def mean_interval(draws: PatientDraws, values: Floats) -> Interval:
    """The mean of `values` (films,) with its interval; NaN is left out, of nothing else NaN."""
    use = np.isfinite(values)
    if not use.any():
        return Interval(math.nan, math.nan, math.nan)
    sums = draws.sums(np.stack([np.where(use, values, 0.0), use], axis=1).astype(np.float64))
    with np.errstate(invalid="ignore"):
        means: Floats = sums[:, 0] / sums[:, 1]
    return interval(float(values[use].mean()), means)


@dataclass(frozen=True, eq=False)
class RankedDraws:
    """AUROC and average precision of each draw, float64 (draws,); NaN where a class is missing."""

    auroc: Floats
    average_precision: Floats


def rank_draws(draws: PatientDraws, scores: Scores, labels: Labels) -> RankedDraws:
    """AUROC and average precision of one finding in every draw; NaN labels are left out.

    Only scores that a present film has add to either number, so each draw needs one running sum
    over all films and sums over the present ones.
    """
    films = np.flatnonzero(~np.isnan(labels))
    films = films[np.argsort(-scores[films].astype(np.float64), kind="stable")]
    present = labels[films] == 1
    empty = np.full(len(draws), np.nan)
    if not present.any():
        return RankedDraws(empty, empty)
    ties = _Ties(scores[films], present)
    size = max(1, _CHUNK // films.size)
    parts = [
        _weighted_ranks(draws.weights(slice(start, start + size), films), ties)
        for start in range(0, len(draws), size)
    ]
    both = np.concatenate(parts, axis=1)
    return RankedDraws(both[0], both[1])


class _Ties:
    """Where the runs of equal scores that hold a present film start and end, in sorted films."""

    def __init__(self, scores: Scores, present: NDArray[np.bool_]) -> None:
        starts = np.append(0, np.flatnonzero(np.diff(scores)) + 1)
        group = np.repeat(np.arange(starts.size), np.diff(np.append(starts, scores.size)))
        self.present = np.flatnonzero(present)
        holding, first = np.unique(group[self.present], return_index=True)
        self.first_present = first
        self.before = starts[holding]  # films ranked above the run
        self.upto = np.append(starts[1:], scores.size)[holding]


def _weighted_ranks(weights: NDArray[np.float32], ties: _Ties) -> Floats:
    """AUROC and average precision, float64 (2, draws), of weights (draws, films from the top)."""
    running = np.zeros((weights.shape[0], weights.shape[1] + 1), dtype=np.float64)
    np.cumsum(weights, axis=1, dtype=np.float64, out=running[:, 1:])
    present = np.add.reduceat(
        weights[:, ties.present].astype(np.float64), ties.first_present, axis=1
    )
    present_upto = np.cumsum(present, axis=1)
    n_present = present_upto[:, -1]
    n_absent = running[:, -1] - n_present
    flagged, above = running[:, ties.upto], running[:, ties.before]
    absent_here = flagged - above - present
    absent_below = n_absent[:, None] - (flagged - present_upto)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (present * (absent_below + absent_here / 2)).sum(axis=1) / (n_present * n_absent)
        precision = present_upto / np.where(flagged == 0, 1.0, flagged)
        mean_precision = (present * precision).sum(axis=1) / n_present
    return np.stack([area, mean_precision])
