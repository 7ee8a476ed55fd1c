"""One header field at a time, in the type it should have; None where it is missing or nonsense.

A header is full of optional fields, and a broken one that nobody needs must not cost the film. So
nothing here raises: the caller decides what it cannot go on without.
"""

import math
import re
from datetime import date
from functools import cache

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import PersonName

from plainfilm.images.guard import silence

# Only what looks like a code may be repeated in a message: free text can hold a patient's name.
_CODE = re.compile(r"[A-Z0-9][A-Z0-9 _/+-]{0,30}")
# Longer, a field is no film's: a million numbers in it would take a minute to convert. The largest
# that is read holds lookup tables, 128 KiB each.
_MAX_BYTES = 2**20
_PIXELS = Tag("PixelData")

_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


def text(dataset: Dataset, keyword: str, place: int = 0) -> str | None:
    """The field's text, stripped; of several values the one at `place`."""
    values = _values(dataset, keyword)
    if place >= len(values):
        return None
    return str(values[place]).strip(" \0\n\r\t") or None


def code(dataset: Dataset, keyword: str, place: int = 0) -> str | None:
    """The field's text in upper case, if it looks like a code word; "?" if it is something else."""
    found = text(dataset, keyword, place)
    if found is None:
        return None
    found = found.upper()
    return found if _CODE.fullmatch(found) else "?"


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """The field's finite numbers; empty if it is missing or any of them is not one."""
    try:
        found = tuple(float(str(value)) for value in _values(dataset, keyword))
    except ValueError:
        return ()
    return found if all(math.isfinite(number) for number in found) else ()


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The field's first value as an integer."""
    found = numbers(dataset, keyword)
    return int(found[0]) if found and found[0] == int(found[0]) else None


def day(dataset: Dataset, keyword: str) -> date | None:
    """The field's date."""
    match = _DATE.fullmatch(text(dataset, keyword) or "")
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def first_item(dataset: Dataset, keyword: str) -> Dataset | None:
    """The first item of the sequence; None if there is none."""
    for item in _values(dataset, keyword)[:1]:
        if isinstance(item, Dataset):
            return item
    return None


def raw(dataset: Dataset, keyword: str) -> bytes | None:
    """The field's bytes, where its type leaves them bytes."""
    values = _values(dataset, keyword)
    return values[0] if len(values) == 1 and isinstance(values[0], bytes) else None


def _values(dataset: Dataset, keyword: str) -> list[object]:
    """The field's values, none if it is missing, empty or cannot be converted."""
    tag = _tag(keyword)
    try:
        with silence():  # an ill-formed value warns, and is logged, when it is first looked at
            value = dataset[tag].value if _is_usable(dataset, tag) else None
    except Exception:  # noqa: BLE001 - converting a damaged field can raise anything; see the top
        return []
    if value is None or value == "":
        return []
    # a name would come apart into its letters
    if isinstance(value, (str, bytes, PersonName)) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


@cache  # the parser would look the keyword up three times for each field
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _is_usable(dataset: Dataset, tag: BaseTag) -> bool:
    element = dataset.get_item(tag)
    unconverted = getattr(element, "value", None)
    is_long = isinstance(unconverted, bytes) and len(unconverted) > _MAX_BYTES
    return element is not None and (tag == _PIXELS or not is_long)
