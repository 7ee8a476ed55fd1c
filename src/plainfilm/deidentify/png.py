"""PNG → the same pixels without texts, times, colour profiles and whatever else is attached."""

from collections.abc import Iterator

from plainfilm.errors import UnreadableImage

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What pixels are made of: tRNS tells which of them are seen through.
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def stripped_png(content: bytes, name: str) -> bytes:
    """The file with the chunks alone that its pixels are made of; those are not touched.

    Raises
    ------
    UnreadableImage
        The chunks break off.

    References
    ----------
    Portable Network Graphics (PNG) Specification, 5.3 and 5.6.
    """
    return _SIGNATURE + b"".join(chunk for chunk in _chunks(content, name) if chunk[4:8] in _KEPT)


def _chunks(content: bytes, name: str) -> Iterator[bytes]:
    at = len(_SIGNATURE)
    while True:
        size = 12 + int.from_bytes(content[at : at + 4], "big")
        chunk = content[at : at + size]
        if len(chunk) < size:
            raise UnreadableImage(f"{name}: the PNG file breaks off. Get a whole copy.")
        yield chunk
        if chunk[4:8] == b"IEND":
            return
        at += size
