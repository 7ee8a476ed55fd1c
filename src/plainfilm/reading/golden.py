"""Golden outputs: a few synthetic radiographs, and what the graph said of them when it was made.

They travel in a bundle's golden.npz, a zip of .npy arrays of float32. Read without numpy's own
loader: no pickle, no header evaluated, no array larger than the bytes that are there.
"""

import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import CorruptBundle
from plainfilm.radiograph import Pixels
from plainfilm.reading.container import read_zip, write_zip
from plainfilm.reading.facts import width
from plainfilm.reading.header import BundleHeader

MAX_GOLDEN = 16
MAX_SIDE = 4096
MAX_BYTES = 64 * 2**20
OUTPUTS = ("probability", "score", "map", "familiarity")
FACTS = "facts"

_NAME = "golden.npz"
_LIMITS = {
    f"{name}_{index}.npy": MAX_BYTES
    for index in range(MAX_GOLDEN)
    for name in ("radiograph", FACTS, *OUTPUTS)
}
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '<f4', 'fortran_order': False, 'shape': \(([0-9, ]{0,60})\), \} *\n"
)

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Golden:
    """Synthetic radiographs and the outputs that must come back for them.

    Parameters
    ----------
    radiographs
        1 to 16 arrays, float32 (H, W) in [0, 1], sides up to 4096; sizes may differ.
    outputs
        For each radiograph, by output name: probability and score float32 (K,), map float32
        (K, h, w) and familiarity float32 () where the graph has them.
    facts
        What the graph was told of each, float32 (k,), see `facts_vector`; () = it is told nothing.
    """

    radiographs: tuple[Pixels, ...]
    outputs: tuple[Mapping[str, Array], ...]
    facts: tuple[Array, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.radiographs) <= MAX_GOLDEN:
            found = len(self.radiographs)
            raise ValueError(f"found {found} radiographs; expected 1 to {MAX_GOLDEN}")
        if len(self.outputs) != len(self.radiographs):
            raise ValueError("expected the outputs of each radiograph")
        if self.facts and len(self.facts) != len(self.radiographs):
            raise ValueError(f"found {len(self.facts)} {FACTS}; expected those of each radiograph")
        for each in self.facts:
            if each.dtype != np.float32 or not np.isfinite(each).all():
                raise ValueError(f"{FACTS}: expected finite float32")
        for index, (pixels, outputs) in enumerate(zip(self.radiographs, self.outputs, strict=True)):
            _check_pixels(pixels, index)
            for name, values in outputs.items():
                if values.dtype != np.float32 or not np.isfinite(values).all():
                    raise ValueError(f"{name}_{index}: expected finite float32")

    def check_against(self, header: BundleHeader) -> None:
        """Compare the outputs' names and shapes with what the header promises.

        Raises
        ------
        ValueError
            An output, or what the graph is told, is missing, superfluous or of another shape.
        """
        names = header.input.fact_names
        told, wanted = [each.shape for each in self.facts], (width(names),)
        if told != [wanted] * (len(self.radiographs) if names else 0):
            raise ValueError(f"{FACTS}: {told}; expected {wanted if names else 'none'}")
        expected = output_shapes(header)
        for index, outputs in enumerate(self.outputs):
            found = {name: outputs[name].shape for name in OUTPUTS if name in outputs}
            if found != expected or len(outputs) != len(expected):
                raise ValueError(f"outputs of radiograph {index}: {found}; expected {expected}")


def output_shapes(header: BundleHeader) -> dict[str, tuple[int, ...]]:
    """Names of the outputs that the header promises, and their shapes for one radiograph."""
    n_findings = len(header.label_set)
    shapes: dict[str, tuple[int, ...]] = {"probability": (n_findings,), "score": (n_findings,)}
    if header.map is not None:
        shapes["map"] = (n_findings, header.map.height, header.map.width)
    if header.familiarity is not None:
        shapes["familiarity"] = ()
    return shapes


def golden_to_bytes(golden: Golden) -> bytes:
    """golden.npz: the same bytes for the same arrays, on every machine."""
    members: dict[str, bytes] = {}
    for index, pixels in enumerate(golden.radiographs):
        members[f"radiograph_{index}.npy"] = _npy(pixels)
        if golden.facts:
            members[f"{FACTS}_{index}.npy"] = _npy(golden.facts[index])
        for name in OUTPUTS:
            if name in golden.outputs[index]:
                members[f"{name}_{index}.npy"] = _npy(golden.outputs[index][name])
    return write_zip(members)


def golden_from_bytes(content: bytes) -> Golden:
    """The golden outputs in a golden.npz.

    Raises
    ------
    CorruptBundle
        Not such a file; the message names the array.
    """
    members = read_zip(io.BytesIO(content), _NAME, _LIMITS, MAX_BYTES)
    arrays = {key.removesuffix(".npy"): _array(npy, key) for key, npy in members.items()}
    n_radiographs = sum(name.startswith("radiograph_") for name in arrays)
    try:
        radiographs = tuple(arrays.pop(f"radiograph_{index}") for index in range(n_radiographs))
        outputs = tuple(
            {name: arrays.pop(f"{name}_{i}") for name in OUTPUTS if f"{name}_{i}" in arrays}
            for i in range(n_radiographs)
        )
        told = f"{FACTS}_0" in arrays
        facts = tuple(arrays.pop(f"{FACTS}_{i}") for i in range(n_radiographs if told else 0))
        golden = Golden(radiographs, outputs, facts)
    except (KeyError, ValueError) as error:
        raise CorruptBundle(f"{_NAME}: {error}; the arrays do not hold together") from error
    if arrays:
        raise CorruptBundle(f"{_NAME}: {min(arrays)} belongs to no radiograph")
    return golden


def _npy(values: Array) -> bytes:
    # Version 1.0 of numpy's format (numpy.lib.format), always little endian and in C order.
    stream = io.BytesIO()
    np.lib.format.write_array(stream, values.astype("<f4", order="C"), version=(1, 0))
    return stream.getvalue()


def _array(content: bytes, name: str) -> Array:
    length = int.from_bytes(content[8:10], "little")
    header = _HEADER.fullmatch(content, 10, 10 + length)
    if not content.startswith(_MAGIC) or header is None:
        raise CorruptBundle(f"{name}: not a float32 array in .npy format 1.0, C order")
    shape = tuple(int(side) for side in header[1].decode().split(",") if side.strip())
    values = content[10 + length :]
    if math.prod(shape) * 4 != len(values):
        raise CorruptBundle(f"{name}: {len(values)} bytes of values do not fill shape {shape}")
    return np.frombuffer(values, dtype="<f4").astype(np.float32).reshape(shape)


def _check_pixels(pixels: Pixels, index: int) -> None:
    what = f"radiograph_{index}"
    if pixels.dtype != np.float32 or pixels.ndim != 2 or 0 in pixels.shape:
        raise ValueError(f"{what}: found {pixels.dtype} {pixels.shape}; expected float32 (H, W)")
    if max(pixels.shape) > MAX_SIDE:
        raise ValueError(f"{what}: found {pixels.shape}; expected sides up to {MAX_SIDE}")
    if not (pixels.min() >= 0 and pixels.max() <= 1):  # written so that NaN fails
        raise ValueError(f"{what}: expected values in [0, 1]")
