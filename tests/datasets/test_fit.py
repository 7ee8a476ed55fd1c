import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.datasets.fit import POLICIES, FitPolicy, fit


@pytest.mark.parametrize("policy", POLICIES)
def test_a_square_of_the_right_size_stays_as_it_is(policy: FitPolicy) -> None:
    film = np.rint(phantom(size=(64, 64)) * 255).astype(np.uint8)

    np.testing.assert_array_equal(fit(film.astype(np.float32) / 255, 64, policy), film)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from(POLICIES), st.floats(0, 1, width=32))
def test_a_film_of_one_grey_keeps_it(
    height: int, width: int, policy: FitPolicy, grey: float
) -> None:
    film = np.full((height, width), grey, np.float32)

    square = fit(film, 32, policy)

    expected = {int(np.rint(np.float32(grey) * 255))} | ({0} if policy == "pad" else set())
    assert square.shape == (32, 32)
    assert square.dtype == np.uint8
    assert all(min(abs(value - e) for e in expected) <= 1 for value in np.unique(square).tolist())


def test_halving_weighs_four_columns_one_three_three_one() -> None:
    row = np.array([0, 0, 0, 1, 0, 0, 0, 0], np.float32)
    film = np.tile(row, (8, 1))

    # The triangle filter, twice as wide for half the size: (1, 3, 3, 1) / 8 around each pair.
    np.testing.assert_array_equal(fit(film, 4)[1], np.rint([0, 255 * 3 / 8, 255 / 8, 0]))


def test_squash_fills_the_square_and_pad_keeps_the_shape() -> None:
    film = np.ones((20, 40), np.float32)

    assert fit(film, 40, "squash").min() == 255
    padded = fit(film, 40, "pad")
    assert padded[10:30].min() == 255
    assert padded[:10].max() == padded[30:].max() == 0


def test_crop_takes_the_centre() -> None:
    film = np.zeros((20, 40), np.float32)
    film[:, 10:30] = 1

    assert fit(film, 20, "crop").min() == 255
