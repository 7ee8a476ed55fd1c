"""Scores and labels of one finding in, one number out; everything in float64.

In all functions "present" (label 1) is the positive class, "absent" (label 0) the negative one, and
a film whose label is NaN (unknown) is left out.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError

Scores = NDArray[np.floating[Any]]
Labels = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]

MIN_FILMS_FOR_ROUNDING = 20  # below this, scores of only 0 and 1 can be chance


@dataclass(frozen=True)
class Known:
    """The films whose label is known: scores float64 (n,) and present bool (n,)."""

    scores: Floats
    present: NDArray[np.bool_]


def known(scores: Scores, labels: Labels) -> Known:
    """The films whose label is known.

    Raises
    ------
    EvaluationError
        The lengths differ, a score is not finite, or a label is not 1, 0 or NaN.
    """
    if scores.ndim != 1 or scores.shape != labels.shape:
        raise EvaluationError(f"one score per label expected; found {scores.shape}, {labels.shape}")
    use = ~np.isnan(labels)
    if not np.isin(labels[use], (0, 1)).all():
        raise EvaluationError("a label is 1 (present), 0 (absent) or NaN (unknown); found another")
    values = scores[use].astype(np.float64)
    if not np.isfinite(values).all():
        raise EvaluationError("a score is not finite; leave refused films out before counting")
    return Known(values, labels[use] == 1)


def auroc(scores: Scores, labels: Labels) -> float:
    """Area under the ROC curve: the chance that a random present outranks a random absent.

    Parameters
    ----------
    scores
        (films,); higher = more likely present.
    labels
        (films,); 1 present, 0 absent, NaN unknown (left out).

    Returns
    -------
    In [0, 1]; ties count half; NaN if one class is missing.

    References
    ----------
    Hanley and McNeil 1982, Radiology 143:29.
    """
    films = known(scores, labels)
    n_present = int(films.present.sum())
    n_absent = films.present.size - n_present
    if n_present == 0 or n_absent == 0:
        return math.nan
    rank_sum = float(middle_ranks(films.scores)[films.present].sum())
    return (rank_sum - n_present * (n_present + 1) / 2) / (n_present * n_absent)


def average_precision(scores: Scores, labels: Labels) -> float:
    """Average precision: the sum of (R_n - R_(n-1)) P_n over falling thresholds, no trapezoids.

    Returns
    -------
    In [0, 1]; NaN if no film is present. Tied scores are one step.

    Warns
    -----
    UserWarning
        Every score is 0 or 1: these are decisions, and their average precision is not a curve's.

    References
    ----------
    Manning, Raghavan and Schuetze 2008, Introduction to Information Retrieval, section 8.4.
    """
    films = known(scores, labels)
    if films.scores.size >= MIN_FILMS_FOR_ROUNDING and np.isin(films.scores, (0, 1)).all():
        message = "average precision of rounded scores (all 0 or 1); give the scores themselves"
        warnings.warn(message, UserWarning, stacklevel=2)
    if not films.present.any():
        return math.nan
    curve = roc_counts(films)
    recall = curve.true_present / films.present.sum()
    precision = curve.true_present / (curve.true_present + curve.false_present)
    return float((np.diff(recall, prepend=0.0) * precision).sum())


@dataclass(frozen=True)
class CurveCounts:
    """Counts at every distinct score used as threshold, from the highest down; each (steps,)."""

    thresholds: Floats
    true_present: Floats
    false_present: Floats


def roc_counts(films: Known) -> CurveCounts:
    """True and false positives at each distinct score, from the highest down."""
    order = np.argsort(-films.scores, kind="stable")
    scores, present = films.scores[order], films.present[order]
    ends = np.append(np.flatnonzero(np.diff(scores)), scores.size - 1)
    true_present = np.cumsum(present, dtype=np.float64)[ends]
    return CurveCounts(scores[ends], true_present, ends + 1.0 - true_present)


@dataclass(frozen=True)
class Confusion:
    """Counts of one finding at one threshold; each rate is NaN where its denominator is 0."""

    true_present: int
    false_present: int
    true_absent: int
    false_absent: int

    @property
    def sensitivity(self) -> float:
        """Share of the present films that are called present (recall)."""
        return _ratio(self.true_present, self.true_present + self.false_absent)

    @property
    def specificity(self) -> float:
        """Share of the absent films that are called absent."""
        return _ratio(self.true_absent, self.true_absent + self.false_present)

    @property
    def ppv(self) -> float:
        """Share of the films called present that are (precision); depends on prevalence."""
        return _ratio(self.true_present, self.true_present + self.false_present)

    @property
    def npv(self) -> float:
        """Share of the films called absent that are; depends on prevalence."""
        return _ratio(self.true_absent, self.true_absent + self.false_absent)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def accuracy(self) -> float:
        """Share of the films called right."""
        n = self.true_present + self.false_present + self.true_absent + self.false_absent
        return _ratio(self.true_present + self.true_absent, n)

    @property
    def f1(self) -> float:
        """Harmonic mean of ppv and sensitivity, of the class "present", unweighted."""
        wrong = self.false_present + self.false_absent
        return _ratio(2 * self.true_present, 2 * self.true_present + wrong)

    @property
    def kappa(self) -> float:
        """Cohen's kappa of label and call: agreement beyond chance, in [-1, 1].

        References
        ----------
        Cohen 1960, Educational and Psychological Measurement 20:37.
        """
        a, b, c, d = self.true_present, self.false_present, self.true_absent, self.false_absent
        return _ratio(2 * (a * c - b * d), (a + b) * (b + c) + (a + d) * (d + c))

    @property
    def mcc(self) -> float:
        """Matthews' correlation of label and call, in [-1, 1]."""
        a, b, c, d = self.true_present, self.false_present, self.true_absent, self.false_absent
        return _ratio(a * c - b * d, math.sqrt((a + b) * (a + d) * (c + b) * (c + d)))


def confusion_at(probability: Scores, labels: Labels, threshold: float) -> Confusion:
    """The four counts where a film is called present when its probability >= threshold."""
    films = known(probability, labels)
    called = films.scores >= threshold
    return Confusion(
        true_present=int((called & films.present).sum()),
        false_present=int((called & ~films.present).sum()),
        true_absent=int((~called & ~films.present).sum()),
        false_absent=int((~called & films.present).sum()),
    )


def brier(probability: Scores, labels: Labels) -> float:
    """Mean squared distance of probability and label; NaN where no label is known.

    References
    ----------
    Brier 1950, Monthly Weather Review 78:1.
    """
    films = known(probability, labels)
    if films.scores.size == 0:
        return math.nan
    return float(((films.scores - films.present) ** 2).mean())


def middle_ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing the middle one."""
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle: Floats = (last - (count - 1) / 2)[group]
    return middle


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
