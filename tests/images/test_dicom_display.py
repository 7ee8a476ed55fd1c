"""What a header says about display: what is taken, what is refused, what gets a caution."""

from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import DataElement

from dicoms import header
from plainfilm.errors import UnreadableImage
from plainfilm.images.dicom_display import read_display
from plainfilm.images.display import (
    Display,
    LookupTable,
    Rescale,
    StoredBits,
    VoiFunction,
    Window,
)

TWELVE = StoredBits(12)
WINDOW = {"WindowCenter": 2000, "WindowWidth": 3000}


def read(bits: StoredBits = TWELVE, **fields: Any) -> tuple[Display, tuple[str, ...]]:
    fields = {"PhotometricInterpretation": "MONOCHROME2", **fields}
    return read_display(header(**fields), bits, "film")


def test_a_plain_header_asks_for_a_plain_display() -> None:
    display, cautions = read(**WINDOW)
    assert display == Display(Rescale(1, 0), Window(2000, 3000), inverted=False, padding=None)
    assert cautions == ()


def test_the_first_of_several_windows_is_taken() -> None:
    display, _ = read(WindowCenter=[1, 5], WindowWidth=[10, 20], VOILUTFunction="SIGMOID")
    assert display.voi == Window(1, 10, VoiFunction.SIGMOID)


@pytest.mark.parametrize(
    "window",
    [
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 1e30, "WindowWidth": 10},
        {"WindowCenter": 10, "WindowWidth": 1e30},
    ],
)
def test_an_impossible_window_is_left_out_and_said_so(window: dict[str, float]) -> None:
    display, cautions = read(**window)
    assert display.voi is None
    assert "cannot be used" in cautions[0]
    assert "has no window" not in cautions[0]
    assert len(cautions) == 2


def test_more_than_8_bits_without_a_window_get_a_caution_and_8_do_not() -> None:
    assert read(WindowCenter=100)[1][0].startswith("The header has no window")
    assert read(StoredBits(8))[1] == ()


def test_an_unknown_function_is_linear_and_said_so() -> None:
    display, cautions = read(**WINDOW, VOILUTFunction="CUBIC")
    assert display.voi == Window(2000, 3000)
    assert cautions == ("The header's VOI LUT Function 'CUBIC' is not known: LINEAR used.",)


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted", "is_contradiction"),
    [
        ("MONOCHROME1", None, True, False),
        ("MONOCHROME2", None, False, False),
        ("MONOCHROME1", "INVERSE", True, False),
        ("MONOCHROME2", "IDENTITY", False, False),
        ("MONOCHROME2", "INVERSE", True, True),
        ("MONOCHROME1", "IDENTITY", False, True),
        ("MONOCHROME1", "LIN OD", True, False),
    ],
)
def test_a_film_is_inverted_once(
    photometric: str, shape: str | None, inverted: bool, is_contradiction: bool
) -> None:
    display, cautions = read(
        **WINDOW, PhotometricInterpretation=photometric, PresentationLUTShape=shape
    )
    assert display.inverted is inverted
    assert bool(cautions) is is_contradiction
    assert not cautions or f"({photometric} with Presentation LUT Shape {shape})" in cautions[0]


@pytest.mark.parametrize(
    ("fields", "rescale"),
    [
        ({"RescaleSlope": 2, "RescaleIntercept": -5}, Rescale(2, -5)),
        ({"RescaleSlope": 2}, Rescale(2, 0)),
        ({"RescaleIntercept": 7}, Rescale(1, 7)),
    ],
)
def test_a_rescale_is_taken(fields: dict[str, float], rescale: Rescale) -> None:
    assert read(**WINDOW, **fields)[0].modality == rescale


@pytest.mark.parametrize(
    "fields", [{"RescaleSlope": 0}, {"RescaleSlope": 1e7}, {"RescaleIntercept": -1e10}]
)
def test_an_impossible_rescale_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(UnreadableImage, match=r"^film: its Rescale Slope is"):
        read(**WINDOW, **fields)


