"""Rows come back from .csv and .parquet; a table that could not be written is refused first."""

import csv
import sys
from pathlib import Path

import pytest

from plainfilm.archive.table import check_table, write_table
from plainfilm.errors import MissingExtra, ReportError

COLUMNS = {"path": str, "familiarity": float, "calibrated": bool}
ROWS = [
    {"path": "=1+1.png", "familiarity": 0.1, "calibrated": True},
    {"path": "é, \n.png", "familiarity": None, "calibrated": False, "beside": "x"},
    {"path": "\udcff.png"},
]


def test_a_csv_has_a_line_for_each_row(tmp_path: Path) -> None:
    write_table(ROWS, COLUMNS, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == list(COLUMNS)
    assert lines[1:] == [
        ["'=1+1.png", "0.1", "true"], ["é, \n.png", "", "false"], ["?.png", "", ""]
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_parquet_has_a_row_for_each_row(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_table(ROWS[:2], COLUMNS, tmp_path / "t.parquet")
    found = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert found == [{name: row.get(name) for name in COLUMNS} for row in ROWS[:2]]


def test_an_old_table_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_table((1 / 0 for _ in range(1)), COLUMNS, tmp_path / "t.csv")  # type: ignore[misc]
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv", "folder/t.csv"])
def test_what_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.csv").write_text("old")
    with pytest.raises(ReportError):
        check_table(tmp_path / name, overwrite=False)


def test_parquet_without_its_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"plainfilm\[parquet\]"):
        check_table(tmp_path / "t.parquet", overwrite=False)
