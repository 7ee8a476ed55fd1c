import math
import xml.etree.ElementTree as ET
from pathlib import Path

from plainfilm.tuning.compare_rates import compare_rates, draw_ranges
from plainfilm.tuning.find_rate import RangeCurve
from tiny_training import tiny_recipe

FALLING = RangeCurve((1e-3, 1e-2, 1e-1, 1.0), (0.7, 0.6, 0.3, 9.0), 1e-1, 0.01, diverged=True)
FLAT = RangeCurve((1e-3, 1e-2), (0.7, 0.7), None, 0.1, diverged=False)


def test_each_test_is_named_with_its_suggestion() -> None:
    """S0-47, S0-48."""
    text = draw_ranges({"weight decay 0.01": FALLING, "weight decay 0.1": FLAT})

    ET.fromstring(text)
    assert "weight decay 0.01: falls fastest at 0.1" in text
    assert "weight decay 0.1: never falls" in text
    assert "learning rate" in text


def test_a_test_without_any_number_is_drawn_too() -> None:
    nothing = RangeCurve((1e-3,), (math.nan,), None, 0.1, diverged=True)

    assert "broken: never falls" in draw_ranges({"broken": nothing})


def test_each_recipe_has_its_curve_and_nothing_but_the_figure_is_left(
    prepared: Path, tmp_path: Path
) -> None:
    """S0-48."""
    recipes = [tiny_recipe(f"optim.weight_decay={decay}") for decay in (0, 0.1)]

    curves = compare_rates(recipes, prepared, tmp_path / "range.svg")

    assert list(curves) == ["weight decay 0", "weight decay 0.1"]
    assert [curve.weight_decay for curve in curves.values()] == [0, 0.1]
    assert [path.name for path in tmp_path.iterdir()] == ["range.svg"]
    assert (tmp_path / "range.svg").read_text() == draw_ranges(curves)


def test_the_same_curves_give_the_same_figure() -> None:
    assert draw_ranges({"a": FALLING}) == draw_ranges({"a": FALLING})
