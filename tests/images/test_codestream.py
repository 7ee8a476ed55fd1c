"""A compressed frame's own header is read, whole or broken, without a decoder."""

from io import BytesIO

import jpeg_ls
import numpy as np
import openjpeg.utils
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from plainfilm.images.codestream import (
    Coding,
    FrameHeader,
    frame_header,
    is_whole,
    without_wrapping,
)

FILM = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40)


def jpeg(mode: str = "L", **options: bool) -> bytes:
    file = BytesIO()
    Image.fromarray((FILM // 8).astype(np.uint8)).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def jpeg_2000(codec_format: int = 0) -> bytes:
    return bytes(openjpeg.utils.encode_array(FILM, codec_format=codec_format))


@pytest.mark.parametrize(
    ("frame", "header"),
    [
        (jpeg(), FrameHeader(Coding.JPEG, 48, 40, 1, 8)),
        (jpeg(progressive=True), FrameHeader(Coding.JPEG, 48, 40, 1, 8)),
        (jpeg("RGB"), FrameHeader(Coding.JPEG, 48, 40, 3, 8)),
        (jpeg_2000(), FrameHeader(Coding.JPEG_2000, 48, 40, 1, 11)),
        (bytes(jpeg_ls.encode_array(FILM)), FrameHeader(Coding.JPEG_LS, 48, 40, 1, 11)),
    ],
)
def test_a_frame_tells_its_size_and_depth(frame: bytes, header: FrameHeader) -> None:
    assert frame_header(frame) == header
    assert is_whole(frame)


def test_fill_bytes_and_markers_without_length_are_passed_over() -> None:
    frame = jpeg()
    stretched = frame[:2] + b"\xff\xff\x01\xff\xd0" + frame[2:]
    assert frame_header(stretched) == frame_header(frame)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"no frame at all",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9\x00\x00",
        b"\xff\xd8\x00\x00\x00\x00",
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00",
        b"\xff\x4f\xff\x51\x00\x29",
    ],
)
def test_no_header_is_none(frame: bytes) -> None:
    assert frame_header(frame) is None


@given(st.binary(max_size=80), st.sampled_from([b"", b"\xff\xd8", b"\xff\x4f\xff\x51"]))
def test_any_bytes_have_a_header_or_none(content: bytes, start: bytes) -> None:
    frame_header(start + content)


def test_a_frame_that_breaks_off_is_not_whole_but_padding_is_allowed() -> None:
    frame = jpeg()
    assert not is_whole(frame[:-2])
    assert is_whole(frame + bytes(63))
    assert not is_whole(frame + bytes(200))


def test_a_jpeg_2000_file_is_unwrapped() -> None:
    wrapped = jpeg_2000(codec_format=1)
    assert frame_header(wrapped) is None
    assert frame_header(without_wrapping(wrapped)) == frame_header(jpeg_2000())
    assert without_wrapping(jpeg()) == jpeg()
    assert without_wrapping(wrapped[:30]) == wrapped[:30]
