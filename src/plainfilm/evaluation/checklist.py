"""Reporting guidelines as lists: what each asks, and what this software knows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from plainfilm.evaluation.html_parts import open_words, record, table

Json = Mapping[str, object]


@dataclass(frozen=True)
class Item:
    """One thing a guideline asks for.

    Parameters
    ----------
    number
        The guideline's own.
    asked
        In short words; they end a sentence.
    chapter
        Where the report answers; "" = only a person knows.
    needs
        The key of the evaluation, or keys joined by ".", that must hold something; "" = none.
    also
        What a person must add all the same.
    """

    number: str
    asked: str
    chapter: str = ""
    needs: str = ""
    also: str = ""

    def is_answered(self, evaluation: Json, places: Mapping[str, str]) -> bool:
        """Whether the report has its chapter, and the evaluation what that answers from."""
        return self.chapter in places and (not self.needs or bool(_found(evaluation, self.needs)))


def checklist(items: Sequence[Item], evaluation: Json, places: Mapping[str, str]) -> str:
    """A table of the items: answered in which chapter, or left open.

    Parameters
    ----------
    places
        Title of each chapter → its anchor.
    """
    rows, n_done = [], 0
    for item in items:
        done = item.is_answered(evaluation, places)
        n_done += done
        link = f"<a href='#{places[item.chapter]}'>{escape(item.chapter)}</a>" if done else ""
        asked = item.also if done else item.asked
        left = f"<span class='open'>{escape(open_words(asked))}</span>" if asked else ""
        cells = (
            escape(item.number),
            escape(item.asked),
            f"{link}{'. ' if link and left else ''}{left}",
        )
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    words = (
        f"{n_done} of {len(items)} items are answered here, some in part; the rest is left open."
    )
    return f"<p>{words}</p>" + table(["Item", "Asked", "Where"], rows, kind="checklist")


def _found(evaluation: Json, path: str) -> object:
    value: object = evaluation
    for key in path.split("."):
        value = record(value).get(key)
    return value
