"""Operating points that have names, chosen on validation films and measured on these.

A threshold chosen on the films it is judged by looks better than it is. So each is chosen by its
rule on the data set's validation films, on the scale of the score, and only measured here: a wanted
sensitivity of .95 may come out as .80, and that is the finding. A rule is left out where validation
shows the finding on fewer than ten films (or lacks it on fewer).

PPV and NPV follow from sensitivity, specificity and prevalence; `at_prevalence` gives them for a
site whose prevalence is not this split's.
"""

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import TOO_FEW, PatientDraws, interval
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.operating import operating_point
from plainfilm.evaluation.table import Predictions
from plainfilm.evaluation.thresholds import choose_threshold, rule_in_words

RULES = ("youden-plateau", "sensitivity-0.90", "sensitivity-0.95", "specificity-0.95", "f1-max")
SHIPPED = "shipped"
PREVALENCES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def ppv_at(sensitivity: Floats, specificity: Floats, prevalence: float) -> Floats:
    """Share of the films called present that are, at another prevalence, in (0, 1)."""
    right = sensitivity * prevalence
    return _share(right, right + (1 - specificity) * (1 - prevalence))


def npv_at(sensitivity: Floats, specificity: Floats, prevalence: float) -> Floats:
    """Share of the films called absent that are, at another prevalence, in (0, 1)."""
    right = specificity * (1 - prevalence)
    return _share(right, right + (1 - sensitivity) * prevalence)


def choose_points(validation: Predictions) -> dict[str, tuple[float | None, ...]]:
    """Per rule the threshold of each finding, chosen on a table of validation films.

    On the scale of `values_of`; None where the finding, or its absence, is too rare there.
    """
    values, labels = values_of(validation), validation.labels
    chosen: dict[str, tuple[float | None, ...]] = {}
    for rule in RULES:
        thresholds: list[float | None] = []
        for column in range(labels.shape[1]):
            use = (validation.refused == "") & ~np.isnan(labels[:, column])
            known, films = labels[use, column], values[use, column]
            enough = min((known == 1).sum(), (known == 0).sum()) >= TOO_FEW
            thresholds.append(choose_threshold(films, known, rule) if enough else None)
        chosen[rule] = tuple(thresholds)
    return chosen


def values_of(table: Predictions) -> Floats:
    """What the points' thresholds are compared with, in [0, 1], (n, K).

    The sigmoid of the score, which knows of no calibration; where a film shows exactly one of the
    findings, the probability, since a softmax does not keep the order of one finding's scores.
    """
    return table.probabilities if table.about.exclusive else sigmoid(table.scores)


def point_numbers(answers: Answers, draws: PatientDraws) -> dict[str, object]:
    """Per finding and rule: threshold, rates, and PPV and NPV at other prevalences.

    "shipped" is the bundle's own threshold. `chosen_on` says on which films the others were chosen,
    or why there are none.
    """
    about = answers.table.about
    values, findings = values_of(answers.table), {}
    for column, finding in enumerate(about.findings):
        labels, fit = answers.labels[:, column], answers.fits[column]
        points: dict[str, object] = {}
        if fit is not None:
            called = fit.probability >= fit.threshold
            points[SHIPPED] = _point(draws, called, labels, about.thresholds[column])
        for rule, thresholds in about.points.items():
            threshold = thresholds[column]
            if threshold is not None:
                called = values[:, column] >= threshold
                points[rule] = {
                    "words": rule_in_words(rule),
                    **_point(draws, called, labels, threshold),
                }
        findings[finding] = points
    words = about.points_from or "no validation film was read, so no point was chosen"
    return {"chosen_on": words, "findings": findings}


def _point(
    draws: PatientDraws, called: NDArray[np.bool_], labels: Floats, threshold: float
) -> dict[str, object]:
    rates = operating_point(draws, called.astype(np.float64), labels, 0.5)
    present, absent = labels == 1, labels == 0
    cells = np.stack([called & present, present, ~called & absent, absent], axis=1).astype(float)
    whole, drawn = cells.sum(axis=0), draws.sums(cells).T
    sensitivity = _share(np.append(whole[0], drawn[0]), np.append(whole[1], drawn[1]))
    specificity = _share(np.append(whole[2], drawn[2]), np.append(whole[3], drawn[3]))
    at = {}
    for prevalence in PREVALENCES:
        ppv, npv = (f(sensitivity, specificity, prevalence) for f in (ppv_at, npv_at))
        at[f"{prevalence:g}"] = {
            "ppv": interval(float(ppv[0]), ppv[1:]),
            "npv": interval(float(npv[0]), npv[1:]),
        }
    counts = {"confusion": rates.confusion and vars(rates.confusion)}
    return {"threshold": threshold, **vars(rates), **counts, "at_prevalence": at}


def _share(part: Floats, whole: Floats) -> Floats:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    share: Floats = np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
    return share
