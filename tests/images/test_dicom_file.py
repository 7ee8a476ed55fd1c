"""DICOM bytes are parsed with and without preamble, in every byte order, and within bounds."""

import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicoms import dicom_file, without_meta, without_preamble
from plainfilm.errors import ImageError, UnreadableImage
from plainfilm.images import dicom_file as parser
from plainfilm.images import read_radiograph_bytes
from plainfilm.images.dicom_file import parse_dicom, parse_header

Refusal = Callable[[bytes], ImageError]
Film = NDArray[np.uint16]
PLAIN = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


@pytest.mark.parametrize("syntax", [*PLAIN, DeflatedExplicitVRLittleEndian])
def test_a_film_is_the_same_in_every_syntax(film12: Film, syntax: str) -> None:
    header = {
        "BitsStored": 12,
        "WindowCenter": 2000,
        "WindowWidth": 3000,
        "BodyPartExamined": "HIP",
    }
    expected = read_radiograph_bytes(dicom_file(film12, **header), "film")
    found = read_radiograph_bytes(dicom_file(film12, syntax=syntax, **header), "film")
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert found.body_part == "hip"


@pytest.mark.parametrize("syntax", PLAIN)
@pytest.mark.parametrize("cut", [without_preamble, without_meta])
def test_a_film_without_its_preamble_is_read(
    film12: Film, syntax: str, cut: Callable[[bytes], bytes]
) -> None:
    content = dicom_file(film12, syntax=syntax, BitsStored=12)
    expected = read_radiograph_bytes(content, "film")
    np.testing.assert_array_equal(
        read_radiograph_bytes(cut(content), "film").pixels, expected.pixels
    )


def test_the_syntax_is_the_one_that_the_file_names(film12: Film) -> None:
    content = dicom_file(film12, syntax=ImplicitVRLittleEndian)
    assert parse_dicom(content, "film")[1] == ImplicitVRLittleEndian
    assert parse_dicom(without_meta(content), "film")[1] == ImplicitVRLittleEndian


def test_a_film_that_inflates_beyond_bounds_is_refused(
    film12: Film, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = dicom_file(film12, syntax=DeflatedExplicitVRLittleEndian)
    monkeypatch.setattr(parser, "MAX_FILE_BYTES", 1000)
    assert "inflates to more than 1,000 bytes" in str(refusal(content))


def test_an_inflating_bomb_costs_no_more_than_the_bound(refusal: Refusal) -> None:
    start = dicom_file(np.zeros((2, 2), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    size = 144 + int.from_bytes(start[140:144], "little")
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(deflater.compress(bytes(2**20)) for _ in range(300)) + deflater.flush()
    assert len(bomb) < 2**20
    assert "inflates to more than 268,435,456 bytes" in str(refusal(start[:size] + bomb))


def test_a_deflated_film_that_breaks_off_is_refused(film12: Film, refusal: Refusal) -> None:
    content = dicom_file(film12, syntax=DeflatedExplicitVRLittleEndian)
    assert "the deflated DICOM file breaks off" in str(refusal(content[: len(content) // 2]))


def test_a_film_that_breaks_off_in_its_header_is_refused(film12: Film, refusal: Refusal) -> None:
    content = dicom_file(film12)
    for length in range(133, content.index(b"OW"), 7):
        assert isinstance(refusal(content[:length]), ImageError)


def test_a_compressed_film_that_breaks_off_is_refused(film12: Film, refusal: Refusal) -> None:
    content = dicom_file(film12, syntax="1.2.840.10008.1.2.4.80", frame=bytes(500))
    error = refusal(content[:-100])
    assert isinstance(error, UnreadableImage)
    assert "breaks off in the middle of an element" in str(error)


def test_a_header_that_cannot_be_followed_is_refused(refusal: Refusal) -> None:
    assert "header is damaged" in str(
        refusal(bytes(128) + b"DICM" + b"\x02\x00\x00\x00UL\x03\x00abc")
    )


def test_no_warning_of_the_parser_is_heard(film12: Film) -> None:
    content = dicom_file(film12, BodyPartExamined="chest!", StudyDate="lately", PatientAge="old")
    content = content.replace(b"1.2.3.4\0", b"1.02.abc")
    assert read_radiograph_bytes(content, "film").pixels.shape == film12.shape


@pytest.mark.parametrize("repeated", ["elements", "items"])
def test_a_header_without_end_is_refused_before_it_fills_the_memory(
    repeated: str, refusal: Refusal
) -> None:
    plain = dicom_file(np.zeros((2, 2), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    start = plain[: 144 + int.from_bytes(plain[140:144], "little")]
    if repeated == "elements":
        places = np.arange(2**20, dtype=np.uint32) + 0x0011_0000
        elements = np.zeros((2**20, 4), np.uint16)
        elements[:, 0], elements[:, 1] = places >> 16, places & 0xFFFF
        elements[:, 2] = int.from_bytes(b"SH", "little")
        body = elements.tobytes()
    else:
        body = b"\x08\x00\x40\x11SQ\0\0" + b"\xff" * 4 + (b"\xfe\xff\x00\xe0" + bytes(4)) * 2**20
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = start + deflater.compress(body) + deflater.flush()
    assert "tens of thousands of elements" in str(refusal(content))


@pytest.mark.parametrize("syntax", [*PLAIN, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("cut", [bytes, without_preamble])
def test_a_header_alone_is_the_whole_file_s(
    film12: Film, syntax: str, cut: Callable[[bytes], bytes]
) -> None:
    content = cut(dicom_file(film12, syntax=syntax, PatientID="7", StudyID="", BodyPartExamined=""))
    header = parse_header(content, "film", ("PatientID", "StudyID", "AccessionNumber"))
    whole, _ = parse_dicom(content, "film")
    assert [element.keyword for element in header] == ["PatientID", "StudyID"]
    assert all(element == whole[element.keyword] for element in header)


def test_a_header_that_breaks_off_before_the_pixels_is_refused(film12: Film) -> None:
    """What was looked for may stand behind the end."""
    content = dicom_file(film12)
    for length in range(133, content.index(b"OW") - 4, 7):
        with pytest.raises(UnreadableImage):
            parse_header(content[:length], "film", ("PatientID",))


def test_a_header_costs_little_whatever_stands_around_it() -> None:
    """The server itself looks at it, which no limit of its children's holds."""
    start = dicom_file(np.zeros((2, 2), np.uint16), syntax=DeflatedExplicitVRLittleEndian)
    size = 144 + int.from_bytes(start[140:144], "little")
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    long = b"\x09\x00\x01\x10OB\x00\x00" + (80 * 2**20).to_bytes(4, "little")
    body = long + bytes(80 * 2**20) + b"\xe0\x7f\x10\x00OW\x00\x00" + bytes(4)
    content = start[:size] + deflater.compress(body) + deflater.flush()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableImage, match="more than 16,777,216 bytes"):
            parse_header(content, "film", ("PatientID",))
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()
