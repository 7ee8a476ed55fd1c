import numpy as np

from plainfilm.reports.content import Curve
from plainfilm.reports.curve_picture import curve_picture

BLUE = [127, 178, 229]


def drawn(curve: Curve) -> np.ndarray:
    return np.argwhere((curve_picture(curve, 300) == BLUE).all(axis=2))


def test_the_curve_lies_where_its_points_are() -> None:
    """S0-73."""
    flat = drawn(Curve(((0.5, 1.0), (1.0, 1.0)), 0.4, "x"))
    assert abs(flat[:, 0] - 48).max() <= 2  # precision 1 is the upper edge
    assert (flat[:, 1].min(), flat[:, 1].max()) == (48, 252)
    falling = drawn(Curve(((0.1, 1.0), (1.0, 0.0)), 0.4, "x"))
    assert falling[:, 0].max() >= 250


def test_precision_goes_in_steps_and_never_on_a_slope() -> None:
    """S0-63: no trapezoid; each step's precision holds from the recall before it."""
    places = drawn(Curve(((0.5, 1.0), (1.0, 0.5)), 0.0, "x"))
    between = places[(places[:, 1] > 160) & (places[:, 1] < 240)]
    assert abs(between[:, 0] - 150).max() <= 2  # precision .5, half way down


def test_chance_is_dotted_at_the_share() -> None:
    picture = curve_picture(Curve(((1.0, 0.9),), 0.25, "x"), 300)
    row = 252 - round(0.25 * 204)
    pale = (picture[row] == [140, 140, 140]).all(axis=1)
    assert 40 < pale.sum() < 160
