"""Bytes of a JSON file in, a typed value out; anything out of the ordinary is refused.

`parse` allows no NaN or infinity, no key twice, no deep nesting and no half of a surrogate pair.
`decode` turns the parsed value into a frozen dataclass by its annotations: every field there,
no other one, each of its type.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import StrEnum

from plainfilm.errors import CorruptBundle

MAX_DEPTH = 24

T = typing.TypeVar("T")


def parse(content: bytes, name: str) -> dict[str, object]:
    """The object that a JSON file holds.

    Parameters
    ----------
    content
        UTF-8; of bounded length: the caller sees to that.
    name
        What the error calls the file.

    Raises
    ------
    CorruptBundle
        Not UTF-8, not JSON, not an object at the top, NaN or an infinity, a key twice, nested
        deeper than `MAX_DEPTH`.
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_doubles,
        )
    except RecursionError as error:
        raise CorruptBundle(f"{name}: nested too deeply; expected at most {MAX_DEPTH}") from error
    except ValueError as error:
        raise CorruptBundle(f"{name}: not the JSON this format allows ({error})") from error
    if not isinstance(value, dict):
        raise CorruptBundle(f"{name}: found a {_kind(value)} at the top; expected an object")
    _check_values(value, name, MAX_DEPTH)
    return value


def decode(kind: type[T], value: object, where: str) -> T:
    """A value of the type `kind`, read from a parsed value.

    `kind` and its fields may be str, bool, int, float, a StrEnum, `X | None`, `tuple[X, ...]`,
    `tuple[X, Y]`, `dict[str, X]` or a dataclass of these.

    Raises
    ------
    CorruptBundle
        A key is missing or unknown, a value has the wrong type, or the dataclass refuses it
        (ValueError); the message starts with the place.
    """
    decoded: T = _decode(kind, value, where)
    return decoded


def encode(value: object) -> bytes:
    """The JSON file of a dataclass or mapping: UTF-8, two blanks per level, keys in given order.

    Raises ValueError for NaN and infinities.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8")


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number JSON knows")


def _finite(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(f"{word} is too large")
    return number


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _check_values(value: object, name: str, levels: int) -> None:
    if levels < 0:
        raise CorruptBundle(f"{name}: nested too deeply; expected at most {MAX_DEPTH} levels")
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise CorruptBundle(f"{name}: a text holds half of a surrogate pair; expected Unicode")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            _check_values(item, name, levels - 1)


# The value's type follows an annotation known only at run time: Any is the truth here.
def _decode(kind: typing.Any, value: object, where: str) -> typing.Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _decode(arguments[0], value, where)
    if origin is tuple:
        return _decode_tuple(arguments, _expect(list, value, where), where)
    if origin is dict:
        items = _expect(dict, value, where).items()
        return {key: _decode(arguments[1], item, f"{where}.{key}") for key, item in items}
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, _expect(dict, value, where), where)
    if issubclass(kind, StrEnum):
        words = [member.value for member in kind]
        if value not in words:
            raise CorruptBundle(_wrong(where, value, f"one of {', '.join(words)}"))
        return kind(value)
    if kind is float and type(value) is int:
        return _finite_float(value, where)
    return _expect(kind, value, where)


def _decode_tuple(kinds: tuple[typing.Any, ...], value: list[object], where: str) -> typing.Any:
    if kinds[-1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(value) != len(kinds):
        raise CorruptBundle(_wrong(where, value, f"a list of {len(kinds)}"))
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(_decode(kind, item, f"{where}[{index}]") for index, (kind, item) in pairs)


def _decode_dataclass(kind: typing.Any, value: Mapping[str, object], where: str) -> typing.Any:
    hints = typing.get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    for name in names:
        if name not in value:
            raise CorruptBundle(f"{where}.{name}: missing; expected, as format 1 has it")
    unknown = [key for key in value if key not in names]
    if unknown:
        raise CorruptBundle(f"{where}: {unknown[0][:40]!r} is unknown; expected {names}")
    fields = {name: _decode(hints[name], value[name], f"{where}.{name}") for name in names}
    try:
        return kind(**fields)
    except ValueError as error:
        raise CorruptBundle(f"{where}: {error}") from error


def _expect(kind: type[T], value: object, where: str) -> T:
    # `type(...) is`, since in Python True is an int
    if type(value) is not kind:
        words = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
        words |= {list: "a list", dict: "an object"}
        raise CorruptBundle(_wrong(where, value, words[kind]))
    return value


def _finite_float(value: int, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise CorruptBundle(f"{where}: found a number too large; expected a number") from error


def _wrong(where: str, value: object, expected: str) -> str:
    shown = json.dumps(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return f"{where}: found {shown}; expected {expected}"


def _kind(value: object) -> str:
    return "list" if isinstance(value, list) else type(value).__name__
