"""DICOM films of nobody, in any bit depth, photometric interpretation and transfer syntax."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
_SIGNED_OR_NOT = ("PixelPaddingValue", "PixelPaddingRangeLimit")


def dicom_file(
    words: NDArray[np.integer],
    *,
    syntax: str = ExplicitVRLittleEndian,
    frame: bytes | None = None,
    **fields: Any,
) -> bytes:
    """The bytes of a DX film with these words as its pixels.

    `fields` names DICOM keywords: a value replaces, None removes, a mapping (or a list of them)
    makes a sequence, a `DataElement` is taken as it is. `frame` replaces the pixels by a compressed
    frame. `words` of 8 bits are written as 8 bits allocated, all others as 16.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = DX_FOR_PRESENTATION
    dataset.SOPInstanceUID = "1.2.3.4"
    defaults = {
        "Modality": "DX",
        "PhotometricInterpretation": "MONOCHROME2",
        "SamplesPerPixel": 1,
        "Rows": words.shape[0],
        "Columns": words.shape[1],
        "BitsAllocated": 8 * (1 if words.dtype.itemsize == 1 else 2),
        "PixelRepresentation": 0,
    }
    defaults |= {"BitsStored": defaults["BitsAllocated"]}
    wanted = defaults | fields
    wanted.setdefault("HighBit", wanted["BitsStored"] and wanted["BitsStored"] - 1)
    for keyword, value in wanted.items():
        put(dataset, keyword, value)
    put_pixels(dataset, words, syntax, frame)
    return written(dataset, syntax)


def put(dataset: Dataset, keyword: str, value: Any) -> None:
    """Set one field of the data set, with the type that fits the value."""
    if value is None:
        return
    if isinstance(value, DataElement):
        dataset.add(value)
    elif isinstance(value, Mapping) or (
        isinstance(value, list) and value and isinstance(value[0], Mapping)
    ):
        items = [value] if isinstance(value, Mapping) else value
        setattr(dataset, keyword, [sequence_item(item) for item in items])
    elif keyword in _SIGNED_OR_NOT:
        dataset.add_new(keyword, "SS" if value < 0 else "US", value)
    else:
        element = (keyword, dictionary_VR(keyword), value)
        dataset.add(DataElement(*element, validation_mode=pydicom.config.IGNORE))


def header(**fields: Any) -> Dataset:
    """A header with these fields, valid or not."""
    dataset = Dataset()
    for keyword, value in fields.items():
        put(dataset, keyword, value)
    return dataset


def sequence_item(fields: Mapping[str, Any]) -> Dataset:
    item = Dataset()
    for keyword, value in fields.items():
        if keyword == "LUTDescriptor":
            item.add_new(keyword, "SS" if min(value) < 0 else "US", list(value))
        elif keyword == "LUTData":
            item.add_new(keyword, "OW" if isinstance(value, bytes) else "US", value)
        else:
            setattr(item, keyword, value)
    return item


def put_pixels(
    dataset: Dataset, words: NDArray[np.integer], syntax: str, frame: bytes | None
) -> None:
    if frame is not None:
        dataset.PixelData = encapsulate([frame])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        return
    order = ">u2" if syntax == ExplicitVRBigEndian else "<u2"
    content = words.astype(np.uint8 if words.dtype.itemsize == 1 else order).tobytes()
    if syntax == ExplicitVRBigEndian and words.dtype.itemsize == 1:  # OW: bytes in swapped pairs
        content = np.frombuffer(content + b"\0" * (len(content) % 2), "<u2").byteswap().tobytes()
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OW"


def written(dataset: Dataset, syntax: str) -> bytes:
    file = BytesIO()
    pydicom.dcmwrite(
        file,
        dataset,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return file.getvalue()


def without_preamble(content: bytes) -> bytes:
    """The file from its first element on."""
    return content[132:]


def without_meta(content: bytes) -> bytes:
    """The file from its first element after group 0002 on."""
    return content[132 + 12 + int.from_bytes(content[140:144], "little") :]
