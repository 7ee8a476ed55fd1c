"""Absurd sizes are refused from the header, and no parser's error or warning gets through."""

import logging
import warnings

import pytest

from plainfilm.errors import NotARadiograph, UnreadableImage
from plainfilm.images.guard import MAX_PIXELS, MAX_SIDE, check_size, refusing, silence


@pytest.mark.parametrize("size", [(1, 1), (4300, 3500), (9000, 3000), (1, MAX_SIDE)])
def test_a_size_that_a_film_can_have_passes(size: tuple[int, int]) -> None:
    check_size("film", *size)


@pytest.mark.parametrize(
    "size", [(0, 10), (10, -1), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (10_000, 5_001)]
)
def test_an_absurd_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnreadableImage, match=f"^film: says it is {size[1]} x {size[0]} pixels"):
        check_size("film", *size)


def test_the_largest_film_is_within_both_limits() -> None:
    check_size("film", MAX_PIXELS // 10_000, 10_000)


def test_an_error_inside_becomes_a_refusal_that_does_not_quote_it() -> None:
    wanted = r"^film: is damaged \(KeyError\)\.$"
    with pytest.raises(UnreadableImage, match=wanted), refusing("film", "is damaged"):
        raise KeyError("Doe^Jane")


def test_a_refusal_inside_stays_what_it_is() -> None:
    with pytest.raises(NotARadiograph, match="a CT slice"), refusing("film", "is damaged"):
        raise NotARadiograph("a CT slice")


def test_a_warning_inside_is_not_heard() -> None:
    with refusing("film", "is damaged"):
        warnings.warn("odd value", stacklevel=1)


def test_a_log_line_inside_is_not_written_and_one_outside_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("pydicom")
    with refusing("film", "is damaged"), silence():
        logger.warning("Invalid value for VR PN: 'Doe^Jane'")
    assert caplog.text == ""
    logger.warning("something else")
    assert "something else" in caplog.text