@pytest.mark.parametrize(
    ("fields", "padding"),
    [
        ({}, None),
        ({"PixelPaddingRangeLimit": 5}, None),
        ({"PixelPaddingValue": 5}, (5, 5)),
        ({"PixelPaddingValue": 9, "PixelPaddingRangeLimit": 5}, (5, 9)),
        ({"PixelPaddingValue": -1}, (65535, 65535)),
    ],
)
def test_padding_is_a_range(fields: dict[str, int], padding: tuple[int, int] | None) -> None:
    assert read(**WINDOW, **fields)[0].padding == padding


def test_padding_of_signed_pixels_has_a_sign() -> None:
    display, _ = read(StoredBits(16, signed=True), **WINDOW, PixelPaddingValue=63536)
    assert display.padding == (-2000, -2000)


def table(**fields: Any) -> dict[str, Any]:
    return {"LUTDescriptor": [4, 10, 12], "LUTData": [0, 100, 200, 4095], **fields}


def voi(bits: StoredBits = TWELVE, **fields: Any) -> LookupTable:
    found = read(bits, VOILUTSequence=table(**fields))[0].voi
    assert isinstance(found, LookupTable)
    return found


def test_a_table_is_taken_before_a_window_and_the_first_of_several() -> None:
    display, cautions = read(**WINDOW, VOILUTSequence=[table(), table(LUTDescriptor=[4, 0, 12])])
    assert isinstance(display.voi, LookupTable)
    assert (display.voi.first, display.voi.bits) == (10, 12)
    assert cautions == ()


@pytest.mark.parametrize(
    "content",
    [
        [0, 100, 200, 255],
        np.array([0, 100, 200, 255], "<u2").tobytes(),
        bytes([0, 100, 200, 255]),
        np.array([0, 100, 200, 255, 7], "<u2").tobytes() + b"\0",
    ],
)
def test_entries_are_words_or_bytes(content: list[int] | bytes) -> None:
    found = voi(LUTDescriptor=[4, 0, 8], LUTData=content)
    assert found.entries.tolist() == [0, 100, 200, 255]
    assert found.entries.dtype == np.uint16


def test_no_entries_stand_for_65536() -> None:
    found = voi(StoredBits(16), LUTDescriptor=[0, 0, 16], LUTData=list(range(65536)))
    assert len(found.entries) == 65536


def test_the_first_value_is_negative_where_only_that_can_be_meant() -> None:
    signed = StoredBits(16, signed=True)
    assert voi(signed, LUTDescriptor=[4, 64536, 12]).first == -1000
    assert voi(signed, LUTDescriptor=[4, -1000, 12]).first == -1000
    assert voi(LUTDescriptor=[4, 64536, 12]).first == 64536


def test_a_depth_too_small_for_the_entries_is_mended() -> None:
    assert voi(LUTDescriptor=[4, 0, 8]).bits == 12


@pytest.mark.parametrize(
    "fields",
    [
        {"LUTDescriptor": [4, 0]},
        {"LUTDescriptor": [9, 0, 12]},
        {"LUTDescriptor": [4, 0, 0]},
        {"LUTDescriptor": [4, 0, 17]},
        {"LUTData": [1]},
    ],
)
@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
def test_a_broken_table_is_refused(fields: dict[str, Any], sequence: str) -> None:
    with pytest.raises(UnreadableImage, match=r"^film: its (VOI|Modality) LUT has"):
        read(**{sequence: table(**fields)})


def test_a_modality_table_comes_before_a_rescale() -> None:
    display, _ = read(**WINDOW, RescaleSlope=2, ModalityLUTSequence=table())
    assert isinstance(display.modality, LookupTable)


def test_text_where_a_number_belongs_is_no_number() -> None:
    element = DataElement("WindowCenter", "LO", "wide")
    assert read(WindowCenter=element, WindowWidth=10)[0].voi is None
