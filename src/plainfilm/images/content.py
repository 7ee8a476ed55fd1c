"""What a file holds, told from its first bytes; its ending is never looked at."""

from enum import StrEnum
from typing import Literal

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"II+\x00": "tiff",
    b"MM\x00+": "tiff",
}

# Kinds that people do hand to an image reader, so that the refusal can call them by name.
_OTHER_MAGIC = {
    b"%PDF": "a PDF",
    b"GIF8": "a GIF",
    b"BM": "a BMP image",
    b"RIFF": "a WebP image or a sound",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x00\x00\x00\x0cjP  ": "a bare JPEG 2000 image",
    b"\xff\x4f\xff\x51": "a bare JPEG 2000 image",
    b"\xff\n": "a JPEG XL image",
    b"NRRD": "an NRRD volume",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
}

_PREAMBLE = 128
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x1b")


ByteOrder = Literal["little", "big"]


class Kind(StrEnum):
    """The kinds of file that can be read."""

    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    DICOM = "dicom"


def kind_of(content: bytes) -> Kind | None:
    """What `content` holds; None = nothing that can be read.

    DICOM without its preamble (128 bytes and "DICM") is told by a first element of group 0002 or
    0008 with a plausible length.
    """
    if has_preamble(content):
        return (
            Kind.DICOM
        )  # first: the preamble may hold the start of a TIFF file, for other readers
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return Kind(kind)
    return Kind.DICOM if _starts_with_element(content) else None


def has_preamble(content: bytes) -> bool:
    """Whether DICOM `content` has its 128 bytes and "DICM" before the first element."""
    return content[_PREAMBLE : _PREAMBLE + 4] == b"DICM"


def describe(content: bytes) -> str:
    """What unreadable `content` seems to be, with its article: "text", "a PDF", "unknown bytes"."""
    if not content:
        return "nothing: the file is empty"
    for magic, words in _OTHER_MAGIC.items():
        if content.startswith(magic):
            return words
    start = content[:512]
    if all(byte >= 0x20 or byte in _TEXT_CONTROLS for byte in start):
        return "text"
    return "bytes of no known kind"


def _starts_with_element(content: bytes) -> bool:
    orders: tuple[ByteOrder, ...] = ("little", "big")
    for order in orders:
        group = int.from_bytes(content[0:2], order)
        if group in (0x0002, 0x0008) and _is_element(content, order):
            return True
    return False


def _is_element(content: bytes, order: ByteOrder) -> bool:
    number = int.from_bytes(content[2:4], order)
    explicit = content[4:6].isalpha() and content[4:6].isupper()
    length = int.from_bytes(content[4:8], order)
    return len(content) > _PREAMBLE and number <= 0x0100 and (explicit or length <= 0x0100)
