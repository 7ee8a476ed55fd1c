from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.table import Predictions


def test_a_table_comes_back_as_it_was(make_table: Any, tmp_path: Path) -> None:
    table = make_table(n=6)
    table = replace(
        table,
        published=table.probabilities / 2,
        audits={"frame": table.scores + 1},
        refused=np.array(["", "too dark", "", "", "", ""]),
        age=np.array([1.0, np.nan, 3, 4, 5, 6]),
    )
    table.save(tmp_path / "p.parquet")
    again = Predictions.load(tmp_path / "p.parquet")
    assert again.about == table.about
    for field in fields(Predictions):
        was, now = getattr(table, field.name), getattr(again, field.name)
        if isinstance(was, np.ndarray):
            np.testing.assert_array_equal(now, was)
    np.testing.assert_array_equal(again.audits["frame"], table.audits["frame"])
    np.testing.assert_array_equal(again.details["view"], table.details["view"])


def test_the_columns_are_those_written_down(make_table: Any, tmp_path: Path) -> None:
    make_table(n=4).save(tmp_path / "p.parquet")
    names = pyarrow.parquet.read_schema(tmp_path / "p.parquet").names
    assert names == [
        "name", "patient", "study", "split", "view", "sex", "age",
        "label:pneumonia", "label:mass", "score:pneumonia", "score:mass",
        "probability:pneumonia", "probability:mass", "familiarity", "refused",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"PAR1 but not really PAR1", b"name,patient\n"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.parquet").write_bytes(content)
    with pytest.raises(EvaluationError, match=r"^p\.parquet: cannot be read as a Parquet table$"):
        Predictions.load(tmp_path / "p.parquet")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"p\.parquet"):
        Predictions.load(tmp_path / "p.parquet")


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "p.parquet")
    with pytest.raises(EvaluationError, match="not a table of predictions"):
        Predictions.load(tmp_path / "p.parquet")


def test_a_table_without_a_column_is_refused(make_table: Any, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    make_table(n=4).save(path)
    with path.open("rb") as stream:
        table = pyarrow.parquet.read_table(stream)
    pyarrow.parquet.write_table(table.drop_columns(["score:mass"]), path)
    with pytest.raises(EvaluationError, match="score:mass"):
        Predictions.load(path)


def test_a_table_of_another_format_is_refused(make_table: Any, tmp_path: Path) -> None:
    make_table(n=4, format="plainfilm.predictions/9").save(tmp_path / "p.parquet")
    with pytest.raises(EvaluationError, match="predictions/9"):
        Predictions.load(tmp_path / "p.parquet")
