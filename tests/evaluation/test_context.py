from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from drawn_context import films, header
from plainfilm.datasets.seen import ADAPTED_KEY, LOOKS_KEY
from plainfilm.datasets.seen import KEY as DIGESTS
from plainfilm.evaluation.claim import CLAIM
from plainfilm.evaluation.context import BY_BYTES, BY_LOOK, Context, context_of
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.table import Predictions


def test_each_split_is_counted_and_nothing_unknown_is_guessed() -> None:
    context = context_of(header(), films())
    test = context.splits["test"]
    assert (test.n_films, test.n_patients, context.n_unsplit) == (2, 1, 1)
    assert test.sex == {"F": 1, "not known": 1}
    assert test.view == {"PA": 1, "not known": 1}
    assert (test.n_ages, test.age_median) == (1, 4.0)
    assert (test.present, test.unknown) == (
        {"mass": 1, "pleural_thickening": 0},
        {"mass": 0, "pleural_thickening": 1},
    )
    assert context.splits["train"].age_median is None
    assert context.dropped == {"no film": 3}


def test_no_digest_of_a_film_comes_along() -> None:
    lists = {DIGESTS: "abc", ADAPTED_KEY: "def"}
    training = context_of(header(**lists, teacher="one"), films()).training
    assert training["teacher"] == "one"
    assert not {"abc", "def"} & set(training.values())


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({}, "none: one network"),
        ({"run 2": "optim.seed=1", "run 3": "optim.seed=2"}, "the mean of 3 networks"),
        ({"member 1": "a", "member 2": "b"}, "the mean of 2 bundles"),
        ({"imported by": "plainfilm bundles import"}, None),
    ],
)
def test_an_ensemble_is_told(details: dict[str, str], words: str | None) -> None:
    """CLAIM 27."""
    assert context_of(header(**details), films()).training.get("ensemble") == words


def test_films_of_the_same_data_set_are_internal_and_others_external_where_that_is_known() -> None:
    """CLAIM 32 and 33: answered by the software where it knows, else left to a person."""
    source = header().provenance.data_set
    same = context_of(header(), replace(films(), source=source))
    other = context_of(header(**{DIGESTS: "abc"}), replace(films(), source="ward"))
    unknown = context_of(header(), replace(films(), source="ward"))
    adapted = {DIGESTS: "abc", "adapted on": "40 val films of 30 patients of ward"}
    at_home = context_of(header(**adapted), replace(films(), source="ward"))
    assert answered(same) == {"32"}
    assert answered(other) == {"33"}
    assert answered(unknown) == set()
    assert answered(at_home) == set()  # thresholds, at least, were fitted on its other films
    assert other.training["external test"] == f"ward; it learned from {source}"


def answered(context: Context) -> set[str]:
    """Which of the two items the checklist answers by itself."""
    told = {"context": asdict(context)}
    items = (item for item in CLAIM if item.number in ("32", "33"))
    return {item.number for item in items if item.is_answered(told, {"Results": "results"})}


def test_it_travels_with_the_table_into_the_evaluation(make_table: Any, tmp_path: Path) -> None:
    table, context = make_table(n=40), context_of(header(), films())
    replace(table, about=replace(table.about, context=context)).save(tmp_path / "t.parquet")
    loaded = Predictions.load(tmp_path / "t.parquet")
    assert loaded.about.context == context
    told: Any = measure(loaded, 5)["context"]
    assert told["splits"]["test"]["n_patients"] == 1
    assert told["limits"] == list(context.limits)
    assert measure(table, 5)["context"] == {}


def test_it_says_how_films_learned_from_would_be_noticed() -> None:
    told = [
        context_of(header(**details), films()).training.get("films compared")
        for details in ({}, {DIGESTS: ""}, {DIGESTS: "", LOOKS_KEY: ""})
    ]
    assert told == [None, BY_BYTES, BY_LOOK]
