"""The items a structured report's tree is made of, as DICOM writes them.

References
----------
DICOM PS3.3, C.17.3 (SR Document Content Module) and C.18 (content item macros); section 8.8 (coded
entries).
"""

import hashlib
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

from plainfilm.findings import Code
from plainfilm.reports.sr_codes import MAX_MEANING
from plainfilm.reports.wording import printable

Relation = Literal["CONTAINS", "HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS ACQ CONTEXT"]

_MAX_SHORT = 16  # letters of Code Value, VR SH; a longer one is a Long Code Value


def coded(code: Code) -> Dataset:
    """A code's item; its meaning is cut at 64 letters, all that DICOM allows."""
    item = Dataset()
    if len(code.value) > _MAX_SHORT:
        item.LongCodeValue = code.value
    else:
        item.CodeValue = code.value
    item.CodingSchemeDesignator = code.scheme
    item.CodeMeaning = plain(code.meaning)[:MAX_MEANING]
    return item


def container(name: Code, children: Sequence[Dataset], relation: Relation | None) -> Dataset:
    """A heading over `children`; `relation` None = the document's root."""
    item = _item("CONTAINER", name, relation)
    item.ContinuityOfContent = "SEPARATE"
    if children:
        item.ContentSequence = list(children)
    return item


def code_item(name: Code, value: Code, relation: Relation = "CONTAINS") -> Dataset:
    """A term of a vocabulary."""
    item = _item("CODE", name, relation)
    item.ConceptCodeSequence = [coded(value)]
    return item


def text_item(name: Code, words: str, relation: Relation = "CONTAINS") -> Dataset:
    """Words, on one line; what cannot be printed becomes "?"."""
    item = _item("TEXT", name, relation)
    item.TextValue = printable(words)
    return item


def number_item(name: Code, value: float, unit: Code) -> Dataset:
    """A number: as decimal digits for every reader, and bit by bit for those who can."""
    measured = Dataset()
    measured.NumericValue = format_number_as_ds(float(value))
    measured.FloatingPointValue = float(value)
    measured.MeasurementUnitsCodeSequence = [coded(unit)]
    item = _item("NUM", name, "CONTAINS")
    item.MeasuredValueSequence = [measured]
    return item


def uid_item(name: Code, uid: str, relation: Relation) -> Dataset:
    """A unique identifier."""
    item = _item("UIDREF", name, relation)
    item.UID = uid
    return item


def image_item(name: Code, reference: Dataset, children: Sequence[Dataset] = ()) -> Dataset:
    """An image of the study; `reference` says its SOP class and instance."""
    item = _item("IMAGE", name, "CONTAINS")
    item.ReferencedSOPSequence = [reference]
    if children:
        item.ContentSequence = list(children)
    return item


def uid_of(text: str) -> str:
    """A UID that follows from `text`, of the root 2.25, which anybody may use.

    References
    ----------
    DICOM PS3.5, B.2: UIDs from a UUID. RFC 9562, 5.8: UUIDs of one's own making (version 8).
    """
    digest = bytearray(hashlib.sha256(text.encode()).digest()[:16])
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return f"2.25.{UUID(bytes=bytes(digest)).int}"


def plain(text: str) -> str:
    """Text for a short field: on one line, without the backslash, which parts values there."""
    return printable(text).replace("\\", "/")


def _item(kind: str, name: Code, relation: Relation | None) -> Dataset:
    item = Dataset()
    if relation is not None:
        item.RelationshipType = relation
    item.ValueType = kind
    item.ConceptNameCodeSequence = [coded(name)]
    return item
