"""PNG, JPEG and TIFF of every depth and mode become the same film, or are refused."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from plainfilm.errors import ImageError, NotARadiograph, UnreadableImage
from plainfilm.images.raster import read_raster
from plainfilm.radiograph import Pixels

Refusal = Callable[[bytes], ImageError]
Film8 = NDArray[np.uint8]


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shown(content: bytes) -> Pixels:
    return read_raster(content, "film").pixels


def with_tag(tiff: bytes, number: int, value: int) -> bytes:
    """A little-endian TIFF file with another value in the tag, a short."""
    changed = bytearray(tiff)
    start = struct.unpack_from("<I", tiff, 4)[0]
    for entry in range(struct.unpack_from("<H", tiff, start)[0]):
        at = start + 2 + 12 * entry
        if struct.unpack_from("<H", tiff, at)[0] == number:
            struct.pack_into("<H", changed, at + 8, value)
    return bytes(changed)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"big_tiff": True}),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "LA"])
def test_a_grey_film_is_the_same_in_every_mode(
    film8: Film8, kind: str, options: dict[str, Any], mode: str
) -> None:
    content = saved(Image.fromarray(film8).convert(mode), kind, **options)
    np.testing.assert_array_equal(shown(content), film8.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_film_is_the_film_up_to_its_loss(film8: Film8, mode: str) -> None:
    content = saved(Image.fromarray(film8).convert(mode), "JPEG", quality=95)
    assert np.abs(shown(content) - film8 / 255).mean() < 0.02


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_16_bits_are_the_film_over_their_whole_range(film8: Film8, kind: str, order: str) -> None:
    content = saved(Image.fromarray(film8.astype(np.uint16) * 257), kind)
    if kind == "TIFF" and order == ">u2":
        content = saved(Image.fromarray((film8.astype(np.uint16) * 257).astype(order)), kind)
    np.testing.assert_allclose(shown(content), film8 / 255, atol=1e-6)


def test_12_bits_in_a_16_bit_file_are_a_12_bit_film(film12: NDArray[np.uint16]) -> None:
    radiograph = read_raster(saved(Image.fromarray(film12)), "film")
    np.testing.assert_allclose(radiograph.pixels, film12 / 4095, atol=1e-6)
    assert radiograph.cautions == (
        "The 16-bit file uses only its lowest 12 bits: read as a 12-bit film.",
    )


def test_black_and_white_has_two_values() -> None:
    picture = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    np.testing.assert_array_equal(shown(saved(picture)), [[0, 1], [1, 0]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_tiff_in_which_white_is_zero_is_turned(film8: Film8, dtype: type) -> None:
    factor = 257 if dtype is np.uint16 else 1
    plain = saved(Image.fromarray(film8.astype(dtype) * dtype(factor)), "TIFF")
    np.testing.assert_allclose(shown(with_tag(plain, 262, 0)), 1 - film8 / 255, atol=1e-6)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_rotated_film_is_turned_upright_once(film8: Film8, orientation: int, kind: str) -> None:
    stored_as = {
        1: film8, 2: film8[:, ::-1], 3: film8[::-1, ::-1], 4: film8[::-1],
        5: film8.T, 6: film8.T[::-1], 7: film8[::-1, ::-1].T, 8: film8.T[:, ::-1],
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {274: orientation}} if kind == "TIFF" else {"exif": exif}
    image = Image.fromarray(np.ascontiguousarray(stored_as))
    content = saved(image, kind, quality=95, **options)
    assert np.abs(shown(content) - film8 / 255).mean() < (0.02 if kind == "JPEG" else 1e-6)


def test_a_see_through_value_is_black() -> None:
    words = np.array([[60000, 123], [65535, 40000]], np.uint16)
    content = saved(Image.fromarray(words), transparency=60000)
    np.testing.assert_allclose(shown(content), [[0, 123 / 65535], [1, 40000 / 65535]], atol=1e-6)
    content = saved(Image.fromarray((words >> 8).astype(np.uint8)), transparency=255)
    np.testing.assert_allclose(shown(content), np.array([[234, 0], [0, 156]]) / 255, atol=1e-6)


def test_floating_point_from_0_to_1_is_taken_as_it_is(film8: Film8) -> None:
    luminance = film8.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(shown(saved(Image.fromarray(luminance), "TIFF")), luminance)


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan")])
def test_other_floating_point_is_refused(refusal: Refusal, value: float) -> None:
    luminance = np.full((4, 4), 0.5, np.float32)
    luminance[0, 0] = value
    error = refusal(saved(Image.fromarray(luminance), "TIFF"))
    assert "expected 0 (black) to 1 (white)" in str(error)


def test_32_bits_are_refused(refusal: Refusal) -> None:
    error = refusal(saved(Image.fromarray(np.full((4, 4), 70000, np.int32)), "TIFF"))
    assert "grey levels of 32 bits; expected 8 or 16 bits" in str(error)


def test_signed_16_bits_are_refused_when_negative(refusal: Refusal) -> None:
    plain = saved(Image.fromarray(np.full((4, 4), 65000, np.uint16)), "TIFF")
    samples = saved(Image.fromarray(np.full((4, 4), -5, np.int32)), "TIFF")
    assert "some negative" in str(refusal(samples))
    assert shown(plain).max() < 1


def test_several_pages_are_refused(refusal: Refusal, film8: Film8) -> None:
    page = Image.fromarray(film8)
    for kind in ("TIFF", "PNG"):
        other = Image.fromarray(255 - film8)
        error = refusal(saved(page, kind, save_all=True, append_images=[other]))
        assert isinstance(error, NotARadiograph)
        assert "several pictures in one file" in str(error)


def test_a_colour_photograph_is_refused(refusal: Refusal) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    assert isinstance(refusal(saved(Image.fromarray(picture))), NotARadiograph)


def chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png_that_says(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((30_000, 10), "says it is 30000 x 10 pixels"),
        ((9_000, 9_000), "says it is 9000 x 9000 pixels"),
        ((12_000, 12_000), "says it is 12000 x 12000 pixels"),
        ((100_000, 100_000), "several hundred million pixels"),
    ],
)
def test_absurd_dimensions_are_refused_from_the_header(
    refusal: Refusal, size: tuple[int, int], words: str
) -> None:
    assert words in str(refusal(png_that_says(*size)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_breaks_off_is_refused(
    refusal: Refusal, film8: Film8, kind: str, share: float
) -> None:
    content = saved(Image.fromarray(film8), kind)
    if kind == "TIFF":  # Pillow writes the directory first, the pixels last
        assert content.index(film8.tobytes()) < 0.3 * len(content)
    error = refusal(content[: int(share * len(content))])
    assert isinstance(error, UnreadableImage)
    assert "is damaged or breaks off" in str(error)
