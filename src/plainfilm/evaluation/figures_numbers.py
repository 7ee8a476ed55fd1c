"""Figures of what evaluation.json holds: findings, decisions, poor films, all with intervals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from plainfilm.evaluation.html_parts import items, record
from plainfilm.evaluation.pictures import INK, PALE, Picture, blank, drawn, figure_style, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Json = Mapping[str, object]
_ROW = 0.27  # inches of a finding's row
_RANKED = {"auroc": "AUROC", "average_precision": "average precision"}


def number_figures(numbers: Json) -> dict[str, Picture]:
    """The figures "findings", "decision-curves" and "degradation", where numbers hold them."""
    figures = {
        "findings": _findings(numbers),
        "decision-curves": _decisions(numbers),
        "degradation": _degradation(numbers),
    }
    return {name: picture for name, picture in figures.items() if picture is not None}


def _findings(numbers: Json) -> Picture | None:
    """AUROC and average precision of each finding as points with bars; none for one finding."""
    found = [record(row) for row in record(numbers.get("findings")).values()]
    if len(found) < 2:
        return None
    places = np.arange(len(found))[::-1]
    with figure_style():
        figure = blank(8.6, 0.9 + _ROW * len(found), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        left.set_yticks(places, [_row_words(row) for row in found])
        for axes, key in ((left, "auroc"), (right, "average_precision")):
            axes.set(xlim=(0, 1), xlabel=_RANKED[key])
            axes.grid(axis="y", color="#e5e5e5", linewidth=0.6)
            for place, row in zip(places, found, strict=True):
                _point(axes, row.get(key), place, few=bool(row.get("too_few")))
        left.axvline(0.5, color=PALE, linestyle=":")
        for place, row in zip(places, found, strict=True):
            share = _int(row["n_present"]) / max(1, _int(row["n_films"]))
            right.plot([share, share], [place - 0.35, place + 0.35], color=PALE, linestyle="--")
        return drawn(figure)


def _point(axes: "Axes", value: object, place: float, *, few: bool) -> None:
    """A filled point with its bar; an open one where the films are too few."""
    found = _floats(value)
    if np.isnan(found[0]):
        return
    colour = PALE if few else INK
    axes.plot(found[1:], [place, place], color=colour, linewidth=1.6)
    axes.plot(found[0], place, marker="o", markersize=4.5, color=colour,
              markerfacecolor="white" if few else colour)  # fmt: skip


def _decisions(numbers: Json) -> Picture | None:
    found = record(numbers.get("decision_curves"))
    curves = {name: items(points) for name, points in found.items()}
    if not curves:
        return None
    findings = record(numbers.get("findings"))
    titles = [str(record(findings.get(name)).get("display", name)) for name in curves]

    def panel(axes: "Axes", number: int) -> None:
        points = [record(point) for point in list(curves.values())[number]]
        _decision_panel(axes, points)

    return panels(titles, panel)


def _decision_panel(axes: "Axes", points: Sequence[Json]) -> None:
    thresholds = [float(str(point["threshold"])) for point in points]
    own, everyone = (np.array([_floats(p[key]) for p in points]) for key in ("net_benefit", "all"))
    top = max(0.02, float(np.nanmax(np.append(own[:, 2], everyone[0, 0]))) * 1.1)
    right = float(np.clip(3 * everyone[0, 0], 0.2, 1))  # beyond, nothing is left to gain
    axes.set(xlim=(0, right), ylim=(-0.35 * top, top), xlabel="threshold", ylabel="net benefit")
    axes.fill_between(thresholds, own[:, 1], own[:, 2], color=INK, alpha=0.18, linewidth=0)
    axes.plot(thresholds, own[:, 0], color=INK)
    axes.plot(thresholds, everyone[:, 0], color="#D55E00", linestyle="--")
    axes.axhline(0, color="#333333", linestyle=":")
    axes.text(0.97 * right, 0.03 * top, "none", horizontalalignment="right", fontsize=7)
    falls = float(np.interp(0.3 * top, -everyone[:, 0], thresholds))  # "all" leaves the panel
    axes.text(falls, -0.3 * top, " all", color="#D55E00", fontsize=7)
    middle = int(np.searchsorted(thresholds, 0.4 * right))
    axes.annotate("bundle", (thresholds[middle], own[middle, 0]), (4, 8), color=INK,
                  textcoords="offset points", fontsize=7)  # fmt: skip


def _degradation(numbers: Json) -> Picture | None:
    findings = record(record(numbers.get("degradation")).get("findings"))
    found = [record(row) for row in findings.values()]
    if not found:
        return None
    return panels(
        [str(row["display"]) for row in found],
        lambda axes, number: _degradation_panel(axes, found[number]),
        height=3.3,
    )


def _degradation_panel(axes: "Axes", row: Json) -> None:
    degraded, whole = record(row["degraded"]), _floats(row["auroc"])
    low = min([0.5, *(_floats(value)[1] for value in degraded.values())], key=_or_one)
    axes.set(ylim=(max(0.0, low - 0.02), 1.01), ylabel="AUROC")
    axes.set_xticks(range(len(degraded)), list(degraded), rotation=90, fontsize=6)
    axes.axhspan(whole[1], whole[2], color=PALE, alpha=0.25, linewidth=0)
    axes.axhline(whole[0], color=PALE, linestyle="--")
    axes.text(0.02, 0.04, "band: as it is", transform=axes.transAxes, fontsize=6)
    for place, value in enumerate(degraded.values()):
        middle, below, above = _floats(value)
        axes.plot([place, place], [below, above], color=INK, linewidth=1.2)
        axes.plot(place, middle, marker="o", markersize=3, color=INK)


def _row_words(row: Json) -> str:
    return f"{row['display']} ({row['n_present']} of {row['n_films']})"


def _floats(value: object) -> tuple[float, float, float]:
    """The value and the ends of its interval; NaN for what is not there."""
    found = [float(n) if isinstance(n, int | float) else np.nan for n in items(value)]
    return (found[0], found[1], found[2]) if len(found) == 3 else (np.nan, np.nan, np.nan)


def _or_one(value: float) -> float:
    return 1.0 if np.isnan(value) else value


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
