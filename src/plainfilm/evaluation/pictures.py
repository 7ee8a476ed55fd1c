"""How every figure looks, and figures as files: SVG text and PNG bytes.

Each curve has its own colour, its own dashes and a letter or words beside it, so that it is told
from the others in grey, in print and by colour-blind readers. Colours: Okabe and Ito 2008, "Color
Universal Design", less their yellow, which is too pale for a line.
"""

import io
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from plainfilm.errors import MissingExtra

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra("matplotlib", "train") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_COLUMNS = 4
PANEL = 2.8  # inches
DPI = 110
INK = "#1f4e79"
PALE = "#9a9a9a"
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
DASHES = ((0, ()), (0, (5, 2)), (0, (1, 1)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))

DrawPanel = Callable[["Axes", int], None]


@dataclass(frozen=True)
class Picture:
    """A figure as SVG text and as the bytes of a PNG; a figure drawn by hand has no PNG."""

    svg: str
    png: bytes | None = None


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


def line_style(number: int) -> dict[str, Any]:
    """Colour and dashes of the curve of this number; 35 differ."""
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number % len(DASHES)]}


def letter(number: int) -> str:
    """The letter that stands on the curve of this number: A to Z, then A1 …"""
    turn, place = divmod(number, 26)
    return f"{chr(ord('A') + place)}{turn or ''}"


def panels(titles: Sequence[str], draw: DrawPanel, *, height: float = PANEL) -> Picture:
    """One panel for each title, at most four beside each other; `draw` is told which."""
    columns = min(len(titles), MAX_COLUMNS)
    rows = math.ceil(len(titles) / columns)
    with figure_style():
        figure = Figure(figsize=(PANEL * columns, height * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for number, (axes, title) in enumerate(zip(grid, titles, strict=False)):
            axes.set_title(title, fontsize=9)
            draw(axes, number)
        for axes in grid[len(titles) :]:
            axes.set_axis_off()
        return drawn(figure)


def blank(width: float, height: float, *, layout: Literal["constrained"] | None = None) -> Figure:
    """An empty figure of this size in inches."""
    return Figure(figsize=(width, height), layout=layout)


def drawn(figure: Figure) -> Picture:
    """The figure in both forms; to be called within `figure_style`."""
    text, pixels = io.StringIO(), io.BytesIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    figure.set_layout_engine("none")  # laid out already; again takes as long as drawing
    figure.savefig(pixels, format="png", dpi=DPI, metadata={"Software": None})
    svg = text.getvalue()
    return Picture(svg[svg.index("<svg") :], pixels.getvalue())
