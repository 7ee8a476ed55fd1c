"""Predictions in, figures as SVG text out; one panel per finding, one matrix for all.

No panel shows a number that has an interval: those stand in the report's table, interval and all.
"""

import io
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from plainfilm.datasets.cooccurrence_figure import cooccurrence_figure
from plainfilm.errors import MissingExtra
from plainfilm.evaluation.answers import answered, honest_answers
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Known, known, roc_counts
from plainfilm.evaluation.reliability import N_BINS, equal_width_bins, reliability
from plainfilm.evaluation.table import Predictions

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra("matplotlib", "train") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_COLUMNS = 4
PANEL = 2.8  # inches
INK = "#1f4e79"
PALE = "#9a9a9a"
Draw = Callable[["Axes", Predictions, int], None]


def draw_figures(table: Predictions, seed: int = 0) -> dict[str, str]:
    """The figures of a report: name to SVG text.

    "roc", "precision-recall", "reliability", and for several findings "co-occurrence".
    """
    table = answered(table)
    fits = [honest_answers(table, column, seed) for column in range(len(table.about.findings))]
    figures = {
        "roc": _panels(table, _roc),
        "precision-recall": _panels(table, _precision_recall),
        "reliability": _panels(table, partial(_reliability, fits)),
    }
    if len(table.about.findings) > 1:
        labels = table.labels.astype(np.float32)
        figures["co-occurrence"] = cooccurrence_figure(labels, table.about.displays)
    return figures


def figure_style() -> AbstractContextManager[None]:
    """How our figures look, for as long as the context lasts."""
    return mpl.rc_context(
        {
            "svg.fonttype": "none",  # text stays text: small files, searchable
            "svg.hashsalt": "plainfilm",  # the same figure gives the same bytes
            "font.size": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )


def _panels(table: Predictions, draw: Draw) -> str:
    n = len(table.about.findings)
    columns = min(n, MAX_COLUMNS)
    rows = math.ceil(n / columns)
    with figure_style():
        figure = Figure(figsize=(PANEL * columns, PANEL * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for column, axes in enumerate(grid[:n]):
            axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
            axes.set_title(table.about.displays[column], fontsize=9)
            draw(axes, table, column)
        for axes in grid[n:]:
            axes.set_axis_off()
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    text = content.getvalue()
    return text[text.index("<svg") :]


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
