"""TIFF → the same samples without descriptions, names, dates, profiles and other pages."""

import struct
from dataclasses import dataclass
from itertools import pairwise

from plainfilm.errors import UnreadableImage

_STRIPS, _STRIP_SIZES = 273, 279
_TILES, _TILE_SIZES = 324, 325
_DATA = {_STRIPS: _STRIP_SIZES, _TILES: _TILE_SIZES}
# What samples are made of: sides, depth, compression, colours, orientation (274), order, predictor.
_KEPT = {254, 256, 257, 258, 259, 262, 266, 274, 277, 278, 280, 281, 284, 290, 291, 292, 293, 317,
         320, 322, 323, 338, 339, 340, 341, 347, 529, 530, 531, 532}  # fmt: skip
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
          17: 8, 18: 8}  # fmt: skip
_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_LONG = 4
_MAX_FIELDS = 4096


@dataclass(frozen=True)
class _Field:
    kind: int
    count: int
    value: bytes


def stripped_tiff(content: bytes, name: str) -> bytes:
    """The first picture of the file, with the fields alone that its samples are made of.

    The compressed samples are copied as they are. The result is a TIFF file of the first kind,
    also where the original was a BigTIFF.

    Raises
    ------
    UnreadableImage
        The fields are damaged or break off.

    References
    ----------
    TIFF Revision 6.0, section 2 and Appendix A.
    """
    order = "<" if content[:2] == b"II" else ">"
    try:
        fields = _fields(content, order)
        offsets = next(tag for tag in _DATA if tag in fields)
        starts = _integers(fields[offsets], order)
        sizes = _integers(fields[_DATA[offsets]], order)
        parts = [content[s : s + n] for s, n in zip(starts, sizes, strict=True)]
    except (StopIteration, KeyError, ValueError, struct.error) as error:
        raise UnreadableImage(f"{name}: the TIFF file is damaged or breaks off.") from error
    if [len(part) for part in parts] != sizes:
        raise UnreadableImage(f"{name}: the TIFF file breaks off. Get a whole copy.")
    kept = {tag: field for tag, field in fields.items() if tag in _KEPT}
    return _written(kept, offsets, parts, order)


def _fields(content: bytes, order: str) -> dict[int, _Field]:
    is_big = content[2:4] in (b"+\0", b"\0+")
    where, n_size, entry = ("Q", 8, "HHQ8s") if is_big else ("I", 2, "HHI4s")
    (at,) = struct.unpack_from(order + where, content, 8 if is_big else 4)
    (n_fields,) = struct.unpack_from(order + ("Q" if is_big else "H"), content, at)
    if n_fields > _MAX_FIELDS:
        raise ValueError("too many fields")
    found = {}
    for k in range(n_fields):
        place = at + n_size + k * struct.calcsize(order + entry)
        tag, kind, count, inline = struct.unpack_from(order + entry, content, place)
        size = _SIZES.get(kind, 1) * count
        if size > len(inline):
            (start,) = struct.unpack(order + where, inline)
            inline = content[start : start + size]
            if len(inline) < size and tag in _KEPT | {*_DATA, *_DATA.values()}:
                raise ValueError("a field breaks off")
        found[tag] = _Field(kind, count, inline[:size])
    return found


def _integers(field: _Field, order: str) -> list[int]:
    return list(struct.unpack(f"{order}{field.count}{_INTEGERS[field.kind]}", field.value))


def _written(fields: dict[int, _Field], offsets: int, parts: list[bytes], order: str) -> bytes:
    """Head, samples, then the fields and what does not fit into them."""
    ends = [8]
    for part in parts:
        ends.append(ends[-1] + len(part) + len(part) % 2)
    samples = b"".join(part + b"\0" * (len(part) % 2) for part in parts)
    starts, n = [start for start, _ in pairwise(ends)], len(parts)
    fields = fields | {
        offsets: _Field(_LONG, n, struct.pack(f"{order}{n}I", *starts)),
        _DATA[offsets]: _Field(_LONG, n, struct.pack(f"{order}{n}I", *map(len, parts))),
    }
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", ends[-1])
    beyond = ends[-1] + 2 + 12 * len(fields) + 4
    entries, tail = [], b""
    for tag, field in sorted(fields.items()):
        inline = field.value.ljust(4, b"\0")
        if len(field.value) > 4:
            inline = struct.pack(order + "I", beyond + len(tail))
            tail += field.value + b"\0" * (len(field.value) % 2)
        entries.append(struct.pack(order + "HHI", tag, field.kind, field.count) + inline)
    table = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return head + samples + table + tail
