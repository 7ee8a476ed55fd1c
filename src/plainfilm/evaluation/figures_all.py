"""Every finding's curve in one figure, with their mean and the micro curve: ROC, and PR."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from plainfilm.evaluation.averages import macro_roc
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.curves import micro_films
from plainfilm.evaluation.html_parts import interval, record
from plainfilm.evaluation.metrics import Floats, Known, known, roc_counts
from plainfilm.evaluation.pictures import (
    PALE,
    Picture,
    blank,
    drawn,
    figure_style,
    letter,
    line_style,
)
from plainfilm.evaluation.table import Predictions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ISO_F1 = (0.2, 0.4, 0.6, 0.8)
MICRO: dict[str, Any] = {"color": "#666666", "linewidth": 3.5, "zorder": 1.5}
MACRO: dict[str, Any] = {"color": "#000000", "linewidth": 3}
Json = Mapping[str, object]
Fits = Sequence[CrossFit | None]
Curve = tuple[Floats, Floats]


def all_curves(table: Predictions, fits: Fits, numbers: Json) -> dict[str, Picture]:
    """The figures "roc-all" and "precision-recall-all"; legends tell numbers with intervals.

    Parameters
    ----------
    table
        With no label known for refused films.
    fits
        Per finding its honest probabilities; the micro curves need them.
    numbers
        What `measure` made of the table, or {}: then the legends hold names only.
    """
    return {
        "roc-all": _roc_all(table, fits, numbers),
        "precision-recall-all": _pr_all(table, fits, numbers),
    }


def iso_f1(recall: Floats, f1: float) -> Floats:
    """The precision at which F1 is `f1`: f1 recall / (2 recall - f1); NaN where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = f1 * recall / (2 * recall - f1)
    return np.where((2 * recall > f1) & (precision <= 1), precision, np.nan)


def roc_curve(films: Known) -> Curve | None:
    """False positive rates and sensitivities, from (0, 0) to (1, 1); None without both classes."""
    n_present = int(films.present.sum())
    n_absent = films.present.size - n_present
    if not n_present or not n_absent:
        return None
    counts = roc_counts(films)
    across, up = counts.false_present / n_absent, counts.true_present / n_present
    return np.append(0.0, across), np.append(0.0, up)


def pr_curve(films: Known) -> Curve | None:
    """Recalls and precisions, corner by corner of the steps; None without a present film."""
    n_present = int(films.present.sum())
    if not n_present:
        return None
    counts = roc_counts(films)
    precision = counts.true_present / (counts.true_present + counts.false_present)
    recall = np.append(0.0, np.repeat(counts.true_present / n_present, 2)[:-1])
    return recall, np.repeat(precision, 2)


def _roc_all(table: Predictions, fits: Fits, numbers: Json) -> Picture:
    mean, averages = record(numbers.get("mean")), record(numbers.get("averages"))
    with figure_style():
        figure, axes = _square("1 - specificity", "sensitivity")
        axes.plot([0, 1], [0, 1], color=PALE, linestyle=":")
        for column, words in enumerate(_legend(table, numbers, "auroc")):
            _lettered(axes, roc_curve(_films(table, column)), column, words, len(fits))
        macro = macro_roc(table.scores, table.labels)
        axes.plot(*macro, **MACRO, label=_named("mean of findings", mean.get("auroc")))
        micro = micro_films(table, fits)
        curve = None if micro is None else roc_curve(micro)
        if curve is not None:
            axes.plot(*curve, **MICRO, label=_named("micro", averages.get("micro_auroc")))
        _put_legend(axes, "AUROC", bool(numbers))
        return drawn(figure)


def _pr_all(table: Predictions, fits: Fits, numbers: Json) -> Picture:
    averages = record(numbers.get("averages"))
    with figure_style():
        figure, axes = _square("sensitivity (recall)", "positive predictive value (precision)")
        recall = np.linspace(0.01, 1, 200)
        for f1 in ISO_F1:
            axes.plot(recall, iso_f1(recall, f1), color=PALE, linestyle=":", linewidth=0.8)
            axes.text(1.005, f1 / (2 - f1), f"F1 {f1:g}", color="#555555", fontsize=7)
        for column, words in enumerate(_legend(table, numbers, "average_precision")):
            curve = pr_curve(_films(table, column))
            _lettered(axes, curve, column, words, len(fits))
        micro = micro_films(table, fits)
        curve = None if micro is None else pr_curve(micro)
        if curve is not None:
            words = _named("micro", averages.get("micro_average_precision"))
            axes.plot(*curve, **MICRO, label=words)
        _put_legend(axes, "average precision", bool(numbers))
        return drawn(figure)


def _square(xlabel: str, ylabel: str) -> tuple["Figure", "Axes"]:
    figure = blank(8.6, 5.2)
    figure.subplots_adjust(left=0.07, right=0.62, bottom=0.09, top=0.98)
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=xlabel, ylabel=ylabel)
    return figure, axes


def _lettered(axes: "Axes", curve: Curve | None, number: int, words: str, of: int) -> None:
    """Draw a curve with its letter on it, each letter at another place across."""
    if curve is None:
        return
    style, name = line_style(number), letter(number)
    axes.plot(*curve, **style, linewidth=1.2, label=f"{name}  {words}")
    place = 0.06 + 0.86 * number / max(1, of - 1)
    at = int(np.searchsorted(curve[0], place).clip(0, curve[0].size - 1))
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
    axes.text(place, curve[1][at], name, fontsize=7, fontweight="bold", zorder=5,
              color=style["color"], bbox=ground,
              horizontalalignment="center", verticalalignment="center")  # fmt: skip


def _put_legend(axes: "Axes", title: str, has_numbers: bool) -> None:
    if not axes.get_legend_handles_labels()[0]:
        return
    words = f"{title} [95 % interval]" if has_numbers else ""
    axes.legend(loc="center left", bbox_to_anchor=(1.08, 0.5), frameon=False, fontsize=7.5,
                handlelength=4, title=words)  # fmt: skip


def _legend(table: Predictions, numbers: Json, key: str) -> list[str]:
    found = record(numbers.get("findings"))
    return [
        _named(display, record(found.get(finding)).get(key))
        for finding, display in zip(table.about.findings, table.about.displays, strict=True)
    ]


def _named(words: str, value: object) -> str:
    told = interval(value)
    return words if told == "–" else f"{words} {told}"


def _films(table: Predictions, column: int) -> Known:
    return known(table.scores[:, column], table.labels[:, column])
