"""The numbers behind the curves of a report: every corner of each ROC and PR curve, as a table."""

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.averages import macro_roc
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import CurveCounts, Known, known, roc_counts
from plainfilm.evaluation.table import Predictions

COLUMNS = (
    "curve", "threshold", "true_present", "false_present", "n_present", "n_absent",
    "sensitivity", "false_positive_rate", "precision",
)  # fmt: skip
MEAN = "mean of findings"
MICRO = "micro"
Row = tuple[object, ...]


def curves_csv(table: Predictions, fits: Sequence[CrossFit | None]) -> str:
    """Comma-separated, one line per corner, curve after curve, thresholds falling.

    A finding's curve has its name and the score as threshold; "micro" (all pairs of film and
    finding) the probability. "mean of findings" has no threshold, no counts and no precision: it
    is the mean ROC curve, drawn by interpolation. Points between two corners lie on a straight
    line of the ROC curve and are left out; those where recall changes all stand, so that
    AUROC (by trapezoids) and average precision follow from the lines.

    Parameters
    ----------
    table
        With no label known for refused films.
    fits
        Per finding its honest probabilities; None leaves it out of "micro".
    """
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for column, finding in enumerate(table.about.findings):
        films = known(table.scores[:, column], table.labels[:, column])
        lines.writerows(_corners(finding, films))
    if len(table.about.findings) > 1:
        across, up = macro_roc(table.scores, table.labels)
        rounded = zip(across.tolist(), up.tolist(), strict=True)
        lines.writerows((MEAN, "", "", "", "", "", _short(y), _short(x), "") for x, y in rounded)
        pairs = micro_films(table, fits)
        if pairs is not None:
            lines.writerows(_corners(MICRO, pairs))
    return text.getvalue()


def micro_films(table: Predictions, fits: Sequence[CrossFit | None]) -> Known | None:
    """Every pair of a film and a finding that has honest probabilities, as one film.

    None where fewer than two findings have some.
    """
    used = [(column, fit.probability) for column, fit in enumerate(fits) if fit is not None]
    if len(used) < 2:
        return None
    labels = table.labels[:, [column for column, _ in used]]
    probability = np.stack([p for _, p in used], axis=1)
    return known(probability.ravel(), labels.ravel())


def _corners(name: str, films: Known) -> Iterator[Row]:
    if not films.scores.size:
        return
    n_present = int(films.present.sum())
    n_absent = films.present.size - n_present
    counts = roc_counts(films)
    for step in np.flatnonzero(_bends(counts)):
        right, wrong = counts.true_present[step], counts.false_present[step]
        rates = _ratio(right, n_present), _ratio(wrong, n_absent), _ratio(right, right + wrong)
        threshold = repr(float(counts.thresholds[step]))
        yield name, threshold, int(right), int(wrong), n_present, n_absent, *rates


def _bends(counts: CurveCounts) -> NDArray[np.bool_]:
    """Steps at which the next one shows another present film, or that show one, and the last."""
    more: NDArray[np.bool_] = np.diff(counts.true_present, prepend=0.0) > 0
    more[:-1] |= more[1:].copy()
    more[-1] = True
    return more


def _ratio(part: float, whole: float) -> str:
    return _short(part / whole) if whole else ""


def _short(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.9g}"
