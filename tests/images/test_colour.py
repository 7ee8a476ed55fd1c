"""A film saved in colour is read by its brightness; a colour picture is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import NotARadiograph
from plainfilm.images.colour import COLOURED, coloured_share, grey_of_colours

BLUE_MARK = (20, 40, 250, 255)


def grey_picture(value: int = 90, size: int = 40) -> np.ndarray:
    picture = np.full((size, size, 4), value, dtype=np.uint8)
    picture[..., 3] = 255
    return picture


@given(st.integers(0, 255))
def test_a_grey_pixel_keeps_its_value_exactly(value: int) -> None:
    luminance, cautions = grey_of_colours(grey_picture(value, 2), "film")
    assert (luminance == np.float32(value) / np.float32(255)).all()
    assert cautions == ()


@given(st.tuples(*[st.integers(0, 255)] * 4))
def test_luminance_lies_between_the_darkest_and_the_brightest_primary(
    pixel: tuple[int, int, int, int],
) -> None:
    picture = grey_picture()
    picture[0, 0] = pixel
    luminance, _ = grey_of_colours(picture, "film")
    shown = luminance[0, 0] * 255 * 255
    assert min(pixel[:3]) * pixel[3] - 1 <= shown <= max(pixel[:3]) * pixel[3] + 1


def test_a_small_coloured_mark_is_mentioned() -> None:
    picture = grey_picture()
    picture[:4, :4] = BLUE_MARK
    _, cautions = grey_of_colours(picture, "film")
    assert cautions == (
        "The image has colours (1.0% of its pixels); only its brightness was used.",
    )


def test_a_colour_picture_is_refused_with_its_share() -> None:
    picture = grey_picture()
    picture[:10] = BLUE_MARK
    with pytest.raises(NotARadiograph, match=r"^film: a colour picture \(25% of its pixels"):
        grey_of_colours(picture, "film")


def test_the_tint_of_film_base_is_not_colour() -> None:
    picture = grey_picture()
    picture[..., 2] += COLOURED - 1
    assert coloured_share(picture) == 0
    picture[..., 2] += 1
    assert coloured_share(picture) == 1


def test_what_is_see_through_is_black_and_not_coloured() -> None:
    picture = grey_picture()
    picture[...] = (250, 0, 0, 0)
    luminance, _ = grey_of_colours(picture, "film")
    assert coloured_share(picture) == 0
    assert (luminance == 0).all()
