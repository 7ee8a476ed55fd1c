"""JPEG → the same pixels without EXIF, comments, profiles and previews; nothing is decoded."""

from collections.abc import Iterator

from plainfilm.errors import UnreadableImage

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_COMMENT = 0xFE
_JFIF, _ADOBE = 0xE0, 0xEE
_APPLICATION = range(0xE0, 0xF0)
_RESERVED = range(0xF0, 0xFE)
_RESTARTS = range(0xD0, 0xD8)
# These two tell a decoder which colours the samples are: kept, without the rest of their segments.
_PLAIN_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_N_ADOBE = 12


def stripped_jpeg(content: bytes, name: str) -> bytes:
    """The file with the segments alone that its pixels are made of; those are not touched.

    What follows the end of the picture (previews, depth maps) goes too.

    Raises
    ------
    UnreadableImage
        The segments break off.

    References
    ----------
    ITU-T T.81, B.1; ITU-T T.871 (JFIF); ITU-T T.872, 6.5.3 (Adobe's segment).
    """
    kept = [b"\xff\xd8"]
    for marker, segment in _segments(content, name):
        if marker == _JFIF and segment[4:9] == b"JFIF\0":
            kept.append(_PLAIN_JFIF)
        elif marker == _ADOBE and segment[4:9] == b"Adobe" and len(segment) >= 4 + _N_ADOBE:
            kept.append(b"\xff\xee\x00\x0e" + segment[4 : 4 + _N_ADOBE])
        elif marker not in (*_APPLICATION, *_RESERVED, _COMMENT):
            kept.append(segment)
    return b"".join(kept)


def _segments(content: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """Each marker with its segment, and with the coded samples if it starts a scan."""
    at = 2
    while True:
        while content[at : at + 2] == b"\xff\xff":  # markers may be padded
            at += 1
        if content[at : at + 1] != b"\xff" or at + 2 > len(content):
            raise UnreadableImage(f"{name}: the JPEG file is damaged or breaks off.")
        marker = content[at + 1]
        if marker == _END:
            yield marker, content[at : at + 2]
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _SCAN:
            end = _after_samples(content, end)
        if not at + 4 <= end < len(content):
            raise UnreadableImage(f"{name}: the JPEG file is damaged or breaks off.")
        yield marker, content[at:end]
        at = end


def _after_samples(content: bytes, at: int) -> int:
    """Where the next marker is that is no part of the coded samples."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            return len(content)
        if content[at + 1] and content[at + 1] not in (*_RESTARTS, 0xFF):
            return at
        at += 1 if content[at + 1] == 0xFF else 2
