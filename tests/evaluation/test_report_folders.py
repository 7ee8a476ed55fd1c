import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation import report_table
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.report_folders import MADE_FROM, NUMBERS_NAME, load_tables
from plainfilm.evaluation.table import Predictions


def written(table: Predictions, folder: Path, *, finish: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    table.save(folder / "predictions.parquet")
    if finish:
        report_table(folder, draws=5)
    return folder


def other_answers(table: Predictions) -> Predictions:
    noise = np.random.default_rng(3).normal(0, 1, table.scores.shape)
    return replace(table, scores=table.scores + noise)


def test_a_finished_report_is_loaded_and_an_unfinished_one_cautioned_about(
    make_table: Any, tmp_path: Path
) -> None:
    whole = written(make_table(n=30), tmp_path / "whole")
    cut = written(make_table(n=30), tmp_path / "cut", finish=False)
    tables, (caution,) = load_tables([whole, cut])
    assert [len(table) for table in tables] == [30, 30]
    assert caution.startswith("cut: no evaluation.json, so its evaluation was cut off")


def test_a_newer_table_beside_older_numbers_is_refused(make_table: Any, tmp_path: Path) -> None:
    table = make_table(n=30)
    mixed = written(table, tmp_path / "mixed")
    newer = replace(other_answers(table), about=replace(table.about, bundle="newer"))
    written(newer, mixed, finish=False)
    words = (
        r"^mixed: its evaluation.json \(tiny 1.0.0 on phantoms\) was not made from the "
        r"predictions.parquet beside it \(newer 1.0.0 on phantoms\).* Evaluate again"
    )
    with pytest.raises(EvaluationError, match=words):
        load_tables([mixed])


@pytest.mark.parametrize("change", ["answers", "split", "network", "films"])
def test_older_numbers_without_a_hash_are_held_to_what_they_tell(
    make_table: Any, tmp_path: Path, change: str
) -> None:
    table = make_table(n=30)
    numbers: Any = measure(table, 5)
    assert MADE_FROM not in numbers
    folder = written(table, tmp_path / "old", finish=False)
    (folder / NUMBERS_NAME).write_text(json.dumps(numbers), encoding="utf-8")
    assert load_tables([folder])[1] == []
    changed = {
        "answers": other_answers(table),
        "split": replace(table, about=replace(table.about, split_sha256="2" * 64)),
        "network": replace(table, about=replace(table.about, network_sha256="2" * 64)),
        "films": table.rows(np.arange(29)),
    }[change]
    written(changed, folder, finish=False)
    with pytest.raises(EvaluationError, match="was not made from"):
        load_tables([folder])


def test_numbers_of_a_finding_that_nobody_has_are_still_their_table_s(
    make_table: Any, tmp_path: Path
) -> None:
    table = make_table(n=30)
    table.labels[:, 1] = 0
    folder = written(table, tmp_path / "old", finish=False)
    (folder / NUMBERS_NAME).write_text(json.dumps(measure(table, 5)), encoding="utf-8")
    assert load_tables([folder])[1] == []


def test_numbers_that_cannot_be_read_are_told(make_table: Any, tmp_path: Path) -> None:
    folder = written(make_table(n=30), tmp_path / "broken", finish=False)
    (folder / NUMBERS_NAME).write_text("{", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"^broken: evaluation\.json cannot be read"):
        load_tables([folder])
