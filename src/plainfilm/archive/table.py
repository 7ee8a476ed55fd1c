"""Rows as a file: .csv, or .parquet where pyarrow is installed."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TextIO

from plainfilm.archive.scoring import Row
from plainfilm.errors import MissingExtra, ReportError

ENDINGS = (".csv", ".parquet")
_ROWS_AT_ONCE = 10_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheet programs run


def check_table(path: Path, *, overwrite: bool) -> None:
    """Refuse a table that could not be written, before any film is read.

    Raises
    ------
    ReportError
        The ending is none of `ENDINGS`, the folder is missing, or the file is there.
    MissingExtra
        A .parquet without pyarrow.
    """
    if path.suffix not in ENDINGS:
        raise ReportError(f"{path.name}: expected a name in {' or '.join(ENDINGS)}")
    if not path.parent.is_dir():
        raise ReportError(f"{path.parent.name}: no such folder; make it first")
    if path.exists() and not overwrite:
        raise ReportError(f"{path.name}: already there; choose another name or add --force")
    if path.suffix == ".parquet":
        _check_pyarrow()


def write_table(rows: Iterable[Row], columns: Mapping[str, type], path: Path) -> None:
    """Write rows of these columns; the file is there whole or not at all.

    In a .csv, numbers bring a float32 back exactly, booleans are "true" and "false", what is not
    known is empty, and text that a spreadsheet would run starts with an apostrophe.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            _write_parquet(rows, columns, aside)
        else:
            with aside.open("w", encoding="utf-8", newline="", errors="replace") as file:
                _write_csv(rows, columns, file)
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _write_csv(rows: Iterable[Row], columns: Mapping[str, type], file: TextIO) -> None:
    writer = csv.writer(file)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_cell(row.get(column)) for column in columns)


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return f"{value:.9g}"


def _write_parquet(rows: Iterable[Row], columns: Mapping[str, type], path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    kinds = {str: pyarrow.string(), float: pyarrow.float64(), bool: pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(path, schema) as writer:
        for some in _in_parts(iter(rows)):
            whole = [{name: row.get(name) for name in columns} for row in some]
            writer.write_table(pyarrow.Table.from_pylist(whole, schema))


def _in_parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield some


def _check_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise MissingExtra("pyarrow", "parquet") from error
