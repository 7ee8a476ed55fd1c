"""Decision curves: is acting on the bundle better than acting on all films, or on none?

Whoever acts from a probability t on takes (1 - t) / t false alarms for one sick patient found. Net
benefit counts right calls, less false alarms at that price: TP/n - FP/n * t / (1 - t). Acting on
none has 0 everywhere; acting on all has the prevalence at t = 0, and 0 at t = prevalence.

References
----------
Vickers and Elkin 2006, Medical Decision Making 26:565.
"""

import numpy as np

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import PatientDraws, interval
from plainfilm.evaluation.metrics import Floats, Labels, Scores

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def net_benefit(probability: Scores, labels: Labels, threshold: float) -> float:
    """Net benefit of acting from `threshold`, in (0, 1), on; NaN labels are left out."""
    use = ~np.isnan(labels)
    called, present = probability[use] >= threshold, labels[use] == 1
    price = threshold / (1 - threshold)
    return float((called & present).mean() - price * (called & ~present).mean())


def decision_curves(answers: Answers, draws: PatientDraws) -> dict[str, object]:
    """Per finding, at each threshold: net benefit of the bundle, and of acting on all films.

    `none` is 0 everywhere. A finding without honest probabilities has none.
    """
    curves: dict[str, object] = {}
    for column, finding in enumerate(answers.table.about.findings):
        fit, labels = answers.fits[column], answers.labels[:, column]
        if fit is not None and not np.isnan(labels).all():
            curves[finding] = [_point(fit.probability, labels, t, draws) for t in THRESHOLDS]
    return curves


def _point(
    probability: Floats, labels: Floats, threshold: float, draws: PatientDraws
) -> dict[str, object]:
    called, present, use = probability >= threshold, labels == 1, ~np.isnan(labels)
    price = threshold / (1 - threshold)
    worth = np.where(present, 1.0, -price) * use
    sums = draws.sums(np.stack([worth * called, worth, worth * called - worth, use], axis=1))
    with np.errstate(invalid="ignore"):
        drawn = sums[:, :3] / sums[:, 3:]
    value, all_films = net_benefit(probability, labels, threshold), float(worth[use].mean())
    return {
        "threshold": threshold,
        "net_benefit": interval(value, drawn[:, 0]),
        "all": interval(all_films, drawn[:, 1]),
        "more_than_all": interval(value - all_films, drawn[:, 2]),
        "none": 0.0,
    }
