"""DICOM bytes → a parsed data set and its transfer syntax, bounded, and without a warning.

Four things the parser alone does not do: read a file that lost its preamble, inflate within
bounds, stop at a header without end, and say that a file breaks off.
"""

import zlib
from collections.abc import Sequence
from io import BytesIO

from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset, read_partial
from pydicom.filewriter import write_file_meta_info
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from plainfilm.errors import UnreadableImage
from plainfilm.images.content import has_preamble
from plainfilm.images.guard import MAX_FILE_BYTES, refusing

_PREAMBLE = bytes(128) + b"DICM"
_DAMAGED = "its DICOM header is damaged and cannot be followed"

_MAX_HEADER_BYTES = 16 * 2**20  # inflated; those of films have kilobytes, with an icon a megabyte
_PIXEL_GROUP = 0x7FE0
_UNDEFINED_LENGTH = 0xFFFFFFFF
_ITEM = b"\xfe\xff\x00\xe0"

# A header of a thousand elements takes some three thousand, pixels of the largest file some 30,000.
_MAX_PARSER_READS = 60_000


def parse_dicom(content: bytes, name: str) -> tuple[Dataset, str]:
    """The data set in `content`, and its transfer syntax UID.

    Where the file names no transfer syntax, it is the one the elements are written in.

    Raises
    ------
    UnreadableImage
        The elements cannot be followed, break off, inflate to more than `MAX_FILE_BYTES`, or are
        more than any film has.
    """
    content = _with_preamble(content)
    with refusing(name, _DAMAGED):
        deflated = _deflated_part(content, name)
        if deflated is not None:
            content = _as_plain(_inflated(deflated, name))
        dataset = dcmread(_CountedReads(content, name), force=True)
        syntax = str(dataset.file_meta.get("TransferSyntaxUID") or _written_syntax(dataset))
    if len(dataset) == 0:  # the parser's answer to an end in the middle of an element
        raise UnreadableImage(
            f"{name}: the DICOM file breaks off in the middle of an element. Get a whole copy."
        )
    _check_whole(dataset, name)
    return dataset, syntax


def parse_header(content: bytes, name: str, keywords: Sequence[str]) -> Dataset:
    """Those of some elements that the data set in `content` has before its pixels.

    For a file that has been read as a film already: the rest is not kept, pixels are not looked
    at, and of a deflated file no more than a header's length is inflated.

    Raises
    ------
    UnreadableImage
        The elements cannot be followed to the pixels, or are more than any film has.
    """
    content = _with_preamble(content)
    is_at_pixels = False

    def is_end(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001 - its shape is the parser's
        """Whether all that was looked for is behind."""
        nonlocal is_at_pixels
        is_at_pixels = tag.group == _PIXEL_GROUP
        return is_at_pixels

    with refusing(name, _DAMAGED):
        deflated = _deflated_part(content, name)
        if deflated is not None:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            content = _as_plain(inflater.decompress(deflated, _MAX_HEADER_BYTES))
        tags: list[BaseTag | int] = [Tag(each) for each in keywords]
        file = _CountedReads(content, name)
        dataset = read_partial(file, is_end, force=True, specific_tags=tags)
    if not is_at_pixels:  # what was looked for may stand where nobody looked
        raise UnreadableImage(
            f"{name}: the DICOM file breaks off before its pixels, or its header inflates to more "
            f"than {_MAX_HEADER_BYTES:,} bytes, which no film's does. Get a whole copy."
        )
    return dataset


def _with_preamble(content: bytes) -> bytes:
    # Group 0002 is always little-endian, so these two bytes are its start.
    lost = not has_preamble(content) and content.startswith(b"\x02\x00")
    return _PREAMBLE + content if lost else content


def _check_whole(dataset: Dataset, name: str) -> None:
    """Refuse pixels, or fragments of a compressed frame, whose length goes past their end."""
    with refusing(name, "its pixels are damaged"):
        # As it was read: nobody has converted it yet.
        element: object = dataset.get_item("PixelData")
    if not isinstance(element, RawDataElement) or element.value is None:
        return
    content, said = element.value, element.length
    if said == _UNDEFINED_LENGTH:
        said = _length_of_fragments(content)
    if said > len(content):
        raise UnreadableImage(
            f"{name}: the pixels break off: {len(content):,} bytes found, {said:,} expected. "
            "Get a whole copy."
        )


def _length_of_fragments(content: bytes) -> int:
    """Where the items that begin in `content` end, by what they say of their lengths."""
    at = 0
    while content[at : at + 4] == _ITEM:
        at += 8 + int.from_bytes(content[at + 4 : at + 8], "little")
    return at


class _CountedReads(BytesIO):
    """A file that can be read from only so often: each element takes a kilobyte and some time."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self._name = name
        self._n_left = _MAX_PARSER_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._n_left -= 1
        if self._n_left < 0:
            raise UnreadableImage(
                f"{self._name}: its DICOM header has tens of thousands of elements, which no film "
                "has."
            )
        return super().read(size)


def _written_syntax(dataset: Dataset) -> str:
    implicit, little_endian = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _deflated_part(content: bytes, name: str) -> bytes | None:
    """All that follows the first group of a file that says it is deflated; None: it does not."""
    if not has_preamble(content):
        return None
    file = _CountedReads(content, name)
    file.seek(len(_PREAMBLE))
    meta = read_dataset(file, False, True, stop_when=_is_past_meta)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return None
    return content[file.tell() :]


def _inflated(deflated: bytes, name: str) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    elements = inflater.decompress(deflated, MAX_FILE_BYTES)
    if inflater.unconsumed_tail:
        raise UnreadableImage(
            f"{name}: inflates to more than {MAX_FILE_BYTES:,} bytes, which no plain film has."
        )
    if not inflater.eof:
        raise UnreadableImage(f"{name}: the deflated DICOM file breaks off. Get a whole copy.")
    return elements


def _as_plain(elements: bytes) -> bytes:
    """The file of elements in explicit little endian."""
    plain = FileMetaDataset()
    plain.TransferSyntaxUID = ExplicitVRLittleEndian
    rewritten = DicomBytesIO()
    write_file_meta_info(rewritten, plain, enforce_standard=False)
    return _PREAMBLE + rewritten.getvalue() + elements


def _is_past_meta(tag: BaseTag, vr: str | None, length: int) -> bool:  # noqa: ARG001 - its shape is the parser's
    return tag.group != 2
