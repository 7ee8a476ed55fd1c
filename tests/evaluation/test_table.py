import json
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drawn_tables import about
from plainfilm.errors import DatasetError, EvaluationError
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
        "name", "patient", "study", "split", "view", "sex", "body_part", "age",
        "label:pneumonia", "label:mass", "score:pneumonia", "score:mass",
        "probability:pneumonia", "probability:mass", "familiarity", "refused",
    ]  # fmt: skip


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)
NUMBER = st.floats(allow_infinity=False, width=32) | st.just(np.nan)


@st.composite
def tables(draw: st.DrawFn) -> Predictions:
    """Any table of one to four films, any words and numbers in it, what is unknown too."""
    n, findings = draw(st.integers(1, 4)), draw(st.sampled_from([("mass",), ("a:b", "c", "d")]))

    def texts() -> Any:
        return np.array(draw(st.lists(WORDS, min_size=n, max_size=n)), dtype=np.str_)

    def numbers(*shape: int) -> Any:
        return draw(arrays(np.float64, (n, *shape), elements=NUMBER))

    facts = about(
        findings=findings,
        displays=findings,
        thresholds=(0.5,) * len(findings),
        refit_rule=draw(st.none() | WORDS),
        caution_below=draw(st.none() | st.floats(0, 1)),
        cautions=tuple(draw(st.lists(WORDS, max_size=2))),
    )
    audits = draw(st.lists(st.sampled_from(["marker", "frame"]), unique=True))
    return Predictions(
        about=facts,
        name=texts(),
        patient=texts(),
        details={key: texts() for key in ("study", "split", "view", "sex", "body_part")},
        age=numbers(),
        labels=numbers(len(findings)),
        scores=numbers(len(findings)),
        probabilities=numbers(len(findings)),
        familiarity=numbers(),
        refused=texts(),
        published=numbers(len(findings)) if draw(st.booleans()) else None,
        audits={name: numbers(len(findings)) for name in audits},
        facts={name: numbers(1)[:, 0] for name in audits},
    )


@given(tables())
def test_every_table_comes_back_as_it_was(table: Predictions) -> None:
    with TemporaryDirectory() as folder:
        table.save(Path(folder) / "p.parquet")
        again = Predictions.load(Path(folder) / "p.parquet")
    assert again.about == table.about
    for name in ("name", "patient", "refused"):
        assert getattr(again, name).tolist() == getattr(table, name).tolist()
    assert {k: v.tolist() for k, v in again.details.items()} == {
        k: v.tolist() for k, v in table.details.items()
    }
    for name in ("age", "labels", "scores", "probabilities", "familiarity"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    assert (again.published is None) == (table.published is None)
    if table.published is not None and again.published is not None:
        np.testing.assert_array_equal(again.published, table.published)
    assert sorted(again.audits) == sorted(table.audits)
    for name, values in table.audits.items():
        np.testing.assert_array_equal(again.audits[name], values)
        np.testing.assert_array_equal(again.facts[name], table.facts[name])


def test_the_same_table_is_the_same_bytes(make_table: Any, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.parquet"):
        make_table(n=9).save(tmp_path / name)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_a_table_is_saved_over_another_whole(make_table: Any, tmp_path: Path) -> None:
    make_table(n=9).save(tmp_path / "p.parquet")
    make_table(n=4).save(tmp_path / "p.parquet")
    assert len(Predictions.load(tmp_path / "p.parquet")) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["p.parquet"]


def test_a_folder_that_is_gone_is_one_clear_line(make_table: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"^gone: cannot be written to"):
        make_table(n=4).save(tmp_path / "gone" / "p.parquet")


@pytest.mark.parametrize("change", [{"bundle": 3}, {"findings": "mass"}, {"more": 1}])
def test_facts_of_another_kind_are_refused(
    make_table: Any, tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "p.parquet"
    make_table(n=4).save(path)
    with path.open("rb") as stream:
        table = pyarrow.parquet.read_table(stream)
    facts = json.loads(table.schema.metadata[b"plainfilm"]) | change
    altered = table.replace_schema_metadata({b"plainfilm": json.dumps(facts).encode()})
    pyarrow.parquet.write_table(altered, path)
    with pytest.raises(EvaluationError, match=r"^p\.parquet: not a table of predictions"):
        Predictions.load(path)


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


def test_a_table_from_before_body_parts_and_choices_says_nothing_of_them(
    make_table: Any, tmp_path: Path
) -> None:
    path = tmp_path / "p.parquet"
    make_table(n=2).save(path)
    older = pyarrow.parquet.read_table(path).drop_columns(["body_part"])
    facts = json.loads(older.schema.metadata[b"plainfilm"])
    del facts["exclusive"]
    written = older.replace_schema_metadata({b"plainfilm": json.dumps(facts).encode()})
    pyarrow.parquet.write_table(written, path)
    again = Predictions.load(path)
    assert again.details["body_part"].tolist() == ["", ""]
    assert not again.about.exclusive


def test_a_table_of_another_format_is_refused(make_table: Any, tmp_path: Path) -> None:
    make_table(n=4, format="plainfilm.predictions/9").save(tmp_path / "p.parquet")
    with pytest.raises(EvaluationError, match="predictions/9"):
        Predictions.load(tmp_path / "p.parquet")
