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


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from(["squash", "crop"]),
    st.floats(0, 1, width=32),
)
def test_a_film_of_one_grey_keeps_it(
    height: int, width: int, policy: FitPolicy, grey: float
) -> None:
    square = fit(np.full((height, width), grey, np.float32), 32, policy)

    assert (square.shape, square.dtype) == ((32, 32), np.uint8)
    assert np.abs(square - np.rint(np.float32(grey) * 255)).max() <= 1


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 40))
def test_padding_is_black_lines_first_and_a_resize_then(height: int, width: int, size: int) -> None:
    film = np.random.default_rng(height).random((height, width), np.float32)
    tall, wide = max(0, width - height), max(0, height - width)

    by_hand = np.pad(film, ((tall // 2, tall - tall // 2), (wide // 2, wide - wide // 2)))

    np.testing.assert_array_equal(fit(film, size, "pad"), fit(by_hand, size, "squash"))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 40))
def test_a_crop_knows_nothing_of_what_it_cuts_off(height: int, width: int, size: int) -> None:
    film = np.random.default_rng(height).random((height, width), np.float32)
    side = min(height, width)
    top, left = (height - side + 1) // 2, (width - side + 1) // 2
    inside = np.zeros(film.shape, bool)
    inside[top : top + side, left : left + side] = True

    expected = fit(film, size, "crop")

    for outside in (0, 1):
        altered = np.where(inside, film, np.float32(outside))
        np.testing.assert_array_equal(fit(altered, size, "crop"), expected)


@given(st.sampled_from(POLICIES), st.integers(1, 60), st.integers(1, 60))
def test_the_film_itself_is_left_as_it_was(policy: FitPolicy, height: int, width: int) -> None:
    film = np.random.default_rng(height).random((height, width), np.float32)
    before = film.copy()

    fit(film, 20, policy)

    np.testing.assert_array_equal(film, before)


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
