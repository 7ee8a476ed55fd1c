from dataclasses import replace
from pathlib import Path
from typing import Any

from drawn_context import films, header
from plainfilm.datasets.seen import ADAPTED_KEY
from plainfilm.datasets.seen import KEY as DIGESTS
from plainfilm.evaluation.context import context_of
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


def test_it_travels_with_the_table_into_the_evaluation(make_table: Any, tmp_path: Path) -> None:
    table, context = make_table(n=40), context_of(header(), films())
    replace(table, about=replace(table.about, context=context)).save(tmp_path / "t.parquet")
    loaded = Predictions.load(tmp_path / "t.parquet")
    assert loaded.about.context == context
    told: Any = measure(loaded, 5)["context"]
    assert told["splits"]["test"]["n_patients"] == 1
    assert told["limits"] == list(context.limits)
    assert measure(table, 5)["context"] == {}
