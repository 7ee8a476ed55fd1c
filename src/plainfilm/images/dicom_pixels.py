"""A parsed DICOM file → its stored values, whatever they are compressed with."""

from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

import jpeg_ls
import numpy as np
import openjpeg.utils
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from plainfilm.errors import NotARadiograph, UnreadableImage
from plainfilm.images import codestream
from plainfilm.images import dicom_fields as fields
from plainfilm.images.codestream import Coding, FrameHeader
from plainfilm.images.display import Stored, StoredBits
from plainfilm.images.guard import refusing
from plainfilm.images.isolated import decode_in_isolation

Words = NDArray[np.uint8] | NDArray[np.uint16]

_UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_COMPRESSED = (
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
)
_RLE_SLACK = 4096  # offset table, segment headers and padding


@dataclass(frozen=True)
class PixelLayout:
    """How pixels lie in words of `allocated` (8 or 16) bits; `high_bit` is the topmost used."""

    height: int
    width: int
    allocated: int
    high_bit: int
    stored: StoredBits


def stored_values(dataset: Dataset, layout: PixelLayout, syntax: str, name: str) -> Stored:
    """The film's stored values, (H, W), each within `layout.stored`.

    Raises
    ------
    NotARadiograph
        The compressed frame is in colour.
    UnreadableImage
        The pixels break off, are damaged, or are compressed in a way that is not read; or there
        are more of them than the header says.
    """
    if syntax in _UNCOMPRESSED:
        words = _plain_words(dataset, layout, syntax, name)
    elif syntax == RLELossless:
        words = _rle_words(dataset, layout, name)
    elif syntax in _COMPRESSED:
        words = _compressed_words(dataset, layout, syntax, name)
    else:
        raise UnreadableImage(
            f"{name}: its transfer syntax ({_safe_uid(syntax)}) is not one that can be read. Save "
            "it uncompressed, or as JPEG lossless, JPEG-LS, JPEG 2000 or RLE."
        )
    n_pixels = layout.height * layout.width
    with refusing(name, "it holds fewer pixels than its header says"):
        words = words[:n_pixels].reshape(layout.height, layout.width)
    return unpack(words, layout)


def unpack(words: Words, layout: PixelLayout) -> Stored:
    """The bits of each word that are stored: down from the high bit, with their sign."""
    bits = layout.stored.bits
    shift = layout.high_bit + 1 - bits
    if shift == 0 and bits == 8 * words.itemsize and not layout.stored.signed:
        return words
    values = (words.astype(np.int32) >> shift) & ((1 << bits) - 1)
    if layout.stored.signed:
        values -= (values >> (bits - 1)) << bits
    return values


