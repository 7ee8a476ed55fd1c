"""Counted, the range of the middle greys is what sorting them gives, bit for bit."""

import numpy as np
import pytest

from plainfilm.radiograph import Pixels
from plainfilm.reading.spread import middle_range


def sorted_range(pixels: Pixels) -> float:
    low, high = np.percentile(pixels, (5, 95))
    return float(high - low)


@pytest.mark.parametrize("seed", range(40))
def test_it_is_what_numpy_finds_by_sorting(seed: int) -> None:
    chance = np.random.default_rng(seed)
    height, width = chance.integers(1, 90, 2)
    fine = chance.random((height, width), np.float32) ** int(chance.integers(1, 6))
    bytes_ = np.round(fine * 255).astype(np.float32) / np.float32(255)
    for pixels in (fine, bytes_, (fine > 0.5).astype(np.float32), fine[::2, ::3]):
        assert middle_range(pixels) == sorted_range(pixels)


@pytest.mark.parametrize("grey", [0.0, 1.0, 1e-38])
def test_of_one_grey_it_is_nothing(grey: float) -> None:
    assert middle_range(np.full((3, 5), grey, np.float32)) == 0


def test_the_outermost_twentieths_do_not_count() -> None:
    greys = np.linspace(0, 1, 101, dtype=np.float32).reshape(1, -1)
    assert middle_range(greys) == pytest.approx(0.9)
