"""Files of weights, as others publish them, with values that a test draws."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

NAMES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.bool: "BOOL",
}


def write_safetensors(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    """A safetensors file, by its specification."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    values = b""
    for name, value in tensors.items():
        part = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        place = [len(values), len(values) + len(part)]
        header[name] = {
            "dtype": NAMES[value.dtype],
            "shape": list(value.shape),
            "data_offsets": place,
        }
        values += part
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + values)
    return path
