"""Pieces of a report's page: tables, rows and cells. Whatever comes in is escaped."""

from collections.abc import Mapping, Sequence
from html import escape


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """A table of rows made by `row`."""
    cells = "".join(f"<th>{escape(words)}</th>" for words in head)
    return (
        f"<div><table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(cells: Sequence[str], *, few: bool = False) -> str:
    """A row of a table; `few` makes it grey: too few films to say much."""
    text = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr class='few'>{text}</tr>" if few else f"<tr>{text}</tr>"


def section(title: str, words: str, *parts: str) -> str:
    """A heading, a sentence on what it means, and what follows."""
    return f"<h2>{escape(title)}</h2><p>{escape(words)}</p>{''.join(parts)}"


def interval(value: object) -> str:
    """A value with its interval, .975 [.958, .988], or a dash."""
    numbers = items(value)
    if not numbers or numbers[0] is None:
        return "–"
    texts = ["–" if n is None else f"{n:.3f}" for n in numbers]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def number(numbers: Mapping[str, object], key: str) -> str:
    """A number with three decimals, or a dash."""
    value = numbers.get(key)
    return f"{value:.3f}" if isinstance(value, int | float) else "–"


def record(value: object) -> Mapping[str, object]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
