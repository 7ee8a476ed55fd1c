"""What a DICOM header says about display, as a `Display`: modality, VOI, inversion, padding."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from plainfilm.errors import UnreadableImage
from plainfilm.images import dicom_fields as fields
from plainfilm.images.display import (
    PLAIN_BITS,
    Display,
    LookupTable,
    Rescale,
    StoredBits,
    VoiFunction,
    Window,
)

Cautions = tuple[str, ...]

# Far beyond any real header, and safe from overflow.
_MAX_SLOPE = 1e6
_MAX_VALUE = 1e9

_NO_WINDOW = (
    "The header has no window: the film is shown from its lowest value to its highest, "
    "so its brightness may differ from what was reported on.",
)


def read_display(dataset: Dataset, bits: StoredBits, name: str) -> tuple[Display, Cautions]:
    """What the header says about display, and the cautions that belong to it.

    Raises
    ------
    UnreadableImage
        A rescale or a lookup table is there but impossible.
    """
    modality = _modality(dataset, bits, name)
    lowest = float(modality(np.array([bits.low, bits.high], dtype=np.float64)).min())
    voi, voi_cautions = _voi(dataset, lowest, name)
    if voi is None and bits.bits > PLAIN_BITS:
        voi_cautions += _NO_WINDOW
    inverted, inversion_cautions = _inverted(dataset)
    return (
        Display(modality, voi, inverted, _padding(dataset, bits)),
        voi_cautions + inversion_cautions,
    )


def _modality(dataset: Dataset, bits: StoredBits, name: str) -> Rescale | LookupTable:
    item = fields.first_item(dataset, "ModalityLUTSequence")
    if item is not None:
        return _lookup_table(item, float(bits.low), f"{name}: its Modality LUT")
    if "RescaleSlope" not in dataset and "RescaleIntercept" not in dataset:
        return Rescale()
    slope = (fields.numbers(dataset, "RescaleSlope") or (1.0,))[0]
    intercept = (fields.numbers(dataset, "RescaleIntercept") or (0.0,))[0]
    if slope == 0 or abs(slope) > _MAX_SLOPE or abs(intercept) > _MAX_VALUE:
        raise UnreadableImage(
            f"{name}: its Rescale Slope is {slope:g} and its Rescale Intercept {intercept:g}; "
            "expected a slope that is not 0 and numbers that a film can have."
        )
    return Rescale(slope, intercept)


def _voi(
    dataset: Dataset, lowest: float, name: str
) -> tuple[Window | LookupTable | None, Cautions]:
    """The first VOI LUT, else the first window: the maker's curve before its approximation."""
    item = fields.first_item(dataset, "VOILUTSequence")
    if item is not None:
        return _lookup_table(item, lowest, f"{name}: its VOI LUT"), ()
    centers = fields.numbers(dataset, "WindowCenter")
    widths = fields.numbers(dataset, "WindowWidth")
    if not centers or not widths:
        return None, ()
    function, cautions = _function(dataset)
    try:
        if abs(centers[0]) > _MAX_VALUE or widths[0] > _MAX_VALUE:
            raise ValueError("a window that no film has")
        return Window(centers[0], widths[0], function), cautions
    except ValueError:
        return None, (f"The header's window (width {widths[0]:g}) cannot be used.",)


def _function(dataset: Dataset) -> tuple[VoiFunction, Cautions]:
    word = fields.code(dataset, "VOILUTFunction") or VoiFunction.LINEAR.value
    if word in [function.value for function in VoiFunction]:
        return VoiFunction(word), ()
    return VoiFunction.LINEAR, (
        f"The header's VOI LUT Function {word!r} is not known: LINEAR used.",
    )


def _inverted(dataset: Dataset) -> tuple[bool, Cautions]:
    """Presentation LUT Shape has the last word; it and the photometric interpretation should agree.

    In a DX image INVERSE stands beside MONOCHROME1 and IDENTITY beside MONOCHROME2 (PS3.3
    C.8.11.3.1.2), so the two are one statement made twice, not two inversions.
    """
    by_photometric = fields.code(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    shape = fields.code(dataset, "PresentationLUTShape")
    if shape not in ("INVERSE", "IDENTITY"):
        return by_photometric, ()
    by_shape = shape == "INVERSE"
    if by_shape == by_photometric:
        return by_shape, ()
    return by_shape, (
        "The header contradicts itself about which end is white (MONOCHROME"
        f"{1 if by_photometric else 2} with Presentation LUT Shape {shape}): the latter was "
        "followed. Check that bone is bright.",
    )


def _padding(dataset: Dataset, bits: StoredBits) -> tuple[int, int] | None:
    ends = [
        _as_stored(value, bits)
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        if (value := fields.integer(dataset, keyword)) is not None
    ]
    if fields.integer(dataset, "PixelPaddingValue") is None:
        return None
    return min(ends), max(ends)


def _as_stored(value: int, bits: StoredBits) -> int:
    """`value` with the sign of stored values; the field's own type is often the other one."""
    if bits.signed and value >= 1 << 15:
        return value - (1 << 16)
    if not bits.signed and value < 0:
        return value + (1 << 16)
    return value


def _lookup_table(item: Dataset, lowest: float, which: str) -> LookupTable:
    """The table in a sequence's item; `lowest` is the least value that will be looked up."""
    descriptor = [int(number) for number in fields.numbers(item, "LUTDescriptor")]
    if len(descriptor) != 3:
        raise UnreadableImage(f"{which} has no descriptor of three numbers.")
    n_entries = descriptor[0] & 0xFFFF or 1 << 16  # 0 stands for 65,536, which 16 bits cannot say
    first, depth = descriptor[1], descriptor[2]
    if first >= 1 << 15 and lowest < 0:  # a negative number in an unsigned field
        first -= 1 << 16
    entries = _entries(item, n_entries)
    if not 1 <= depth <= 16 or len(entries) < n_entries:
        raise UnreadableImage(
            f"{which} has {len(entries)} entries of {depth} bits; "
            f"expected {n_entries} of at most 16."
        )
    entries = entries[:n_entries]
    # Some makers write too small a depth; the entries know better.
    return LookupTable(first, max(depth, int(entries.max()).bit_length()), entries)


def _entries(item: Dataset, n_entries: int) -> NDArray[np.uint16]:
    """The table's entries: a word each, or a byte each where the words would be too few."""
    content = fields.raw(item, "LUTData")
    if content is None:
        words = [int(number) & 0xFFFF for number in fields.numbers(item, "LUTData")]
        content = np.array(words, dtype="<u2").tobytes()
    if n_entries <= len(content) < 2 * n_entries:
        return np.frombuffer(content, np.uint8).astype(np.uint16)
    return np.frombuffer(content[: len(content) // 2 * 2], "<u2").astype(np.uint16)
