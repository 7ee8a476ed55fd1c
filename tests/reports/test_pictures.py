"""Pixels for the reports."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phantoms import phantom
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle, BundleHeader, FitPolicy
from plainfilm.reports.pictures import (
    film_png,
    fitted,
    grey,
    heat_png,
    is_visible,
    overlaid,
    scale_bar,
    thumbnail,
)


def picture(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60))
def test_the_longer_side_is_as_asked_and_the_range_is_kept(h: int, w: int, longest: int) -> None:
    pixels = phantom(size=(h, w))
    found = fitted(pixels, longest)
    assert max(found.shape) == longest
    assert found.min() >= pixels.min() - 1e-6
    assert found.max() <= pixels.max() + 1e-6


def test_a_small_film_is_its_own_thumbnail(film: Radiograph) -> None:
    assert thumbnail(film) is film


def test_a_large_film_shrinks_and_loses_its_spacing() -> None:
    large = Radiograph(phantom(size=(300, 1500)), "large.png", spacing_mm=(0.1, 0.1))
    small = thumbnail(large)
    assert small.pixels.shape == (205, 1024)
    assert (small.name, small.spacing_mm) == ("large.png", None)


def test_a_film_is_a_grey_picture(film: Radiograph) -> None:
    np.testing.assert_array_equal(picture(film_png(film.pixels)), grey(film.pixels))


def test_a_layer_over_its_film_looks_like_the_overlay(bundle: Bundle, film: Radiograph) -> None:
    values = bundle.golden.outputs[0]["map"][0]
    layer = Image.open(io.BytesIO(heat_png(values, film.pixels.shape, bundle.header)))
    below = Image.fromarray(grey(film.pixels)).convert("RGBA")
    seen = np.asarray(Image.alpha_composite(below, layer).convert("RGB")).astype(int)
    expected = overlaid(film.pixels, values, bundle.header).astype(int)
    assert np.abs(seen - expected).max() <= 2
    assert (seen != np.asarray(below.convert("RGB"))).any()


def fitted_by(bundle: Bundle, policy: FitPolicy) -> BundleHeader:
    return replace(bundle.header, input=replace(bundle.header.input, policy=policy))


# A map of 4 x 4 cells, hot in its second row, over a film twice as wide as high: squashed, the
# whole map lies over it; padded, its two middle rows do; cropped, it covers the middle only.
HOT_ROW = np.float32([[0], [0.05], [0], [0]]).repeat(4, axis=1)
WIDE = (40, 80)
HEATED = {
    FitPolicy.SQUASH: np.s_[11:19, :],
    FitPolicy.PAD: np.s_[2:18, :],
    FitPolicy.CROP: np.s_[11:19, 20:60],
}


@pytest.mark.parametrize("policy", list(FitPolicy))
def test_heat_is_laid_where_the_bundle_s_fit_took_it_from(
    bundle: Bundle, policy: FitPolicy
) -> None:
    header, film = fitted_by(bundle, policy), np.full(WIDE, 0.5, np.float32)

    opacity = picture(heat_png(HOT_ROW, WIDE, header))[..., 3]
    colours = np.ptp(overlaid(film, HOT_ROW, header).astype(int), axis=2)

    for heat in (opacity, colours):
        hottest = np.flatnonzero(heat[:, 40] == heat[:, 40].max()).mean()
        assert hottest == pytest.approx(9.5 if policy == FitPolicy.PAD else 14.5, abs=1)
        assert (heat[HEATED[policy]] > 0.3 * heat.max()).all()
        outside = np.ones(WIDE, bool)
        outside[:, 20:60] = False
        assert heat[outside].any() == (policy != FitPolicy.CROP)


def test_heat_in_the_padding_is_not_drawn_over_the_film(bundle: Bundle) -> None:
    padding = np.float32([[0.05], [0], [0], [0.05]]).repeat(4, axis=1)
    header, film = fitted_by(bundle, FitPolicy.PAD), np.full(WIDE, 0.5, np.float32)

    middle = overlaid(film, padding, header)[10:30]

    assert (middle == 128).all()


def test_the_same_heat_has_the_same_colour_on_every_film(bundle: Bundle) -> None:
    values = np.full((4, 4), 0.02, np.float32)
    for other in (0.001, 0.05):  # what else is on the film does not matter
        mixed = values.copy()
        mixed[3, 3] = other
        colours = picture(heat_png(mixed, (8, 8), bundle.header))[0, 0]
        np.testing.assert_array_equal(
            colours, picture(heat_png(values, (8, 8), bundle.header))[0, 0]
        )


@pytest.mark.parametrize(("heat", "seen"), [(0.006, True), (0.004, False), (-0.05, False)])
def test_heat_under_a_tenth_of_the_scale_is_not_seen(
    bundle: Bundle, heat: float, seen: bool
) -> None:
    assert is_visible(np.full((4, 4), heat, np.float32), (300, 1500), bundle.header) == seen


def test_heat_in_the_padding_is_not_seen(bundle: Bundle) -> None:
    padding = np.float32([[0.05], [0], [0], [0.05]]).repeat(4, axis=1)
    assert is_visible(padding, (80, 80), bundle.header)
    assert not is_visible(padding, (20, 80), fitted_by(bundle, FitPolicy.PAD))


def test_a_large_layer_has_few_pixels(bundle: Bundle) -> None:
    values = np.zeros((4, 4), np.float32)
    assert picture(heat_png(values, (3000, 1500), bundle.header)).shape == (320, 160, 4)


def test_the_scale_begins_with_the_film_and_ends_at_full_strength(bundle: Bundle) -> None:
    bar = scale_bar(bundle.header, (4, 50))
    full = overlaid(
        np.full((2, 2), 0.5, np.float32), np.full((1, 1), 0.05, np.float32), bundle.header
    )
    np.testing.assert_array_equal(bar[0, 0], [128, 128, 128])
    np.testing.assert_array_equal(bar[0, -1], full[0, 0])


def test_a_bundle_without_maps_has_no_scale(bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="tiny has no maps"):
        scale_bar(replace(bundle.header, map=None), (4, 50))
