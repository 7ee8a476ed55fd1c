"""Pieces of a report's page: tables, rows and cells. Whatever comes in is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from plainfilm.evaluation.metric_words import term


def page(title: str, body: str) -> str:
    """One self-contained page with the reports' style, also for a phone; `body` is HTML."""
    style = files("plainfilm.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    width = "<meta name='viewport' content='width=device-width, initial-scale=1'>"
    head = f"<meta charset='utf-8'>{width}<title>{escape(title)}</title><style>{style}</style>"
    return f"<!doctype html>\n<html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def table(head: Sequence[str], rows: Sequence[str], *, kind: str = "numbers") -> str:
    """A table of rows made by `row`; its `kind` is its class."""
    cells = "".join(f"<th>{term(words)}</th>" for words in head)
    body = f"<tbody>{''.join(rows)}</tbody>"
    return f"<div><table class='{kind}'><thead><tr>{cells}</tr></thead>{body}</table></div>"


def row(cells: Sequence[str], *, few: bool = False) -> str:
    """A row of a table; `few` makes it grey: too few films to say much."""
    text = "".join(f"<td>{term(cell)}</td>" for cell in cells)
    return f"<tr class='few'>{text}</tr>" if few else f"<tr>{text}</tr>"


def row_of_words(cells: Sequence[str], words: str, columns: int) -> str:
    """A grey row that ends in one wide cell of words, over this many columns."""
    text = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr class='few'>{text}<td class='words' colspan='{columns}'>{escape(words)}</td></tr>"


def section(title: str, words: str, *parts: str) -> str:
    """A heading within a chapter, a sentence on what it means, and what follows."""
    return f"<h3>{escape(title)}</h3><p>{escape(words)}</p>{''.join(parts)}"


def bullets(lines: Sequence[str]) -> str:
    """A list of sentences; "" for none."""
    shown = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{shown}</ul>" if lines else ""


def open_words(asked: str) -> str:
    """What stands where only a person knows."""
    return f"To be answered by a person: {asked}."


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


def p_value(value: object) -> str:
    """A p with three decimals, never as nought, or a dash."""
    if not isinstance(value, float):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def record(value: object) -> Mapping[str, object]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
