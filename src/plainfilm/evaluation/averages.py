"""Averages over findings: micro, and the macro ROC curve; the macro numbers are plain means.

Micro takes every pair of a film and a finding as one film of one big finding, so it also asks
whether the findings' probabilities compare with each other, and common findings rule it.
"""

import numpy as np

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import PatientDraws, interval, rank_draws
from plainfilm.evaluation.f1 import findings_f1
from plainfilm.evaluation.metrics import (
    Floats,
    Labels,
    Scores,
    auroc,
    average_precision,
    known,
    roc_counts,
)


def average_numbers(answers: Answers, draws: PatientDraws) -> dict[str, object]:
    """Micro AUROC and average precision and the F1 averages; empty for a single finding.

    Of the findings that have honest probabilities; `n_findings` says how many.
    """
    used = [(column, fit) for column, fit in enumerate(answers.fits) if fit is not None]
    if len(used) < 2:
        return {}
    labels = answers.labels[:, [column for column, _ in used]]
    probability = np.stack([fit.probability for _, fit in used], axis=1)
    called = probability >= np.stack([fit.threshold for _, fit in used], axis=1)
    numbers: dict[str, object] = {"n_findings": len(used), **_micro(probability, labels, draws)}
    return {**numbers, "f1": vars(findings_f1(labels, called, draws))}


def micro_draws(draws: PatientDraws, n_findings: int) -> PatientDraws:
    """The same draws for films written out once per finding: row after row of (n, K)."""
    return PatientDraws(draws.counts, np.repeat(draws.patient_of, n_findings))


def macro_roc(scores: Scores, labels: Labels, *, thinned: bool = True) -> tuple[Floats, Floats]:
    """The mean ROC curve: (false positive rates, mean sensitivities), for drawing.

    Each finding's curve is read off, by straight lines between the upper ends of its steps, at
    every false positive rate that any of them has. So the area under it is a little more than the
    mean of the areas, which is the number to print.

    Parameters
    ----------
    scores, labels
        (n, K); findings without films of both classes are left out.
    thinned
        Leave out a curve's points that lie on a straight line with their neighbours first.
    """
    columns = zip(scores.T, labels.T, strict=True)
    curves = [curve for s, y in columns if (curve := _roc(s, y, thinned=thinned)) is not None]
    if not curves:
        return np.array([0.0, 1.0]), np.array([np.nan, np.nan])
    across = np.unique(np.concatenate([curve[0] for curve in curves]))
    return across, np.mean([np.interp(across, *curve) for curve in curves], axis=0)


def _micro(probability: Floats, labels: Labels, draws: PatientDraws) -> dict[str, object]:
    flat, truth = probability.ravel(), labels.ravel()
    ranked = rank_draws(micro_draws(draws, labels.shape[1]), flat, truth)
    area, precision = auroc(flat, truth), average_precision(flat, truth)
    return {
        "n_pairs": int((~np.isnan(truth)).sum()),
        "micro_auroc": interval(area, ranked.auroc),
        "micro_average_precision": interval(precision, ranked.average_precision),
    }


def _roc(scores: Scores, labels: Labels, *, thinned: bool) -> tuple[Floats, Floats] | None:
    films = known(scores, labels)
    n_present = int(films.present.sum())
    if n_present in (0, films.present.size):
        return None
    counts = roc_counts(films)
    right, wrong = counts.true_present, counts.false_present
    if thinned:
        bends = np.diff(right, 2).astype(bool) | np.diff(wrong, 2).astype(bool)
        keep = np.concatenate([[True], bends, [True]])[: right.size]
        right, wrong = right[keep], wrong[keep]
    across, up = np.append(0.0, wrong), np.append(0.0, right)
    return across / (films.present.size - n_present), up / n_present
