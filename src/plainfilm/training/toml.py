"""TOML tables ↔ frozen dataclasses, closed: no key unknown, no value of the wrong type.

A dataclass is a table; its fields are the keys. Known field types: bool, int, float, str,
`Literal` of strings, tuples of these, `None` beside one of them (TOML then leaves the key out), and
further dataclasses, which are tables within. A dataclass may say of keys that it does not have why
not, as its `REFUSED`: key → reason.
"""

import math
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Literal, TypeVar

from plainfilm.errors import RecipeError

Table = Mapping[str, object]
T = TypeVar("T")

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
}


@dataclass(frozen=True)
class _Said:
    """A number or a truth value as `--set` has it: where a text is wanted, it is that text."""

    text: str
    value: object


def parse(text: str, source: str) -> Table:
    """The tables of a TOML text.

    Parameters
    ----------
    source
        What an error message calls the text.

    Raises
    ------
    RecipeError
        The text is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{source}: not a TOML file ({error}).") from error


def with_settings(table: Table, settings: Iterable[str]) -> Table:
    """The tables with single values replaced, as `--set optim.lr=0.01` asks.

    Parameters
    ----------
    settings
        "group.key=value" each; the value as TOML writes it, quotes of a text may be left out.

    Raises
    ------
    RecipeError
        A setting has no "=" or no group.
    """
    for setting in settings:
        path, equals, value = setting.partition("=")
        keys = [key.strip() for key in path.split(".")]
        if not equals or len(keys) < 2 or not all(keys):
            raise RecipeError(f"--set {setting}: expected group.key=value, as in optim.lr=0.001.")
        table = _replaced(table, keys, _value(value.strip()))
    return table


def read_table(kind: type[T], table: Table, where: str = "") -> T:
    """The dataclass of a table.

    Parameters
    ----------
    kind
        The dataclass.
    where
        The table's name in messages, "" for the whole file.

    Raises
    ------
    RecipeError
        A key is unknown or missing, a value has the wrong type or is impossible.
    """
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    _refuse_with_reason(table, getattr(kind, "REFUSED", {}), where)
    _refuse_unknown(table, known, where)
    values = {key: _fit(table[key], hints[key], _join(where, key)) for key in table}
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise RecipeError(f"{_join(where, name)} is missing; it has no default.")
    try:
        return kind(**values)
    except ValueError as error:
        raise RecipeError(str(error)) from error


def write_table(record: object, where: str = "") -> str:
    """The TOML text of a dataclass, every value written out; `read_table` gives it back."""
    lines: list[str] = []
    tables: list[str] = []
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if is_dataclass(value):
            tables.append(write_table(value, _join(where, field.name)))
        elif value is not None:
            lines.append(f"{field.name} = {_text(value)}")
    heading = [f"[{where}]"] if where and (lines or not tables) else []
    own = "\n".join([*heading, *lines])
    return (
        "\n\n".join(part for part in (own, *(text.rstrip("\n") for text in tables)) if part) + "\n"
    )


def differences(left: object, right: object, where: str = "") -> list[str]:
    """Where two dataclasses of one kind differ, one "group.key: left and right" each."""
    return [f"{key}: {a!r} and {b!r}" for key, a, b in _differing(left, right, where)]


def settings_between(left: object, right: object) -> list[str]:
    """What `with_settings` needs to make the left dataclass the right one, "group.key=value" each.

    A value that is None, which TOML cannot write, is left out.
    """
    pairs = ((key, b) for key, _, b in _differing(left, right, "") if b is not None)
    return [setting_of(key, value) for key, value in pairs]


def setting_of(key: str, value: object) -> str:
    """One value as `with_settings` takes it, "group.key=value"."""
    return f"{key}={_text(value)}"


def expect(holds: bool, key: str, found: float, expected: str) -> None:
    """RecipeError where a key's value does not hold."""
    if not holds:  # written so that NaN fails
        raise RecipeError(f"{key}: found {found:g}; expected {expected}.")


def _differing(left: object, right: object, where: str) -> Iterator[tuple[str, object, object]]:
    for field in fields(left):  # type: ignore[arg-type]
        a, b = getattr(left, field.name), getattr(right, field.name)
        if is_dataclass(a) and is_dataclass(b):
            yield from _differing(a, b, _join(where, field.name))
        elif a != b:
            yield _join(where, field.name), a, b


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _replaced(table: Table, keys: Sequence[str], value: object) -> Table:
    if len(keys) == 1:
        return {**table, keys[0]: value}
    inner = table.get(keys[0], {})
    if not isinstance(inner, Mapping):
        raise RecipeError(f"--set: {keys[0]} is a value, not a group of keys.")
    return {**table, keys[0]: _replaced(inner, keys[1:], value)}


def _value(text: str) -> object:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # a text without its quotes, which a shell eats
    return _Said(text, value) if isinstance(value, bool | int | float) else value


def _refuse_with_reason(table: Table, reasons: Mapping[str, str], where: str) -> None:
    for key in table:
        if key in reasons:
            raise RecipeError(f"{_join(where, key)}: {reasons[key]}.")


def _refuse_unknown(table: Table, known: Iterable[str], where: str) -> None:
    for key in table:
        if key in known:
            continue
        near = get_close_matches(key, known, n=1, cutoff=0.5)
        hint = f" Did you mean {_join(where, near[0])}?" if near else ""
        what = f"[{where}]" if where else "the recipe"
        raise RecipeError(
            f"{_join(where, key)}: unknown key in {what}.{hint} Known: {', '.join(known)}."
        )


def _fit(value: object, hint: object, where: str) -> object:
    """The value as the hint wants it, or an error that names both."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
        return _fit(value, hint, where)
    if isinstance(value, _Said):
        value = value.text if hint is str else value.value
    if origin is Literal:
        return _fit_choice(value, typing.get_args(hint), where)
    if origin is tuple:
        return _fit_tuple(value, typing.get_args(hint), where)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise _wrong(value, f"a group of keys, [{where}]", where)
        return read_table(hint, value, where)
    return _fit_simple(value, hint, where)


def _fit_simple(value: object, hint: object, where: str) -> object:
    if hint is float and type(value) in (int, float):
        number = float(typing.cast(float, value))
        if not math.isfinite(number):
            raise _wrong(value, "a finite number", where)
        return number
    if type(value) is not hint:
        raise _wrong(value, _WORDS[typing.cast(type, hint)], where)
    return value


def _fit_choice(value: object, choices: tuple[str, ...], where: str) -> object:
    if value in choices:
        return value
    near = get_close_matches(str(value), choices, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise RecipeError(f"{where}: found {value!r}; expected one of {', '.join(choices)}.{hint}")


def _fit_tuple(value: object, hints: tuple[object, ...], where: str) -> object:
    if not isinstance(value, list | tuple):
        raise _wrong(value, "a list in [ ]", where)
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise _wrong(value, f"a list of {len(hints)} values", where)
    return tuple(_fit(v, h, where) for v, h in zip(value, hints, strict=True))


def _wrong(value: object, expected: str, where: str) -> RecipeError:
    return RecipeError(f"{where}: found {value!r} ({type(value).__name__}); expected {expected}.")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(_text(part) for part in value)}]"
    if isinstance(value, str):
        return _quoted(value)
    return repr(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped)
    return f'"{plain}"'
