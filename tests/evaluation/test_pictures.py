import io
import itertools
from xml.etree import ElementTree

import matplotlib.colors
import numpy as np
from PIL import Image

from plainfilm.evaluation.pictures import Picture, letter, line_style, panels


def two_panels() -> Picture:
    return panels(["One", "Two"], lambda axes, number: axes.plot([0, 1], [number, 1]))


def test_a_figure_is_svg_and_png_of_the_same_size_and_always_the_same_bytes() -> None:
    first, second = two_panels(), two_panels()
    assert first == second
    root = ElementTree.fromstring(first.svg)
    assert first.png is not None
    width, height = Image.open(io.BytesIO(first.png)).size
    points = [float(str(root.get(side)).removesuffix("pt")) for side in ("width", "height")]
    assert width / height == np.float64(points[0] / points[1]).round(2)
    assert ">Two</text>" in first.svg


def test_curves_are_told_apart_without_their_colours() -> None:
    styles = [line_style(number) for number in range(16)]
    assert len({str(sorted(style.items())) for style in styles}) == 16
    assert len({letter(number) for number in range(60)}) == 60
    for one, other in itertools.pairwise(styles):
        assert one["linestyle"] != other["linestyle"]
    for style in styles:  # dark enough on white: a line needs 1.5 to 1 at least
        red, green, blue = matplotlib.colors.to_rgb(style["color"])
        assert 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.75
