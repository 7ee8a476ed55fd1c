"""Several range tests beside each other: what each suggests, and a figure with a line for each."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plainfilm.errors import MissingExtra
from plainfilm.evaluation.pictures import figure_style
from plainfilm.training.recipe import Recipe
from plainfilm.tuning.find_rate import RangeCurve, find_rate
from plainfilm.whole_files import write_whole

try:
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra("matplotlib", "train") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (5.6, 3.6)  # inches
HEADROOM = 1.5  # of the first loss; a diverging end would flatten all the rest


def compare_rates(
    recipes: Sequence[Recipe], folder: Path, figure: Path | None = None
) -> dict[str, RangeCurve]:
    """One range test for each recipe, by its weight decay; raises as `find_rate`.

    Parameters
    ----------
    figure
        Where the curves are drawn, as SVG, and where a killed test leaves what it needs to go on;
        None = nowhere.
    """
    curves = {}
    for number, recipe in enumerate(recipes):
        halfway = figure and figure.with_name(f"{figure.stem}-{number}.halfway.pt")
        curve = find_rate(recipe, folder, halfway=halfway)
        curves[f"weight decay {curve.weight_decay:g}"] = curve
    if figure is not None:
        write_whole(figure, draw_ranges(curves).encode())
    return curves


def draw_ranges(curves: Mapping[str, RangeCurve]) -> str:
    """The losses of range tests by name, each with its suggestion marked."""
    with figure_style():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots()
        for name, curve in curves.items():
            _draw(axes, name, curve)
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        firsts = [curve.losses[0] for curve in curves.values()]
        axes.set_ylim(0, HEADROOM * max(filter(math.isfinite, firsts), default=1.0))
        axes.legend(frameon=False)
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    text = content.getvalue()
    return text[text.index("<svg") :]


def _draw(axes: "Axes", name: str, curve: RangeCurve) -> None:
    suggestion = curve.suggestion
    words = "never falls" if suggestion is None else f"falls fastest at {suggestion:.2g}"
    (line,) = axes.plot(curve.rates, curve.losses, label=f"{name}: {words}")
    if suggestion is not None:
        at = curve.rates.index(suggestion)
        axes.plot([suggestion], [curve.losses[at]], "o", color=line.get_color())
