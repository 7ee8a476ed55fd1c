"""A radiograph checks itself once, when it is made."""

from typing import Any

import numpy as np
import pytest

from plainfilm.radiograph import Radiograph, Study


def grey(value: float = 0.5) -> Any:
    return np.full((3, 4), value, np.float32)


def test_the_least_radiograph_is_pixels_and_a_name() -> None:
    radiograph = Radiograph(grey(), "film")
    assert radiograph.age_years is None
    assert radiograph.cautions == ()


@pytest.mark.parametrize(
    "pixels",
    [
        grey().astype(np.float64),
        grey()[None],
        np.zeros((0, 4), np.float32),
        grey(1.01),
        grey(-0.01),
        grey(np.nan),
    ],
)
def test_pixels_that_are_not_displayed_luminance_are_refused(pixels: Any) -> None:
    with pytest.raises(ValueError, match="pixels must"):
        Radiograph(pixels, "film")


@pytest.mark.parametrize("spacing", [(0.0, 0.1), (0.1, -1.0), (0.1, float("nan"))])
def test_an_impossible_spacing_is_refused(spacing: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="spacing_mm"):
        Radiograph(grey(), "film", spacing_mm=spacing)


@pytest.mark.parametrize("age", [-1.0, 131.0, float("nan")])
def test_an_impossible_age_is_refused(age: float) -> None:
    with pytest.raises(ValueError, match="age_years"):
        Radiograph(grey(), "film", age_years=age)


def test_a_study_has_at_least_one_radiograph() -> None:
    assert Study("study", (Radiograph(grey(), "film"),)).radiographs[0].name == "film"
    with pytest.raises(ValueError, match="at least one"):
        Study("study", ())