def _plain_words(dataset: Dataset, layout: PixelLayout, syntax: str, name: str) -> Words:
    content = fields.raw(dataset, "PixelData") or b""
    expected = layout.height * layout.width * layout.allocated // 8
    if len(content) < expected:
        raise UnreadableImage(
            f"{name}: the pixels break off: {len(content):,} bytes found, {expected:,} expected. "
            "Get a whole copy."
        )
    _refuse_more(len(content), expected, name)
    is_big_endian = syntax == ExplicitVRBigEndian
    if layout.allocated == 16:
        return np.frombuffer(content, ">u2" if is_big_endian else "<u2", expected // 2)
    if is_big_endian and dataset["PixelData"].VR == "OW":  # bytes lie in swapped pairs
        content += b"\0" * (len(content) % 2)
        return np.frombuffer(content, np.uint16).byteswap().view(np.uint8)
    return np.frombuffer(content, np.uint8, expected)


def _rle_words(dataset: Dataset, layout: PixelLayout, name: str) -> Words:
    expected = layout.height * layout.width * layout.allocated // 8
    # Runs of one byte take two; what is beyond is padding, which takes a decoder in Python long.
    if len(fields.raw(dataset, "PixelData") or b"") > 2 * expected + _RLE_SLACK:
        raise UnreadableImage(
            f"{name}: its RLE pixels take more than twice the bytes that they hold; damaged."
        )
    with refusing(name, "its RLE pixels are damaged or break off"):
        samples, _ = get_decoder(RLELossless).as_buffer(dataset, index=0)
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        # The decoder drops in silence what a segment holds beyond the header's size.
        longest = max(_unpacked_lengths(frame))
    _refuse_more(longest, layout.height * layout.width, name)
    return np.frombuffer(samples, np.uint8 if layout.allocated == 8 else "<u2")


def _unpacked_lengths(frame: bytes) -> list[int]:
    """The bytes that each segment of an RLE frame holds.

    References
    ----------
    DICOM PS3.5, G.3 and G.5: 16 words (the number of segments, where each begins), then runs.
    """
    head = np.frombuffer(frame[:64], "<u4").tolist()
    starts = [*head[1 : head[0] + 1], len(frame)]
    return [_unpacked_length(frame[low:high]) for low, high in pairwise(starts)]


def _unpacked_length(segment: bytes) -> int:
    at = length = 0
    while at < len(segment):
        control = segment[at]
        if control < 128:  # so many bytes and one more follow as they are; a last pad byte has none
            length += min(control + 1, len(segment) - at - 1)
            at += control + 2
        else:  # the next byte, repeated; 128 says nothing
            length += 257 - control if control > 128 else 0
            at += 2 if control > 128 else 1
    return length


def _refuse_more(found: int, expected: int, name: str) -> None:
    # A wrong Rows or Columns would otherwise show a part of the film, or a slanted one.
    if found > expected + 1:  # an odd number of bytes is padded by one
        raise UnreadableImage(
            f"{name}: more pixels than the header's size holds: {found:,} bytes found, "
            f"{expected:,} expected. Its Rows, Columns or Bits Allocated are wrong; export it anew."
        )


def _compressed_words(dataset: Dataset, layout: PixelLayout, syntax: str, name: str) -> Words:
    content = fields.raw(dataset, "PixelData") or b""
    with refusing(name, "its compressed pixels are damaged or break off"):
        frame = codestream.without_wrapping(get_frame(content, 0, number_of_frames=1))
    header = _checked_header(frame, layout, name)
    with refusing(name, f"its {header.coding} pixels are damaged or break off"):
        samples = _decode(frame, header, syntax)
        return np.frombuffer(samples, np.uint8 if header.bits <= 8 else "<u2")


def _decode(frame: bytes, header: FrameHeader, syntax: str) -> bytes:
    """The frame's samples: bytes up to 8 bits, little-endian words above.

    The order of codecs is by safety: none of the first three has ended the process on damaged
    frames, GDCM has.
    """
    if header.coding is Coding.JPEG_LS:
        return bytes(jpeg_ls.decode_pixel_data(frame)[0])
    if header.coding is Coding.JPEG_2000:
        return bytes(openjpeg.utils.decode_pixel_data(frame, version=2))
    if header.coding is Coding.JPEG and header.bits == 8:
        with Image.open(BytesIO(frame), formats=("JPEG",)) as image:
            return image.tobytes()
    return decode_in_isolation(frame, syntax, (header.height, header.width), header.bits)


def _checked_header(frame: bytes, layout: PixelLayout, name: str) -> FrameHeader:
    header = codestream.frame_header(frame)
    if header is None:
        raise UnreadableImage(
            f"{name}: its compressed pixels are none of JPEG, JPEG-LS, JPEG 2000."
        )
    if header.components != 1:
        raise NotARadiograph(f"{name}: its pixels have {header.components} colours; expected grey.")
    if (header.height, header.width) != (layout.height, layout.width):
        raise UnreadableImage(
            f"{name}: the compressed pixels say {header.width} x {header.height}, the header says "
            f"{layout.width} x {layout.height}; expected the same."
        )
    # Fewer bits than the header says are harmless, unless the sign is among the missing ones.
    least = layout.stored.bits if layout.stored.signed else 1
    if not least <= header.bits <= 16:
        raise UnreadableImage(
            f"{name}: the compressed pixels have {header.bits} bits, the header says "
            f"{layout.stored.bits}; expected as many, and at most 16."
        )
    if not codestream.is_whole(frame):
        raise UnreadableImage(f"{name}: the {header.coding} pixels break off. Get a whole copy.")
    return header


def _safe_uid(syntax: str) -> str:
    return syntax if all(character in "0123456789." for character in syntax) else "no UID"
