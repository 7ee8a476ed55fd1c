"""What a compressed frame says about itself, read before any decoder sees it.

Decoders trust these numbers with memory, and some of them end the whole process on a stream they
did not expect. So a frame whose own header disagrees with the file's never reaches one.
"""

from dataclasses import dataclass
from enum import StrEnum

_SOC_SIZ = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"  # End of Image, in JPEG 2000 End of Codestream: the same two bytes
_SOI = 0xD8
_EOI = 0xD9
_SOS = 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


class Coding(StrEnum):
    """How a frame is compressed, in the words its codec is known by."""

    JPEG = "JPEG"
    JPEG_LOSSLESS = "JPEG lossless"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"


_FRAME_MARKERS = {
    0xC0: Coding.JPEG,  # baseline
    0xC1: Coding.JPEG,  # extended, 8 or 12 bits
    0xC2: Coding.JPEG,  # progressive
    0xC3: Coding.JPEG_LOSSLESS,
    0xF7: Coding.JPEG_LS,
}


@dataclass(frozen=True)
class FrameHeader:
    """Size, components and depth (bits of one sample) of a compressed frame."""

    coding: Coding
    height: int
    width: int
    components: int
    bits: int


def frame_header(frame: bytes) -> FrameHeader | None:
    """The header of a JPEG, JPEG-LS or JPEG 2000 codestream; None where there is none.

    References
    ----------
    ITU-T T.81 B.2.2 (JPEG), T.87 C.2.2 (JPEG-LS), T.800 A.5.1 (JPEG 2000).
    """
    if frame.startswith(_SOC_SIZ):
        return _jpeg_2000_header(frame)
    if not frame.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 4 <= len(frame):
        if frame[at] != 0xFF:
            return None
        marker = frame[at + 1]
        if marker == 0xFF or marker in _ALONE:  # a fill byte, or a marker without a length
            at += 1 if marker == 0xFF else 2
        elif marker in (_SOI, _EOI, _SOS):
            return None
        elif marker in _FRAME_MARKERS:
            return _jpeg_header(_FRAME_MARKERS[marker], frame[at + 4 : at + 10])
        else:
            at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None


def without_wrapping(frame: bytes) -> bytes:
    """The bare JPEG 2000 codestream of a frame that holds a JP2 file; else the frame itself."""
    if frame[4:8] != b"jP  ":
        return frame
    start = frame.find(_SOC_SIZ)
    return frame[start:] if start > 0 else frame


def is_whole(frame: bytes) -> bool:
    """Whether the codestream's end marker is at its end; up to 64 bytes of padding may follow."""
    return _END in frame[-66:]


def _jpeg_header(coding: Coding, fields: bytes) -> FrameHeader | None:
    if len(fields) < 6:
        return None
    return FrameHeader(
        coding=coding,
        bits=fields[0],
        height=int.from_bytes(fields[1:3], "big"),
        width=int.from_bytes(fields[3:5], "big"),
        components=fields[5],
    )


def _jpeg_2000_header(frame: bytes) -> FrameHeader | None:
    if len(frame) < 43:
        return None
    right, bottom, left, top = (int.from_bytes(frame[at : at + 4], "big") for at in (8, 12, 16, 20))
    return FrameHeader(
        coding=Coding.JPEG_2000,
        bits=(frame[42] & 0x7F) + 1,
        height=bottom - top,
        width=right - left,
        components=int.from_bytes(frame[40:42], "big"),
    )
