import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from phantoms import phantom
from plainfilm.reading.regions import GRID, body_mask, region_at, regions, sampled, share_outside


def test_regions_touch_by_sides_and_not_by_corners() -> None:
    mask = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 1]], bool)
    numbers = regions(mask)
    assert (numbers > 0).tolist() == mask.tolist()
    assert numbers[0, 0] == numbers[0, 1]
    assert numbers[1, 2] == numbers[2, 2]
    assert len(set(numbers[mask])) == 3


@given(hnp.arrays(bool, (7, 9)), st.integers(0, 6), st.integers(0, 8))
def test_the_region_of_a_place_is_the_one_with_its_number(
    mask: np.ndarray, row: int, column: int
) -> None:
    numbers = regions(mask)
    expected = mask & (numbers == numbers[row, column]) & mask[row, column]
    assert np.array_equal(region_at(mask, row, column), expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_body_holds_the_lungs_and_not_the_corners(seed: int) -> None:
    """S0-75."""
    body = body_mask(phantom(size=(256, 200), seed=seed))
    assert body[GRID // 2, GRID // 4]  # a dark lung, inside
    assert body[GRID // 2, GRID // 2]
    assert not body[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert 0.5 < body.mean() < 0.95


def test_a_letter_beside_the_body_is_outside_it() -> None:
    film = phantom(size=(256, 256))
    film[2:14, 2:8] = 1
    assert not body_mask(film)[:3, :2].any()


def test_a_film_of_one_grey_is_body_all_over() -> None:
    assert body_mask(np.full((50, 60), 0.3, np.float32)).all()


def test_the_share_outside_is_that_of_positive_heat() -> None:
    """S0-75."""
    mask = np.zeros((GRID, GRID), bool)
    mask[:, : GRID // 2] = True
    heat = np.full((2 * GRID, 2 * GRID), -5, np.float32)
    assert share_outside(heat, mask) is None
    heat[:, :8], heat[:, -8:] = 3, 1
    assert share_outside(heat, mask) == pytest.approx(0.25)


def test_samples_are_taken_at_the_centres_of_cells() -> None:
    ramp = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    assert sampled(ramp, 2).tolist() == [[2, 6], [2, 6]]
    assert np.array_equal(sampled(ramp[:4, :4], 4), ramp[:4, :4])
