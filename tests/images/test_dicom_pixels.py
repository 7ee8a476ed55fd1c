"""Stored values come out of every compression and layout of words, or the file is refused."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import jpeg_ls
import numpy as np
import openjpeg.utils
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dicoms import dicom_file
from plainfilm.errors import ImageError, NotARadiograph, UnreadableImage
from plainfilm.images import read_radiograph_bytes
from plainfilm.images.dicom_pixels import PixelLayout, unpack
from plainfilm.images.display import StoredBits

Refusal = Callable[[bytes], ImageError]
Film8 = NDArray[np.uint8]
Film12 = NDArray[np.uint16]
WIDE = {"BitsStored": 12, "WindowCenter": 2048, "WindowWidth": 4096}


def jpeg(film: NDArray[np.uint8], mode: str = "L") -> bytes:
    file = BytesIO()
    Image.fromarray(film).convert(mode).save(file, "JPEG", quality=97)
    return file.getvalue()


def rle(film: NDArray[np.integer]) -> bytes:
    return get_encoder(RLELossless).encode(
        film.tobytes(),
        rows=film.shape[0],
        columns=film.shape[1],
        samples_per_pixel=1,
        bits_allocated=8 * film.itemsize,
        bits_stored=8 * film.itemsize,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        encoding_plugin="pydicom",  # GDCM aborts on an odd frame
        number_of_frames=1,
    )


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        (JPEGLSLossless, lambda film: bytes(jpeg_ls.encode_array(film))),
        (JPEG2000Lossless, lambda film: bytes(openjpeg.utils.encode_array(film))),
        (JPEG2000, lambda film: bytes(openjpeg.utils.encode_array(film, codec_format=1))),
        (RLELossless, rle),
    ],
)
@pytest.mark.parametrize("bits", [8, 12])
def test_a_lossless_film_is_the_film(
    film8: Film8,
    film12: Film12,
    syntax: str,
    encode: Callable[[NDArray[np.integer]], bytes],
    bits: int,
) -> None:
    film = film8 if bits == 8 else film12
    fields = {"BitsStored": 8} if bits == 8 else WIDE
    content = dicom_file(film, syntax=syntax, frame=encode(film), **fields)
    shown = read_radiograph_bytes(content, "film").pixels
    np.testing.assert_array_equal(np.round(shown * ((1 << bits) - 1)), film)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_an_8_bit_jpeg_film_is_the_film_up_to_its_loss(film8: Film8, syntax: str) -> None:
    content = dicom_file(film8, syntax=syntax, frame=jpeg(film8))
    shown = read_radiograph_bytes(content, "film").pixels
    assert np.abs(shown - film8 / 255).mean() < 0.01


@pytest.mark.parametrize("odd", [False, True])
def test_8_bits_in_big_endian_words_are_unswapped(film8: Film8, odd: bool) -> None:
    film = film8[:47, :39] if odd else film8
    shown = read_radiograph_bytes(dicom_file(film, syntax=ExplicitVRBigEndian), "film").pixels
    np.testing.assert_array_equal(np.round(shown * 255), film)


@given(
    st.integers(1, 16).flatmap(
        lambda bits: st.tuples(st.just(bits), st.integers(bits - 1, 15), st.booleans())
    ),
    st.lists(st.integers(0, 65535), min_size=1, max_size=20),
)
def test_stored_values_lie_within_their_bits_and_are_the_word_s(
    layout: tuple[int, int, bool], words: list[int]
) -> None:
    bits, high_bit, signed = layout
    stored = StoredBits(bits, signed)
    values = unpack(np.array([words], np.uint16), PixelLayout(1, len(words), 16, high_bit, stored))
    assert values.min() >= stored.low
    assert values.max() <= stored.high
    shift = high_bit + 1 - bits
    back = (values.astype(np.int64) & ((1 << bits) - 1)) << shift
    np.testing.assert_array_equal(back[0], np.array(words) & (((1 << bits) - 1) << shift))


def test_a_signed_value_by_hand() -> None:
    layout = PixelLayout(1, 3, 16, 11, StoredBits(12, signed=True))
    words = np.array([[0x0FFF, 0x0800, 0x07FF]], np.uint16)
    assert unpack(words, layout).tolist() == [[-1, -2048, 2047]]


def test_pixels_that_break_off_are_refused(film12: Film12, refusal: Refusal) -> None:
    error = refusal(dicom_file(film12)[:-100])
    assert isinstance(error, UnreadableImage)
    assert "the pixels break off: 3,740 bytes found, 3,840 expected" in str(error)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("wrong", [{"Rows": 24}, {"Columns": 39}, {"BitsAllocated": 8}])
def test_more_pixels_than_the_header_says_are_refused(
    film12: Film12, refusal: Refusal, syntax: str, wrong: dict[str, int]
) -> None:
    bits = {"BitsStored": 8} if "BitsAllocated" in wrong else {}
    error = refusal(dicom_file(film12, syntax=syntax, **wrong, **bits))
    assert isinstance(error, UnreadableImage)
    assert "more pixels than the header's size holds: 3,840 bytes found" in str(error)


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize("wrong", [{"Rows": 24}, {"Columns": 39}])
def test_more_pixels_in_rle_than_the_header_says_are_refused(
    film8: Film8, film12: Film12, refusal: Refusal, bits: int, wrong: dict[str, int]
) -> None:
    film = film8 if bits == 8 else film12
    error = refusal(dicom_file(film, syntax=RLELossless, frame=rle(film), **wrong))
    assert "more pixels than the header's size holds: 1,920 bytes found" in str(error)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, RLELossless])
def test_one_byte_that_pads_an_odd_film_is_no_pixel(film8: Film8, syntax: str) -> None:
    film = film8[:47, :39].copy()
    frame = rle(film) if syntax == RLELossless else None
    shown = read_radiograph_bytes(dicom_file(film, syntax=syntax, frame=frame), "film").pixels
    np.testing.assert_array_equal(np.round(shown * 255), film)


def test_an_unknown_syntax_is_refused_by_its_number(film12: Film12, refusal: Refusal) -> None:
    error = refusal(dicom_file(film12, syntax="1.2.840.10008.1.2.4.100", frame=b"\0\0"))
    assert "its transfer syntax (1.2.840.10008.1.2.4.100) is not one that can be read" in str(error)


def test_a_syntax_that_is_no_uid_is_not_repeated(film12: Film12, refusal: Refusal) -> None:
    content = dicom_file(film12, syntax="1.2.840.10008.1.2.4.80", frame=b"\0\0")
    named = content.replace(b"1.2.840.10008.1.2.4.80", b"Doe^Jane, born 1.2.198")
    assert "(no UID)" in str(refusal(named))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"no codestream at all", "are none of JPEG, JPEG-LS, JPEG 2000"),
        (b"\0\0", "are none of JPEG, JPEG-LS, JPEG 2000"),
    ],
)
def test_a_frame_that_is_none_is_refused(
    film8: Film8, refusal: Refusal, frame: bytes, words: str
) -> None:
    assert words in str(refusal(dicom_file(film8, syntax=JPEGBaseline8Bit, frame=frame)))


def test_a_frame_in_colour_is_no_radiograph(film8: Film8, refusal: Refusal) -> None:
    error = refusal(dicom_file(film8, syntax=JPEGBaseline8Bit, frame=jpeg(film8, "RGB")))
    assert isinstance(error, NotARadiograph)
    assert "its pixels have 3 colours" in str(error)


def test_a_frame_of_another_size_never_reaches_a_decoder(film8: Film8, refusal: Refusal) -> None:
    frame = jpeg(film8).replace(b"\x08\x00\x30\x00\x28", b"\x08\xff\xff\xff\xff")
    error = refusal(dicom_file(film8, syntax=JPEGBaseline8Bit, frame=frame))
    assert "say 65535 x 65535, the header says 40 x 48" in str(error)


def test_a_signed_frame_needs_all_its_bits(film12: Film12, refusal: Refusal) -> None:
    frame = bytes(jpeg_ls.encode_array(film12))
    fields = {"syntax": JPEGLSLossless, "frame": frame, "BitsStored": 14}
    assert "12 bits, the header says 14" in str(
        refusal(dicom_file(film12, PixelRepresentation=1, **fields))
    )
    assert read_radiograph_bytes(dicom_file(film12, **fields), "film").pixels.max() == 1


def test_more_than_16_bits_are_refused(film12: Film12, refusal: Refusal) -> None:
    frame = bytes(openjpeg.utils.encode_array(film12.astype(np.uint32), bits_stored=20))
    error = refusal(dicom_file(film12, syntax=JPEG2000, frame=frame))
    assert "have 20 bits, the header says 16" in str(error)


@pytest.mark.parametrize(
    ("syntax", "frame_of"),
    [
        (JPEGBaseline8Bit, jpeg),
        (JPEGLSLossless, lambda film: bytes(jpeg_ls.encode_array(film))),
        (JPEG2000Lossless, lambda film: bytes(openjpeg.utils.encode_array(film))),
    ],
)
def test_a_compressed_frame_that_breaks_off_is_refused(
    film8: Film8, refusal: Refusal, syntax: str, frame_of: Callable[[Film8], bytes]
) -> None:
    frame = frame_of(film8)
    error = refusal(dicom_file(film8, syntax=syntax, frame=frame[: len(frame) * 2 // 3]))
    assert "pixels break off. Get a whole copy." in str(error)


def test_rle_that_breaks_off_is_refused(film8: Film8, refusal: Refusal) -> None:
    error = refusal(dicom_file(film8, syntax=RLELossless, frame=rle(film8)[:200]))
    assert "its RLE pixels are damaged or break off" in str(error)


def test_a_damaged_lossless_jpeg_is_refused(
    shared_data: Path, film12: Film12, refusal: Refusal
) -> None:
    file = shared_data / "dicom-samples" / "nema-wg04" / "RG2_JPLL.dcm"
    frame = bytearray(get_frame(pydicom.dcmread(file).PixelData, 0, number_of_frames=1))
    frame[5000:6000] = bytes(1000)
    words = np.zeros((2140, 1760), np.uint16)
    content = dicom_file(words, syntax=JPEGLosslessSV1, frame=bytes(frame), BitsStored=10)
    assert "its JPEG lossless pixels are damaged or break off" in str(refusal(content))


def test_rle_of_nothing_but_padding_is_refused_at_once(film8: Film8, refusal: Refusal) -> None:
    frame = rle(film8)
    padded = frame + b"\x80" * (2 * film8.size + 5000)
    error = refusal(dicom_file(film8, syntax=RLELossless, frame=padded))
    assert "more than twice the bytes" in str(error)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, JPEGBaseline8Bit])
def test_pixels_whose_length_goes_past_their_end_are_refused(
    film8: Film8, refusal: Refusal, syntax: str
) -> None:
    frame = jpeg(film8) if syntax == JPEGBaseline8Bit else None
    content = dicom_file(film8, syntax=syntax, frame=frame)
    said = film8.size if frame is None else len(frame) + len(frame) % 2
    at = content.rindex(said.to_bytes(4, "little"))
    error = refusal(content[:at] + b"\xf0\xff\xff\xff" + content[at + 4 :])
    assert "the pixels break off" in str(error)
