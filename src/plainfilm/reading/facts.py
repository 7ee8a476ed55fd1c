"""What a network is told of a film beside its pixels: age, sex and view, as numbers.

The only place that knows how they are written; training, every reader and the golden outputs ask
here. What is not known is zeros in all of its columns, so that a film of which nothing is known is
the zero vector; a network has learned what to make of it (`data.side_inputs_hidden_share`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Sex, View

FACTS = ("age", "sex", "view")
"""What a network may be told, in the order of the columns."""

CODING = "plainfilm.facts/1"
"""How it is told; stands in the header, so that another coding is noticed."""

YEARS = 100.0
"""What an age is divided by: ages then lie about in [0, 1], as the other columns do."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "age": ("age known", "age in centuries"),
    "sex": tuple(f"sex {sex}" for sex in Sex),
    "view": tuple(f"view {view}" for view in View),
}
"""The columns of each fact. A word has one for each of its values: 1 where it is that one."""

Fact = float | str | None
Facts = Mapping[str, Fact]
"""By the names of `FACTS`: years, "F" or "M", a value of `View`; None or missing = not known."""

Vector = NDArray[np.float32]


def width(names: Sequence[str]) -> int:
    """Columns that these facts have together."""
    return sum(len(COLUMNS[name]) for name in names)


def columns(names: Sequence[str]) -> tuple[str, ...]:
    """What each of these facts' columns means, in order."""
    return tuple(column for name in names for column in COLUMNS[name])


def facts_vector(names: Sequence[str], facts: Facts) -> Vector:
    """What a network that takes the facts `names` is told of a film.

    Parameters
    ----------
    names
        Of `FACTS`, in their order.
    facts
        What is known. A word that is no value of `Sex` or `View` counts as not known.

    Returns
    -------
    float32 (k,), k the `width`: of each name its `COLUMNS`; all 0 where it is not known.
    """
    numbers = [value for name in names for value in _columns(name, facts.get(name))]
    return np.array(numbers, np.float32)


def without_facts(names: Sequence[str], n_films: int) -> Vector:
    """What a network is told of films of which nothing is known: zeros (n, k)."""
    return np.zeros((n_films, width(names)), np.float32)


def facts_words(facts: Facts) -> str:
    """What was told, as a person would say it: "age 60, sex F, view not known"."""
    return ", ".join(f"{name} {_word(fact)}" for name, fact in facts.items())


def _columns(name: str, fact: Fact) -> list[float]:
    if name == "age":
        return [1.0, fact / YEARS] if isinstance(fact, int | float) else [0.0, 0.0]
    return [float(column == f"{name} {fact}") for column in COLUMNS[name]]


def _word(fact: Fact) -> str:
    if fact is None:
        return "not known"
    return f"{fact:g}" if isinstance(fact, float) else str(fact)
