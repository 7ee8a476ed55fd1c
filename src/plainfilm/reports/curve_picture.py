"""A precision-recall curve as a picture, beside the films of a report."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from plainfilm.reports.content import Curve
from plainfilm.reports.pictures import Rgb

_MARGIN = 48  # pixels, for the axes' words
_GROUND, _INK, _LINE, _PALE = (16, 16, 18), (240, 240, 240), (127, 178, 229), (140, 140, 140)
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def curve_picture(curve: Curve, side: int) -> Rgb:
    """The curve, and dotted what calling films at random gives: uint8 (side, side, 3)."""
    canvas = Image.new("RGB", (side, side), _GROUND)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)

    def place(recall: float, precision: float) -> tuple[float, float]:
        """Where a point of the curve lies on the canvas, in pixels."""
        extent = side - 2 * _MARGIN
        return _MARGIN + recall * extent, side - _MARGIN - precision * extent

    for tick in _TICKS:
        draw.text((place(tick, 0)[0] - 8, side - _MARGIN + 6), f"{tick:g}", _INK, font)
        draw.text((8, place(0, tick)[1] - 7), f"{tick:g}", _INK, font)
    draw.rectangle((*place(0, 1), *place(1, 0)), outline=_PALE)
    for start in np.arange(0, 1, 0.04):
        draw.line((place(start, curve.share), place(start + 0.015, curve.share)), _PALE, 2)
    draw.line([place(*point) for point in _steps(curve.points)], _LINE, 3)
    draw.text((side / 2 - 60, side - 22), "sensitivity (recall)", _INK, font)
    draw.text((_MARGIN + 4, _MARGIN - 20), "positive predictive value (precision)", _INK, font)
    return np.asarray(canvas)


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of the steps whose area is the average precision; a slope would flatter it."""
    corners, last = [], 0.0
    for recall, precision in points:
        corners += [(last, precision), (recall, precision)]
        last = recall
    return corners
