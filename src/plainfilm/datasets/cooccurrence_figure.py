"""Which findings come together, as a picture: the co-occurrence matrix as SVG text.

Drawn by hand rather than with a plotting library, which preparing a data set does not need.
"""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import numpy as np

from plainfilm.datasets.cooccurrence import Counts, cooccurrence, write_cooccurrence
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Labels
from plainfilm.datasets.shades import ink, shade
from plainfilm.whole_files import write_whole

TABLE_NAME = "co-occurrence.csv"
FIGURE_NAME = "co-occurrence.svg"
NAMES = (TABLE_NAME, FIGURE_NAME)

_WIDE, _TALL = 46, 24  # of a cell, in pixels
_LETTER = 6.2  # about the width of a letter of the font, in pixels
_FONT = 11


def cooccurrence_figure(labels: Labels, displays: Sequence[str]) -> str:
    """One cell per pair of findings, SVG text: films that show both; on the diagonal, the one.

    A cell is the darker, the more of the films that show its row's finding also show its column's.
    The same labels give the same text.

    Parameters
    ----------
    labels
        float32 (n, K): 1 present, 0 absent, NaN unknown (counts as not shown).
    displays
        The findings' words, in order.
    """
    counts = cooccurrence(labels)
    left = 14 + _LETTER * max(len(words) for words in displays)
    top = 8 + 0.75 * left  # the columns' words stand slanted
    width, height = left + _WIDE * len(displays) + 0.7 * left, top + _TALL * len(displays) + 8
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    style = f'font-family="sans-serif" font-size="{_FONT}" fill="#1a1a1a"'
    words = "Films that show both findings of a row and a column"
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img" aria-label="{words}">',
        f'<g transform="translate({left:.0f} {top:.0f})">',
        *_names(displays),
        *_cells(counts, displays),
        "</g>",
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def save_cooccurrence(folder: Path, manifest: Manifest) -> None:
    """Write the matrix of all films as a table and as a figure; neither for one finding alone."""
    findings = manifest.label_set.findings
    if len(findings) < 2:
        for name in NAMES:
            (folder / name).unlink(missing_ok=True)
        return
    write_cooccurrence(folder / TABLE_NAME, manifest.labels, manifest.label_set.names)
    figure = cooccurrence_figure(manifest.labels, [finding.display for finding in findings])
    write_whole(folder / FIGURE_NAME, figure.encode())


def _names(displays: Sequence[str]) -> Iterator[str]:
    for place, display in enumerate(displays):
        words, across, down = escape(display), _WIDE * (place + 0.5), _middle(place)
        yield f'<text x="-6" y="{down:.1f}" text-anchor="end">{words}</text>'
        yield f'<text transform="translate({across:.1f} -6) rotate(-45)">{words}</text>'


def _cells(counts: Counts, displays: Sequence[str]) -> Iterator[str]:
    for row, column in np.ndindex(*counts.shape):
        n, of = int(counts[row, column]), int(counts[row, row])
        share = n / of if of else 0.0
        place = f'x="{_WIDE * column}" y="{_TALL * row}" width="{_WIDE}" height="{_TALL}"'
        told = f"{displays[row]} and {displays[column]}: {n} of {of} films with {displays[row]}"
        across = f'x="{_WIDE * (column + 0.5):.0f}" y="{_middle(row):.1f}" text-anchor="middle"'
        yield f'<g><title>{escape(told)}</title><rect {place} fill="{shade(share)}"/>'
        yield f'<text {across} fill="{ink(share)}">{n}</text></g>'


def _middle(row: int) -> float:
    """The line on which a row's words stand."""
    return _TALL * (row + 0.5) + 0.35 * _FONT
