"""Heatmaps lie where the map lies, keep its sum, and colours mean the same on every film."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.reading.bundle import FitPolicy
from plainfilm.reading.heatmap import N_COLOURS, OPACITY, added, heatmap, overlay, ramp

sides = st.integers(1, 9)


def drawn(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)


@given(st.integers(0, 99), sides, sides, sides, sides)
def test_a_heatmap_keeps_the_average_where_sides_are_multiples(
    seed: int, height: int, width: int, down: int, across: int
) -> None:
    values = drawn(seed, height, width)

    heat = heatmap(values, (height * down, width * across))

    assert heat.mean() == pytest.approx(values.mean(), abs=1e-5)


@given(st.integers(0, 99), sides, sides, st.integers(1, 50), st.integers(1, 50))
def test_a_heatmap_never_exceeds_its_map(
    seed: int, height: int, width: int, film_height: int, film_width: int
) -> None:
    values = drawn(seed, height, width)

    heat = heatmap(values, (film_height, film_width))

    assert heat.shape == (film_height, film_width)
    assert heat.dtype == np.float32
    assert values.min() - 1e-6 <= heat.min() <= heat.max() <= values.max() + 1e-6


@given(st.data(), sides, sides, st.integers(9, 90), st.integers(9, 90))
def test_s0_70_a_hot_cell_is_hottest_where_it_lies_to_a_cell(
    data: st.DataObject, height: int, width: int, film_height: int, film_width: int
) -> None:
    values = np.zeros((height, width), np.float32)
    hot = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    values[hot] = 1.0

    heat = heatmap(values, (film_height, film_width))

    hottest = np.array(np.unravel_index(heat.argmax(), heat.shape))
    cells = (hottest + 0.5) * values.shape / heat.shape - 0.5
    assert np.abs(cells - hot).max() <= 1
    film = np.zeros(heat.shape, np.float32)
    assert overlay(film, heat, 1.0).shape == (*film.shape, 3)  # as large as the film


@given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 40))
def test_a_heatmap_adds_up(seed: int, film_height: int, film_width: int) -> None:
    one, two, film = drawn(seed, 5, 4), drawn(seed + 1, 5, 4), (film_height, film_width)

    np.testing.assert_allclose(
        heatmap(one + 2 * two, film), heatmap(one, film) + 2 * heatmap(two, film), atol=1e-5
    )


def test_a_map_of_the_films_size_is_its_heatmap() -> None:
    values = drawn(0, 7, 5)

    np.testing.assert_array_equal(heatmap(values, (7, 5)), values)


def test_cells_are_centred_on_their_part_of_the_film() -> None:
    heat = heatmap(np.float32([[0, 1]]), (1, 4))

    np.testing.assert_allclose(heat, [[0, 0.25, 0.75, 1]])


def test_a_constant_map_is_a_constant_heatmap() -> None:
    np.testing.assert_allclose(heatmap(np.full((3, 3), 2, np.float32), (50, 41)), 2, rtol=1e-6)


def test_with_padding_the_film_gets_its_part_of_the_map() -> None:
    values = np.float32([[9, 9], [1, 1], [2, 2], [9, 9]]).repeat(2, axis=1)

    heat = heatmap(values, (20, 40), FitPolicy.PAD)

    np.testing.assert_allclose(heat[[5, 14]].mean(axis=1), [1, 2], atol=0.1)
    np.testing.assert_allclose(heat, heatmap(values, (40, 40))[10:30], atol=1e-6)


def test_with_a_crop_the_film_outside_it_is_cold() -> None:
    values = np.full((4, 4), 3, np.float32)

    heat = heatmap(values, (20, 40), FitPolicy.CROP)

    np.testing.assert_allclose(heat[:, 10:30], 3, rtol=1e-6)
    assert not heat[:, :10].any()
    assert not heat[:, 30:].any()


def test_where_it_is_cold_the_film_is_unchanged() -> None:
    film = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)

    for cold in (np.zeros_like(film), np.full_like(film, -5)):
        picture = overlay(film, cold, 1.0)

        np.testing.assert_array_equal(picture, np.arange(256).reshape(16, 16, 1).repeat(3, 2))


def test_full_heat_is_the_ramps_last_colour_over_the_film() -> None:
    film = np.zeros((1, 1), np.float32)

    for heat in (2.0, 50.0):
        picture = overlay(film, np.full((1, 1), heat, np.float32), 2.0)

        np.testing.assert_allclose(picture[0, 0], ramp()[-1] * OPACITY, atol=0.5)


def test_the_scale_is_the_bundles_and_not_the_films() -> None:
    film = np.full((2, 2), 0.5, np.float32)
    heat = np.float32([[0.5, 0.0], [0.0, 0.0]])
    hotter = np.float32([[0.5, 9.0], [0.0, 0.0]])

    same = overlay(film, heat, 1.0)[0, 0] == overlay(film, hotter, 1.0)[0, 0]

    assert same.all()


def test_more_heat_is_never_darker_on_black() -> None:
    heat = np.linspace(0, 1, 256, dtype=np.float32)[None]

    picture = overlay(np.zeros_like(heat), heat, 1.0).astype(int)

    assert (np.diff(picture[0, ::4].sum(axis=1)) > 0).all()


def oklab(colours: np.ndarray) -> np.ndarray:
    """Oklab of sRGB colours: the way back of the ramp's formula (Ottosson 2020)."""
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


def test_s0_70_the_ramp_ends_in_red_and_yellow() -> None:
    red, green, blue = ramp().astype(int).T
    upper = slice(N_COLOURS // 2, None)
    assert (red[upper] > blue[upper]).all()
    assert red[N_COLOURS // 2] > green[N_COLOURS // 2] + 50  # red in the middle
    assert min(red[-1], green[-1]) > blue[-1] + 100  # yellow at the end


def test_the_ramps_steps_look_alike_and_grow_lighter() -> None:
    colours = oklab(ramp().astype(float))

    steps = np.linalg.norm(np.diff(colours[::15], axis=0), axis=1)

    assert (np.diff(colours[::5, 0]) > 0).all()
    assert steps.max() / steps.min() < 1.1


def test_colours_are_added_and_cut_off_and_never_wrap() -> None:
    """S3-30: clip(round(film + strength · rainbow)); most red, none blue; white stays white."""
    film = np.array([[1.0, 0.0, 0.2]], np.float32)
    heat = np.array([[0.0, 7.0, 0.875]], np.float32)
    found = added(film, heat, display_max=1.0)
    assert found.dtype == np.uint8
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 1].tolist() == [64, 0, 0]  # the rainbow ends in dark red
    assert found[0, 2].tolist() == [51 + 127, 51, 51]  # pure red, in the first channel


def test_without_positive_heat_nothing_is_added() -> None:
    """S3-31."""
    film = np.array([[0.0, 0.5]], np.float32)
    found = added(film, np.array([[-1.0, 0.0]], np.float32), display_max=0.5)
    assert found.tolist() == [[[0, 0, 0], [128, 128, 128]]]
