"""What is done to which DICOM attribute: PS3.15 table E.1-1 as data.

basic_profile.csv restates that table: each attribute's tag ("x" = any digit), name, the action of
the column Basic Profile, and the options whose columns say K (keep). It was made from listings of
it that others generated from the standard, of editions 2024 and 2026; where only one lists an
attribute, it is in, and no option keeps it. An option's C (clean) is not followed: the attribute
is treated as without the option, so that less is kept.
"""

import csv
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydicom.tag import BaseTag

TABLE = "basic_profile.csv"
_REPEATING = "x"


class Action(StrEnum):
    """An action of the table; those with a stroke leave a choice, see `action_for`."""

    DUMMY = "D"
    EMPTY = "Z"
    REMOVE = "X"
    NEW_UID = "U"
    EMPTY_OR_DUMMY = "Z/D"
    REMOVE_OR_EMPTY = "X/Z"
    REMOVE_OR_DUMMY = "X/D"
    REMOVE_EMPTY_OR_DUMMY = "X/Z/D"
    REMOVE_EMPTY_OR_NEW_UIDS = "X/Z/U*"


class Keep(StrEnum):
    """An option of the profile: what it keeps beside what the profile keeps."""

    UIDS = "uids"
    DATES = "dates"
    DEVICE = "device"
    PATIENT = "patient"
    INSTITUTION = "institution"


CODES = {
    Keep.DATES: ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    Keep.PATIENT: ("113108", "Retain Patient Characteristics Option"),
    Keep.DEVICE: ("113109", "Retain Device Identity Option"),
    Keep.UIDS: ("113110", "Retain UIDs Option"),
    Keep.INSTITUTION: ("113112", "Retain Institution Identity Option"),
}
"""The options as (0012,0064) names them: value and meaning of their codes, in PS3.16, CID 7050."""

_CHOSEN = {
    Action.EMPTY_OR_DUMMY: Action.DUMMY,
    Action.REMOVE_OR_EMPTY: Action.EMPTY,
    Action.REMOVE_OR_DUMMY: Action.DUMMY,
    Action.REMOVE_EMPTY_OR_DUMMY: Action.DUMMY,
    Action.REMOVE_EMPTY_OR_NEW_UIDS: None,
}


def action_for(tag: BaseTag, keep: Collection[Keep] = ()) -> Action | None:
    """What is done to an attribute: D, Z, X or U; None = kept, what it contains is looked at.

    `keep` are the options that count.

    Where the table leaves a choice by what the kind of object requires, the one is taken that is
    valid in every kind: a dummy before nothing, nothing before no attribute. None of them holds
    anything of the original. A private attribute is removed.

    References
    ----------
    DICOM PS3.15, table E.1-1 and E.1-1a.
    """
    if tag.is_private:
        return Action.REMOVE
    if any(option in keep for option in _kept_with().get(int(tag), ())):
        return None
    action = _single().get(int(tag)) or _repeating(tag)
    return _CHOSEN.get(action, action) if action is not None else None


@cache
def table() -> tuple[tuple[str, str, Action], ...]:
    """The table's rows: tag in eight digits, name, action."""
    text = files("plainfilm.deidentify").joinpath(TABLE).read_text(encoding="utf-8")
    _head, *rows = csv.reader(text.splitlines())
    return tuple((tag, name, Action(action)) for tag, name, action, _ in rows)


@cache
def _kept_with() -> dict[int, tuple[Keep, ...]]:
    text = files("plainfilm.deidentify").joinpath(TABLE).read_text(encoding="utf-8")
    _head, *rows = csv.reader(text.splitlines())
    return {int(tag, 16): tuple(map(Keep, kept.split())) for tag, _, _, kept in rows if kept}


@cache
def _single() -> dict[int, Action]:
    return {int(tag, 16): action for tag, _, action in table() if _REPEATING not in tag}


def _repeating(tag: BaseTag) -> Action | None:
    digits = f"{tag:08X}"
    for pattern, _, action in table_of_groups():
        if all(p in (_REPEATING, d) for p, d in zip(pattern, digits, strict=True)):
            return action
    return None


@cache
def table_of_groups() -> tuple[tuple[str, str, Action], ...]:
    """The rows that stand for several tags: curves and overlays."""
    return tuple(row for row in table() if _REPEATING in row[0])
