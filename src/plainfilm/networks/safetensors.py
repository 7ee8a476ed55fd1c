"""Tensors from and to a safetensors file: eight bytes of length, a JSON header, the values.

Nothing in it can be code. The header is checked before any value is touched.

References
----------
https://huggingface.co/docs/safetensors ("Format"), version 0.4.
"""

import json
import math
import struct
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

MAX_HEADER = 100_000_000  # bytes, the format's own limit
DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


_NAMES = {dtype: name for name, dtype in DTYPES.items()}
_ALIGNED = 8  # bytes of which the header is a multiple, as the format's own library writes it


class _Entry(NamedTuple):
    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    begin: int
    end: int


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name, on the CPU.

    Raises
    ------
    ValueError
        The file is cut off, altered or of another format.
    OSError
        It cannot be read.
    """
    return parse_safetensors(path.read_bytes())


def parse_safetensors(content: bytes) -> dict[str, Tensor]:
    """As `read_safetensors`, of the file's bytes."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or not 2 <= length <= min(MAX_HEADER, len(content) - 8):
        raise ValueError("it has no safetensors header")
    header, values = content[8 : 8 + length], memoryview(content)[8 + length :]
    entries = sorted(_entries(header), key=lambda entry: (entry.begin, entry.end))
    edges = [0, *(edge for entry in entries for edge in (entry.begin, entry.end)), len(values)]
    if any(end != begin for end, begin in list(pairwise(edges))[::2]):
        raise ValueError("its tensors do not fill the file one after the other")
    return {entry.name: _tensor(entry, values) for entry in entries}


def safetensors_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """The file of tensors by name, those of wide numbers first; the same give the same bytes.

    Raises
    ------
    KeyError
        A tensor is of a type that is not in `DTYPES`.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    values, place = list[bytes](), 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].itemsize):
        flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        values.append(flat.numpy().tobytes())
        end = place + len(values[-1])
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, end],
        }
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    return b"".join((struct.pack("<Q", len(text)), text, *values))


def _entries(header: bytes) -> list[_Entry]:
    try:
        table = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise ValueError("its header is not JSON") from error
    if not isinstance(table, dict):
        raise ValueError("its header is no table")
    return [_entry(name, facts) for name, facts in table.items() if name != "__metadata__"]


def _entry(name: str, facts: object) -> _Entry:
    facts = facts if isinstance(facts, dict) else {}
    kind = str(facts.get("dtype"))
    if kind not in DTYPES:
        raise ValueError(f"{name[:80]} is of type {kind[:20]}; known: {', '.join(DTYPES)}")
    shape, place = _counts(facts.get("shape")), _counts(facts.get("data_offsets"))
    if shape is None or place is None or len(place) != 2:
        raise ValueError(f"{name[:80]} has no shape or no place in the file")
    begin, end = place
    if math.prod(shape) * DTYPES[kind].itemsize != end - begin:
        raise ValueError(f"{name[:80]} has a shape {shape} that its bytes do not fill")
    return _Entry(name, DTYPES[kind], shape, begin, end)


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of whole numbers from 0 up, else None."""
    if not isinstance(value, list) or not all(type(part) is int and part >= 0 for part in value):
        return None
    return tuple(value)


def _tensor(entry: _Entry, values: memoryview) -> Tensor:
    if entry.begin == entry.end:
        return torch.zeros(entry.shape, dtype=entry.dtype)
    own = bytearray(values[entry.begin : entry.end])  # writable, and aligned
    return torch.frombuffer(own, dtype=entry.dtype).reshape(entry.shape)
