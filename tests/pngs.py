"""PNG files in any depth, colour type and interlace: Pillow writes only some of them."""

import struct
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# W3C PNG, section 8.1: first column and row of each pass, and the steps from there.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip


def png_file(
    samples: NDArray[np.integer],
    *,
    colour: int = 0,
    depth: int = 8,
    interlaced: bool = False,
    chunks: Mapping[bytes, bytes] | None = None,
) -> bytes:
    """The bytes of a PNG file with these samples, (H, W) or (H, W, channels).

    The rows' filters take turns, so that a file has all five. `chunks` stand before the pixels.
    """
    height, width = samples.shape[:2]
    pixels = samples.reshape(height, width, _CHANNELS[colour])
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    parts = [pixels[y::dy, x::dx] for x, y, dx, dy in passes]
    rows = b"".join(_filtered(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    wanted = {b"IHDR": header, **(chunks or {}), b"IDAT": zlib.compress(rows, 9), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in wanted.items())


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _filtered(part: NDArray[np.integer], depth: int) -> bytes:
    step = max(1, depth * part.shape[2] // 8)
    packed = [_packed(row.ravel(), depth) for row in part]
    above = np.zeros(len(packed[0]), dtype=np.uint8)
    written = []
    for number, row in enumerate(packed):
        kind = number % 5
        written.append(bytes([kind]) + (row - _guess(kind, row, above, step)).tobytes())
        above = row
    return b"".join(written)


def _packed(samples: NDArray[np.integer], depth: int) -> NDArray[np.uint8]:
    if depth == 16:
        return np.frombuffer(samples.astype(">u2").tobytes(), np.uint8)
    if depth == 8:
        return samples.astype(np.uint8)
    bits = (samples[:, np.newaxis] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).ravel())


def _guess(
    kind: int, row: NDArray[np.uint8], above: NDArray[np.uint8], step: int
) -> NDArray[np.uint8]:
    """What the filter expects of each byte (W3C PNG, section 9.2)."""
    left, corner = (
        np.concatenate([np.zeros(step, np.uint8), line])[: len(row)].astype(np.int32)
        for line in (row, above)
    )
    up = above.astype(np.int32)
    near = [np.abs(up - corner), np.abs(left - corner), np.abs(left + up - 2 * corner)]
    paeth = np.where(
        (near[0] <= near[1]) & (near[0] <= near[2]), left, np.where(near[1] <= near[2], up, corner)
    )
    guesses = (np.zeros_like(left), left, up, (left + up) // 2, paeth)
    return guesses[kind].astype(np.uint8)
