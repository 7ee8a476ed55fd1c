"""Reports of the same films in, one page out: their ROC and precision-recall curves side by side.

For what two ways of training make of the same split and seed, such as a loss with weights and one
without: every panel holds the curves of all reports, and a table the differences.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plainfilm.datasets.files import clear_disk_errors, count_others
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import N_DRAWS
from plainfilm.evaluation.figures_all import pr_curve, roc_curve
from plainfilm.evaluation.html_parts import (
    interval,
    items,
    p_value,
    page,
    record,
    row,
    section,
    table,
)
from plainfilm.evaluation.metrics import known
from plainfilm.evaluation.pictures import PALE, Picture, line_style, panels
from plainfilm.evaluation.report_folders import load_tables
from plainfilm.evaluation.table import Predictions
from plainfilm.evaluation.versus import compare_tables, in_common
from plainfilm.reading.strict_json import encode
from plainfilm.whole_files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS_NAME, PAGE_NAME, FIGURE_NAME = "comparison.json", "comparison.html", "comparison"
_KEYS = ("first", "other", "difference")
_LONGEST = 30  # letters of a name in a legend


def write_comparison(
    folders: Sequence[Path], out: Path, *, draws: int = N_DRAWS, seed: int = 0
) -> dict[str, object]:
    """Write comparison.json, .html, .svg and .png of what `evaluate` wrote into `folders`.

    Returns
    -------
    What `versus.compare_reports` returns.

    Raises
    ------
    EvaluationError
        `out` is not empty, or see `versus.compare_reports`.
    """
    n_others = count_others(out, set())
    if n_others:
        found = f"holds {n_others:,} files or folders already"
        raise EvaluationError(f"{out.name}: {found}. Give a new or empty folder (--out).")
    tables, cautions = load_tables(folders)
    numbers = {**compare_tables(tables, draws=draws, seed=seed), "cautions": cautions}
    names = [folder.resolve().name for folder in folders]
    picture = curves_side_by_side(tables, names)
    with clear_disk_errors(out, "Free some space and compare again."):
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / f"{FIGURE_NAME}.svg", picture.svg.encode())
        write_whole(out / f"{FIGURE_NAME}.png", picture.png or b"")
        write_whole(out / PAGE_NAME, comparison_page(numbers, names, picture).encode())
        write_whole(out / NUMBERS_NAME, encode(numbers))
    return numbers


def curves_side_by_side(tables: Sequence[Predictions], names: Sequence[str]) -> Picture:
    """A ROC and a precision-recall panel per finding in common, all tables' curves in each.

    Parameters
    ----------
    tables
        Of the same films; raises as `versus.in_common` does.
    names
        One a table, for the legends.
    """
    answered, findings = in_common(tables)
    kept = [table.rows(answered) for table in tables]
    displays = dict(zip(kept[0].about.findings, kept[0].about.displays, strict=True))
    titles = [f"{displays[f]}, {kind}" for f in findings for kind in ("ROC", "precision-recall")]
    short = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in names]

    def panel(axes: "Axes", place: int) -> None:
        """Draw the ROC panels at even places, the precision-recall panels at odd ones."""
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        draw = _draw_precision if place % 2 else _draw_roc
        draw(axes, kept, short, findings[place // 2])

    return panels(titles, panel)


def comparison_page(numbers: Mapping[str, object], names: Sequence[str], picture: Picture) -> str:
    """One self-contained page: which films, the table of each pair, and the curves."""
    title = f"{' beside '.join(names)}, {numbers['split']} films of {numbers['data_set']}"
    films = (
        f"{numbers['n_films']} films of {numbers['n_patients']} patients that all of them "
        f"answered; {numbers['n_without']} were left out. Split SHA-256: "
        f"{numbers['split_sha256']}. In brackets: 95 % intervals of a bootstrap over patients, "
        f"{numbers['draws']} draws; p: DeLong's test by patient, adjusted after Holm."
    )
    pairs = zip(names[1:], map(record, items(numbers["against"])), strict=True)
    parts = "".join(_pair_part(names[0], name, pair) for name, pair in pairs)
    words = "Every panel holds all of their curves. Dotted: chance; the share of present films."
    figure = f"<figure>{picture.svg}<figcaption>{words}</figcaption></figure>"
    said = "".join(f"<p>Caution: {escape(str(each))}</p>" for each in items(numbers["cautions"]))
    body = f"<h1>{escape(title)}</h1><p>{escape(films)}</p>{said}{parts}<h2>Curves</h2>{figure}"
    return page(title, body)


def _pair_part(first: str, other: str, pair: Mapping[str, object]) -> str:
    measures = (("auroc", "AUROC"), ("average_precision", "Average precision"))
    head = ["Finding", "Present"]
    head += [f"{words}, {whose}" for _, words in measures for whose in (first, other, "difference")]
    rows = []
    for name, found in ((n, record(f)) for n, f in record(pair["findings"]).items()):
        cells = [interval(record(found[key])[which]) for key, _ in measures for which in _KEYS]
        counted = [name, f"{found['n_present']} / {found['n_films']}"]
        rows.append(row([*counted, *cells, p_value(found["p_holm"])], few=bool(found["too_few"])))
    about = f"{pair['first']} and {pair['other']}. Difference: the first minus the other."
    return section(f"{first} beside {other}", about, table([*head, "p of AUROC"], rows))


def _draw_roc(axes: "Axes", tables: Sequence[Predictions], names: Sequence[str], of: str) -> None:
    axes.set(xlabel="1 - specificity", ylabel="sensitivity")
    axes.plot([0, 1], [0, 1], color=PALE, linestyle=":")
    for place, (each, name) in enumerate(zip(tables, names, strict=True)):
        curve = roc_curve(known(*_column(each, of)))
        if curve is not None:
            axes.plot(*curve, **line_style(place), linewidth=1.2, label=name)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower right", frameon=False, fontsize=6, handlelength=3)


def _draw_precision(
    axes: "Axes", tables: Sequence[Predictions], names: Sequence[str], of: str
) -> None:
    axes.set(xlabel="sensitivity (recall)", ylabel="positive predictive value")
    for place, (each, name) in enumerate(zip(tables, names, strict=True)):
        films = known(*_column(each, of))
        curve = pr_curve(films)
        if curve is not None:
            axes.axhline(films.present.mean(), color=PALE, linestyle=":")
            axes.plot(*curve, **line_style(place), linewidth=1.2, label=name)


def _column(of: Predictions, finding: str) -> tuple[np.ndarray, np.ndarray]:
    column = of.about.findings.index(finding)
    return of.scores[:, column], of.labels[:, column]
