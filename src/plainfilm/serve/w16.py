"""A graph for the wire: its large float32 weights as float16, half the bytes, the same arithmetic.

The file: "plfw16", 0, 1; then little-endian uint32: the number of segments, the graph's length in
bytes; for each segment its kind (0 as is, 1 float16) and its length in the graph; then the
segments. web/src/engine/w16.ts expands it.
"""

from collections.abc import Iterator

import numpy as np

from plainfilm.reading.graph_file import weight_places

MAGIC = b"plfw16\x00\x01"
FEWEST = 256  # weights; smaller tensors (biases, calibration, sizes) stay exact and cost nothing
LARGEST = 65504.0  # that float16 can say

_AS_IS, _HALF = 0, 1
_HEAD = 8  # bytes, of the two numbers after the magic and of each segment's


def pack(graph: bytes) -> bytes:
    """The w16 file of an ONNX file.

    Each weight comes back within 2^-11 of itself, or 2^-25 where that is more. Tensors of fewer
    than 256 weights, or with one that float16 cannot say, come back exactly.

    Raises
    ------
    CorruptBundle
        Not an ONNX file.
    """
    segments = list(_segments(graph))
    heads = [(kind, len(part)) for kind, part in segments]
    numbers = np.array([(len(heads), len(graph)), *heads], dtype="<u4")
    parts = (_halved(part) if kind == _HALF else bytes(part) for kind, part in segments)
    return b"".join([MAGIC, numbers.tobytes(), *parts])


def expand(content: bytes) -> bytes:
    """The ONNX file that a reader of the w16 file runs.

    Raises
    ------
    ValueError
        It is no such file, or cut short.
    """
    if content[:8] != MAGIC:
        raise ValueError(f"found {content[:8]!r}; expected a w16 file, which begins with {MAGIC!r}")
    n_segments, length = np.frombuffer(content, "<u4", count=2, offset=8).tolist()
    heads = np.frombuffer(content, "<u4", count=2 * n_segments, offset=8 + _HEAD)
    at, parts = 8 + _HEAD * (1 + n_segments), []
    for kind, size in heads.reshape(-1, 2).tolist():
        stored = size // 2 if kind == _HALF else size
        part = content[at : at + stored]
        parts.append(np.frombuffer(part, "<f2").astype("<f4").tobytes() if kind == _HALF else part)
        at += stored
    graph = b"".join(parts)
    if len(graph) != length or at != len(content):
        raise ValueError(f"found {len(graph)} bytes; expected {length}: a w16 file cut short")
    return graph


def _segments(graph: bytes) -> Iterator[tuple[int, memoryview]]:
    view, done = memoryview(graph), 0
    for start, end in weight_places(graph):
        if (end - start) // 4 < FEWEST or not _fits(view[start:end]):
            continue
        if start > done:
            yield _AS_IS, view[done:start]
        yield _HALF, view[start:end]
        done = end
    if done < len(graph):
        yield _AS_IS, view[done:]


def _fits(part: memoryview) -> bool:
    return bool((np.abs(np.frombuffer(part, "<f4")) <= LARGEST).all())  # NaN does not


def _halved(part: memoryview) -> bytes:
    return np.frombuffer(part, "<f4").astype("<f2").tobytes()
