"""Predictions in, the figures of a report out; one panel per finding, one matrix for all.

No panel shows a number that has an interval: those stand in the report's table, interval and all.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from plainfilm.datasets.cooccurrence_figure import cooccurrence_figure
from plainfilm.evaluation.answers import answered, honest_answers
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.figures_all import all_curves
from plainfilm.evaluation.figures_numbers import number_figures
from plainfilm.evaluation.metrics import Known, known, roc_counts
from plainfilm.evaluation.pictures import INK, PALE, Picture, panels
from plainfilm.evaluation.reliability import N_BINS, equal_width_bins, reliability
from plainfilm.evaluation.table import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Draw = Callable[["Axes", Predictions, int], None]


def draw_figures(
    table: Predictions, seed: int = 0, numbers: Mapping[str, object] | None = None
) -> dict[str, Picture]:
    """The figures of a report, by name.

    "roc", "precision-recall", "reliability"; for several findings "roc-all",
    "precision-recall-all" and "co-occurrence"; and those of `number_figures`.

    Parameters
    ----------
    seed
        Of cross-fitting.
    numbers
        What `measure` made of the table; None = no figure and no legend shows a number.
    """
    table, numbers = answered(table), numbers or {}
    fits = [honest_answers(table, column, seed) for column in range(len(table.about.findings))]
    figures = {
        "roc": _panels(table, _roc),
        "precision-recall": _panels(table, _precision_recall),
        "reliability": _panels(table, partial(_reliability, fits)),
        **number_figures(numbers),
    }
    if len(table.about.findings) > 1:
        labels = table.labels.astype(np.float32)
        figures |= all_curves(table, fits, numbers)
        figures["co-occurrence"] = Picture(cooccurrence_figure(labels, table.about.displays))
    return figures


def _panels(table: Predictions, draw: Draw) -> Picture:
    def panel(axes: "Axes", column: int) -> None:
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        draw(axes, table, column)

    return panels(table.about.displays, panel)


def _roc(axes: "Axes", table: Predictions, column: int) -> None:
    axes.set(xlabel="1 - specificity", ylabel="sensitivity")
    axes.plot([0, 1], [0, 1], color=PALE, linestyle=":")
    films = _films(table, column)
    n_present = int(films.present.sum())
    if n_present in (0, films.present.size):
        return
    counts = roc_counts(films)
    across = np.append(0.0, counts.false_present / (films.present.size - n_present))
    up = np.append(0.0, counts.true_present / n_present)
    axes.plot(across, up, color=INK)
    counted = f"{n_present} of {films.present.size} present"
    axes.text(0.97, 0.04, counted, horizontalalignment="right")


def _precision_recall(axes: "Axes", table: Predictions, column: int) -> None:
    axes.set(xlabel="sensitivity (recall)", ylabel="positive predictive value")
    films = _films(table, column)
    n_present = int(films.present.sum())
    if n_present == 0:
        return
    counts = roc_counts(films)
    recall = np.append(0.0, counts.true_present / n_present)
    precision = counts.true_present / (counts.true_present + counts.false_present)
    steps = np.append(precision[0], precision)
    axes.axhline(films.present.mean(), color=PALE, linestyle=":")
    axes.plot(recall, steps, color=INK, drawstyle="steps-pre")


def _reliability(
    fits: Sequence[CrossFit | None], axes: "Axes", table: Predictions, column: int
) -> None:
    axes.set(xlabel="probability", ylabel="share present")
    axes.plot([0, 1], [0, 1], color=PALE, linestyle=":")
    labels = table.labels[:, column]
    films, fit = ~np.isnan(labels), fits[column]
    if fit is None or not films.any():
        return
    probability = fit.probability[films]
    rows = reliability(probability, labels[films], equal_width_bins(probability), N_BINS)
    filled = rows.n_films > 0
    x, y, n = (v[filled] for v in (rows.mean_probability, rows.share_present, rows.n_films))
    axes.plot(x, y, color=INK, linewidth=0.8)
    axes.scatter(x, y, s=10 + 150 * n / n.sum(), color=INK, alpha=0.6, clip_on=False)
    for place, count in zip(zip(x, y, strict=True), n, strict=True):
        axes.annotate(str(count), place, (3, 4), textcoords="offset points", fontsize=6)


def _films(table: Predictions, column: int) -> Known:
    return known(table.scores[:, column], table.labels[:, column])
