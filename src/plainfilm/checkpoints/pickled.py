"""Weights out of torch's pickled files, without torch and without running anything in them.

A checkpoint is a pickle: a program that may call whatever it names. `unpickling` knows a short list
of names, all harmless, and refuses the rest by name. It is run in a process of its own, with limits
on memory and time. This file is both sides: `read_pickled`, and, run as a module, that process.

Both of torch's formats are read: the zip file of version 1.6 and later, and the older one.

References
----------
torch/serialization.py (`_save`, `_legacy_save`).
"""

import io
import json
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from plainfilm.checkpoints.unpickling import (
    MAX_BYTES,
    Array,
    Inert,
    Reader,
    Refused,
    Storages,
    StoredTensor,
)

_TIMEOUT_S = 300
_CPU_S = 240
_REFUSED = 3  # exit status: the reason is on the error stream

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
# What a checkpoint keeps its weights under, beside the epoch, the optimiser and the rest.
_PARTS = ("state_dict", "model_state_dict", "model", "net")
_DTYPES = {"<f8": "F64", "<f4": "F32", "<f2": "F16", "<i8": "I64", "<i4": "I32", "<i2": "I16"}
_DTYPES |= {"|i1": "I8", "|u1": "U8", "|b1": "BOOL"}


def read_pickled(path: Path) -> bytes:
    """The tensors of a .pt, .pth or .tar file, as the bytes of a safetensors file.

    Of a checkpoint only the weights are taken; of a pickled network its state dict. bfloat16
    becomes float32.

    Raises
    ------
    Refused
        It is damaged, too large, holds no weights, or names something that might be code.
    """
    command = [sys.executable, "-P", "-m", __name__, str(path)]  # -P: nothing from here
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise Refused(f"not read within {_TIMEOUT_S} s") from error
    if done.returncode == 0:
        return done.stdout
    if done.returncode == _REFUSED:
        raise Refused(done.stderr.decode("utf-8", "replace").strip()[:300])
    raise Refused(f"it cannot be read within the limits (exit status {done.returncode})")


def _load(path: Path) -> object:
    if path.stat().st_size > MAX_BYTES:
        raise Refused(f"it is larger than {MAX_BYTES >> 30} GiB")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return _load_zip(archive)
    with path.open("rb") as file:
        return _load_legacy(file)


def _load_zip(archive: zipfile.ZipFile) -> object:
    if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
        raise Refused(f"it unpacks to more than {MAX_BYTES >> 30} GiB")
    pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
    if len(pickles) != 1:
        raise Refused("it is a zip file, but not one that torch.save wrote")
    root = pickles[0].removesuffix("data.pkl")
    return Reader(io.BytesIO(archive.read(pickles[0])), Storages(archive, root)).load()


def _load_legacy(file: io.BufferedReader) -> object:
    storages = Storages(None)
    if Reader(file, storages).load() != _LEGACY_MAGIC:
        raise Refused("it is not a file that torch.save wrote")
    for _ in range(2):  # the protocol's number, and the writing machine's byte order and sizes
        Reader(file, storages).load()
    content = Reader(file, storages).load()
    keys = Reader(file, storages).load()
    if not isinstance(keys, list) or {str(key) for key in keys} != set(storages.kept):
        raise Refused("its storages are not those it lists")
    for key in keys:
        values = storages.kept[str(key)].values
        head = file.read(8)
        if len(head) < 8 or struct.unpack("<q", head)[0] != len(values):
            raise Refused("a storage is shorter than it says")
        if file.readinto(memoryview(values.data).cast("B")) != values.nbytes:
            raise Refused("it is cut off")
    return content


def _weights(content: object) -> dict[str, Array]:
    """The tensors by name: of a state dict, of a checkpoint that holds one, or of a network."""
    if isinstance(content, Inert):
        found = dict(_of_network(content, ""))
    elif isinstance(content, Mapping):
        part = next((content[key] for key in _PARTS if _holds(content.get(key))), None)
        if part is not None:
            return _weights(part)
        found = {str(key): value for key, value in content.items() if value is not None}
    else:
        found = {}
    other = next((key for key, value in found.items() if not isinstance(value, StoredTensor)), None)
    if other is not None:
        raise Refused(f"{other[:80]} is no tensor; expected tensors by name")
    if not found:
        raise Refused("it holds no tensors by name")
    return {key: value.values() for key, value in found.items() if isinstance(value, StoredTensor)}


def _holds(part: object) -> bool:
    return isinstance(part, Inert) or (isinstance(part, Mapping) and bool(part))


def _of_network(network: Inert, prefix: str) -> Iterator[tuple[str, object]]:
    """What `state_dict` of a pickled network would give."""
    record = network.record
    if not isinstance(record, Mapping):
        return
    for group in ("_parameters", "_buffers"):
        for key, value in _items(record.get(group)):
            if value is not None:
                yield f"{prefix}{key}", value
    for key, inner in _items(record.get("_modules")):
        if isinstance(inner, Inert):
            yield from _of_network(inner, f"{prefix}{key}.")


def _items(group: object) -> list[tuple[object, object]]:
    return list(group.items()) if isinstance(group, Mapping) else []


def _as_safetensors(tensors: Mapping[str, Array]) -> Iterator[bytes]:
    header: dict[str, object] = {}
    place = 0
    for key, values in tensors.items():
        end = place + values.nbytes
        shape = list(values.shape)
        dtype = _DTYPES[values.dtype.str]
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    yield struct.pack("<Q", len(text)) + text
    yield from (values.tobytes() for values in tensors.values())


def _limit(path: Path) -> None:
    memory = 2 * 2**30 + 4 * path.stat().st_size
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> None:
    path = Path(sys.argv[1])
    try:
        _limit(path)
        parts = list(_as_safetensors(_weights(_load(path))))
    except Refused as reason:
        _refuse(str(reason))
    except Exception as error:  # noqa: BLE001 - whatever a damaged pickle makes of its reader
        _refuse(f"it is damaged, or no file that torch.save wrote ({type(error).__name__})")
    else:
        for part in parts:
            sys.stdout.buffer.write(part)


def _refuse(reason: str) -> None:
    sys.stderr.write(reason)
    sys.exit(_REFUSED)


if __name__ == "__main__":
    _main()
