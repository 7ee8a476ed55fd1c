"""A pickle reader that runs nothing: what it names is built from a short list, or refused.

Of a pickled network, an optimiser or a scalar it builds an inert record; of a tensor, where its
values lie.

References
----------
torch/serialization.py (`persistent_id`) and torch/_utils.py (`_rebuild_tensor_v2`).
"""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Array = NDArray[Any]

MAX_BYTES = 4 * 2**30  # of a file, of what it unpacks to, and of each tensor

_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}
# Of a pickled network only its records are kept, so any class of these packages may be named.
_INERT_PACKAGES = (
    "torch.nn.",
    "torchvision.models.",
    "torchxrayvision.",
    "fastai.layers.",
    "numpy.",
    "torch.optim.",
)


class Refused(Exception):
    """The file is no checkpoint, is damaged, or names what this reader does not know."""


class Inert:
    """Stands for an object of a class that is not built: keeps what it is told, does nothing."""

    record: object = None

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def __setstate__(self, record: object) -> None:
        self.record = record


class _Storage(NamedTuple):
    values: Array
    kind: str


class _Kind(NamedTuple):
    name: str


class StoredTensor(NamedTuple):
    """Where a tensor's values lie; in the old format they come after the tensor itself."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def values(self) -> Array:
        """The tensor as an array of its own; bfloat16, which numpy does not know, as float32."""
        held = self.storage.values
        if 0 in self.shape:
            return np.zeros(self.shape, held.dtype)
        strides = tuple(step * held.itemsize for step in self.steps)
        view = as_strided(held[self.offset :], self.shape, strides, writeable=False)
        values = np.ascontiguousarray(view).reshape(self.shape)
        if self.storage.kind != "bfloat16":
            return values
        return (values.astype("<u4") << 16).view("<f4")


def _rebuild_tensor(
    storage: object, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_more: object
) -> StoredTensor:
    if not isinstance(storage, _Storage):
        raise Refused("a tensor has no storage")
    shape, steps = tuple(map(int, size)), tuple(map(int, stride))
    if len(shape) != len(steps) or min(offset, *shape, *steps, 0) < 0:
        raise Refused("a tensor has an impossible shape")
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    if 0 not in shape and last >= len(storage.values):
        raise Refused("a tensor reaches beyond its storage")
    if math.prod(shape) * storage.values.itemsize > MAX_BYTES:
        raise Refused("a tensor is too large")
    return StoredTensor(storage, offset, shape, steps)


def _rebuild_parameter(data: object, *_more: object) -> object:
    return data


def _empty_set(values: object = ()) -> list[object]:
    return list(values) if isinstance(values, list | tuple) else []


_KNOWN: Mapping[str, object] = {
    "collections.OrderedDict": OrderedDict,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch.Size": tuple,
    "torch.device": Inert,
    "argparse.Namespace": Inert,
    "fastcore.foundation.L": Inert,  # how fast.ai's optimiser keeps its rates
    "builtins.set": _empty_set,
    "__builtin__.set": _empty_set,
    "_codecs.encode": Inert,  # how numpy's scalars keep their bytes; they are not needed
}


class Reader(pickle.Unpickler):
    """Reads one pickle of a file; `storages` gives the values that it refers to."""

    def __init__(self, content: io.BufferedIOBase, storages: "Storages") -> None:
        super().__init__(content, encoding="latin-1")  # as Python 2 wrote the oldest
        self.storages = storages

    def find_class(self, module: str, name: str, /) -> Any:
        """What a name in the pickle stands for; Refused where it is not on the list."""
        full = f"{module}.{name}"
        if full in _KNOWN:
            return _KNOWN[full]
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Kind(name)
        if full.startswith(_INERT_PACKAGES):
            return Inert
        raise Refused(f"it names {full[:120]}, which might be code")

    def persistent_load(self, pid: Any) -> object:
        """A storage, or (in the old format) a class that find_class has given."""
        if isinstance(pid, tuple) and len(pid) >= 2 and pid[0] == "module":
            return pid[1]  # a class, which find_class gave
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage":
            raise Refused("it refers to something that is no storage")
        if len(pid) > 5 and pid[5] is not None:
            raise Refused("its storages share their values, as before torch 0.4; save it again")
        kind, key, numel = pid[1], pid[2], pid[4]
        if not isinstance(kind, _Kind) or not isinstance(numel, int) or numel < 0:
            raise Refused("a storage has no known type or size")
        return self.storages.get(str(key), _STORAGES[kind.name], numel)


class Storages:
    """The values of storages: at once from a zip file, or, in the old format, after the pickle."""

    def __init__(self, archive: zipfile.ZipFile | None, root: str = "") -> None:
        self.archive, self.root = archive, root
        self.kept: dict[str, _Storage] = {}

    def get(self, key: str, kind: str, numel: int) -> _Storage:
        """The storage of a key: its values, or room for them where they come later."""
        if key not in self.kept:
            dtype = np.dtype("<u2" if kind == "bfloat16" else kind)
            if numel * dtype.itemsize > MAX_BYTES:
                raise Refused(f"a storage of {numel} values is too large")
            values = np.zeros(numel, dtype) if self.archive is None else self._read(key, dtype)
            self.kept[key] = _Storage(values, kind)
        found = self.kept[key]
        if len(found.values) < numel:
            raise Refused("a storage is shorter than it says")
        return found

    def _read(self, key: str, dtype: "np.dtype[Any]") -> Array:
        assert self.archive is not None
        try:
            content = self.archive.read(f"{self.root}data/{key}")
        except KeyError as error:
            raise Refused(f"storage {key[:40]} is missing") from error
        return np.frombuffer(content[: len(content) // dtype.itemsize * dtype.itemsize], dtype)
