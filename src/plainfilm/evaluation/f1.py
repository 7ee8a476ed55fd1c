"""F1 in all its variants: which classes are averaged, and how, changes the number a great deal.

One finding has two classes, absent and present (`two_class_f1`); the findings of a film that may
show several are averaged in four ways (`findings_f1`). "Binary" is the F1 of "present" alone, the
one the product means where it says F1.

| variant | of one finding's two classes | of many findings |
|---|---|---|
| binary | F1 of "present" | - |
| micro | counts of both classes added up: the accuracy | counts of all findings added up |
| macro | plain mean of both F1 | plain mean of the findings' F1 |
| weighted | mean weighted by the films of each class | mean weighted by present films |
| samples | no such thing | mean over films of each film's own F1 |
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import Interval, PatientDraws, interval
from plainfilm.evaluation.metrics import Confusion, Floats, Labels

Calls = NDArray[np.bool_]


@dataclass(frozen=True)
class TwoClassF1:
    """F1 of one finding; each NaN where it has no denominator. `per_class` is (absent, present)."""

    binary: float
    micro: float
    macro: float
    weighted: float
    per_class: tuple[float, float]


def two_class_f1(counts: Confusion, weights: tuple[float, float] = (1.0, 1.0)) -> TwoClassF1:
    """The variants for one finding.

    Parameters
    ----------
    counts
        At one threshold.
    weights
        What an absent and a present film count. The product counts each film once; other weights
        are there to compute others' numbers again, and are to be named beside the number.
    """
    absent, present = weights
    true_absent, false_present = absent * counts.true_absent, absent * counts.false_present
    true_present, false_absent = present * counts.true_present, present * counts.false_absent
    wrong = false_present + false_absent
    of_absent = _ratio(2 * true_absent, 2 * true_absent + wrong)
    of_present = _ratio(2 * true_present, 2 * true_present + wrong)
    n_absent, n_present = true_absent + false_present, true_present + false_absent
    return TwoClassF1(
        binary=of_present,
        micro=_ratio(true_absent + true_present, n_absent + n_present),
        macro=(of_absent + of_present) / 2,
        weighted=_ratio(n_absent * of_absent + n_present * of_present, n_absent + n_present),
        per_class=(of_absent, of_present),
    )


@dataclass(frozen=True)
class FindingsF1:
    """F1 over several findings, each with its interval.

    A finding that no film shows and none is called counts 0 in `macro`, and so does a film in
    `samples`, as is usual; a set with many healthy films has a low `samples` for that alone.
    """

    micro: Interval
    macro: Interval
    weighted: Interval
    samples: Interval


def findings_f1(labels: Labels, called: Calls, draws: PatientDraws) -> FindingsF1:
    """The four averages over findings.

    Parameters
    ----------
    labels
        (n, K): 1 present, 0 absent, NaN unknown (left out).
    called
        bool (n, K): called present.
    draws
        Of the films' patients.

    Raises
    ------
    EvaluationError
        There are fewer than two findings: then `two_class_f1` is meant.
    """
    if labels.ndim != 2 or labels.shape[1] < 2:
        raise EvaluationError("F1 over findings needs labels of two or more; use two_class_f1")
    right, said, there = (called & (labels == 1), called & ~np.isnan(labels), labels == 1)
    cells = np.concatenate([right, said, there], axis=1).astype(np.float64)
    known = ~np.isnan(labels).all(axis=1)
    of_film = np.where(known, _f1(right.sum(1), said.sum(1), there.sum(1)), 0.0)
    values = np.concatenate([cells, np.stack([of_film, known], axis=1)], axis=1)
    whole, drawn = _averages(values.sum(axis=0)[None]), _averages(draws.sums(values))
    return FindingsF1(*(interval(float(w[0]), d) for w, d in zip(whole, drawn, strict=True)))


def _averages(sums: Floats) -> tuple[Floats, ...]:
    """Micro, macro, weighted and samples, each (draws,), of summed cells (draws, 3 K + 2)."""
    right, said, there = np.split(sums[:, :-2], 3, axis=1)
    of_finding = _f1(right, said, there)
    n_there, n_films = there.sum(axis=1), sums[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        weighted = (of_finding * there).sum(axis=1) / n_there
        samples = sums[:, -2] / n_films
    micro = _f1(right.sum(axis=1), said.sum(axis=1), n_there)
    return micro, of_finding.mean(axis=1), weighted, samples


def _f1(
    right: NDArray[np.generic], said: NDArray[np.generic], there: NDArray[np.generic]
) -> Floats:
    whole = np.asarray(said, np.float64) + np.asarray(there, np.float64)
    share: Floats = np.divide(
        2 * np.asarray(right, np.float64), whole, out=np.zeros_like(whole), where=whole > 0
    )
    return share


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
