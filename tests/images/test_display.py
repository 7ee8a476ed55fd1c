"""The display rule: its laws, and the golden vectors that any implementation can be held to."""

import json
import runpy
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dicoms import dicom_file
from plainfilm.images import read_radiograph_bytes
from plainfilm.images.display import (
    Display,
    LookupTable,
    Rescale,
    Stored,
    StoredBits,
    VoiFunction,
    Window,
    displayed,
)

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "displayed-pixels.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]
TWELVE = StoredBits(12)

windows = st.builds(
    Window,
    st.floats(-2000, 6000),
    st.floats(1, 9000),
    st.sampled_from(VoiFunction),
)
films = st.lists(st.integers(0, 4095), min_size=1, max_size=30).map(
    lambda values: np.array([values], dtype=np.uint16)
)


def read_case(case: dict[str, Any]) -> Stored:
    words = np.array(case["words"])
    bits = case["header"].get("bits") or case["header"]["BitsAllocated"]
    words = words[np.newaxis].astype(np.uint8 if bits == 8 else np.uint16)
    if case["kind"] == "dicom":
        content = dicom_file(words, **case["header"])
    else:
        file = BytesIO()
        Image.fromarray(words).save(file, "PNG")
        content = file.getvalue()
    return read_radiograph_bytes(content, "golden").pixels[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_golden_vector_returns_from_a_file(case: dict[str, Any]) -> None:
    np.testing.assert_allclose(read_case(case), case["displayed"], rtol=0, atol=1e-6)


def test_the_golden_vectors_are_what_their_script_makes() -> None:
    script = runpy.run_path(str(GOLDEN.parent / "make_displayed_pixels.py"))
    assert script["content"]() == GOLDEN.read_text(encoding="utf-8")


@given(films, windows)
def test_an_inverted_film_in_monochrome1_is_the_film_in_monochrome2(
    film: Stored, window: Window
) -> None:
    # LINEAR treats the two ends of the range half a value apart, hence its other center.
    middle = 4096 if window.function is VoiFunction.LINEAR else 4095
    mirrored = Window(middle - window.center, window.width, window.function)
    one = displayed(4095 - film, TWELVE, Display(voi=mirrored, inverted=True))
    two = displayed(film, TWELVE, Display(voi=window))
    np.testing.assert_allclose(one, two, atol=2e-6)


@given(films)
def test_without_a_window_too_an_inverted_film_in_monochrome1_is_the_film(film: Stored) -> None:
    one = displayed(4095 - film, TWELVE, Display(inverted=True))
    two = displayed(film, TWELVE, Display())
    if film.min() < film.max():
        np.testing.assert_allclose(one, two, atol=1e-6)


@given(films, windows)
def test_a_higher_value_is_never_darker(film: Stored, window: Window) -> None:
    shown = displayed(np.sort(film), TWELVE, Display(voi=window))
    assert (np.diff(shown) >= 0).all()


@given(films, windows, st.floats(0.01, 100), st.floats(-5000, 5000))
def test_everything_lies_between_black_and_white(
    film: Stored, window: Window, slope: float, intercept: float
) -> None:
    shown = displayed(film, TWELVE, Display(Rescale(slope, intercept), window))
    assert shown.dtype == np.float32
    assert shown.min() >= 0
    assert shown.max() <= 1


@given(films, st.floats(0.01, 100), st.floats(-5000, 5000))
def test_without_a_window_a_rescale_changes_nothing(
    film: Stored, slope: float, intercept: float
) -> None:
    plain = displayed(film, TWELVE, Display())
    rescaled = displayed(film, TWELVE, Display(Rescale(slope, intercept)))
    np.testing.assert_allclose(plain, rescaled, atol=1e-5)


@given(films, windows)
def test_a_table_of_a_window_shows_what_the_window_shows(film: Stored, window: Window) -> None:
    entries = np.round(window.luminance(np.arange(4096.0)) * 65535).astype(np.uint16)
    by_table = displayed(film, TWELVE, Display(voi=LookupTable(0, 16, entries)))
    np.testing.assert_allclose(by_table, displayed(film, TWELVE, Display(voi=window)), atol=1e-5)


@pytest.mark.parametrize("display", [Display(), Display(inverted=True), Display(padding=(7, 9))])
def test_bytes_show_what_wider_words_show(display: Display) -> None:
    """To the bit: plain bytes are divided, all else is looked up."""
    every = np.arange(256, dtype=np.uint8).reshape(16, 16)
    shown = displayed(every, StoredBits(8), display)
    assert shown.dtype == np.float32
    assert np.array_equal(shown, displayed(every.astype(np.int32), StoredBits(8), display))


@given(films, st.integers(0, 4095), st.integers(0, 500), st.booleans())
def test_padding_is_black_and_leaves_the_rest_alone(
    film: Stored, low: int, span: int, inverted: bool
) -> None:
    window = Window(2000, 3000)
    shown = displayed(film, TWELVE, Display(voi=window, inverted=inverted))
    padded = displayed(
        film, TWELVE, Display(voi=window, inverted=inverted, padding=(low, low + span))
    )
    is_padding = (film >= low) & (film <= low + span)
    assert (padded[is_padding] == 0).all()
    np.testing.assert_array_equal(padded[~is_padding], shown[~is_padding])


def test_stored_bits_know_their_range() -> None:
    assert (StoredBits(12).low, StoredBits(12).high) == (0, 4095)
    assert (StoredBits(12, signed=True).low, StoredBits(12, signed=True).high) == (-2048, 2047)


@pytest.mark.parametrize(
    ("width", "function"),
    [
        (0, VoiFunction.LINEAR),
        (0.5, VoiFunction.LINEAR),
        (-10, VoiFunction.SIGMOID),
        (0, VoiFunction.LINEAR_EXACT),
        (float("nan"), VoiFunction.LINEAR),
        (float("inf"), VoiFunction.LINEAR),
    ],
)
def test_an_impossible_window_cannot_be_built(width: float, function: VoiFunction) -> None:
    with pytest.raises(ValueError, match="no window"):
        Window(100, width, function)


def test_the_middle_of_an_exact_window_is_half_bright_by_hand() -> None:
    window = Window(2048, 1000, VoiFunction.LINEAR_EXACT)
    film = np.array([[1548, 1798, 2048, 2298, 2548]], dtype=np.uint16)
    shown = displayed(film, TWELVE, Display(voi=window))
    np.testing.assert_allclose(shown, [[0, 0.25, 0.5, 0.75, 1]])
