"""Your own films: a comma-separated table (UTF-8) of paths, patients and findings, one film a row.

| column | holds |
|---|---|
| `path` | the film, relative to the table's folder, with forward slashes |
| `patient` | any key; the films of one patient never stand in two splits |
| `label:NAME`, at least one | the finding: 1 present, 0 absent, empty = not known |
| `study` | any key of the examination; empty or no column = the film is a study of its own |
| `split` | train, val, test, or empty = in none; no column = drawn, 70/10/20 % of the patients |
| `view` | PA, AP, LATERAL or OBLIQUE; empty = not known |
| `sex` | F or M; empty = not known |
| `age` | years, 0 to 130; empty = not known |
| `body_part` | as in chest, knee; empty = not known |

Rows are counted as a spreadsheet does: the header is row 1. No message shows a patient's or a
study's key.
"""

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from unicodedata import normalize

import numpy as np

from plainfilm.datasets.files import list_folder, parse_table, read_text, sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.own_films import PATH_EXPECTED, finding_of, path_fault
from plainfilm.datasets.resplit import with_shares
from plainfilm.datasets.sample import SPLITS, Labels, Sample
from plainfilm.errors import DatasetError, LeakError
from plainfilm.findings import Finding, LabelSet
from plainfilm.radiograph import View

NAME = "table"
PERCENTS = (70.0, 10.0, 20.0)  # train, val and test, where the table has no split
LABEL = "label:"

_NEEDED = ("path", "patient")
_COLUMNS = (*_NEEDED, "study", "split", "view", "sex", "age", "body_part")
_LABELS = {"1": 1.0, "0": 0.0, "": math.nan, "1.0": 1.0, "0.0": 0.0}  # pandas writes 1.0
_OLDEST_YEARS = 130.0


@dataclass(frozen=True)
class _Row:
    """One row of the table: its number, and its cells by column, without blanks around them."""

    table: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def refuse(self, column: str, found: str, expected: str) -> DatasetError:
        return DatasetError(
            f"{self.table}: row {self.number}, column {column}: {found}; expected {expected}"
        )


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The films of a table, every one with its split; films are not opened.

    The manifest's source is "table:" and the table's name, so that two tables are two data sets.

    Parameters
    ----------
    folder
        The table, or a folder with one .csv file.
    seed
        Draws the splits where the table has none.

    Raises
    ------
    DatasetError
        No such table; not comma-separated UTF-8; an unknown, missing or doubled column; a cell
        that is not as the table above says; a film named twice; a study of two patients.
    LeakError
        A patient in two splits.
    """
    path = _find_table(folder)
    header, rows = _read(path)
    findings = _findings(path.name, header)
    if not rows:
        raise DatasetError(f"{path.name}: no row below the header; expected one per film")
    _check_once(path.name, rows)
    part = {row["body_part"].lower() for row in rows}
    manifest = Manifest(
        label_set=LabelSet(tuple(findings.values())),
        samples=tuple(_sample(row, findings, own_part=len(part) > 1) for row in rows),
        source=f"{NAME}:{path.name.removesuffix('.gz').removesuffix('.csv')}",
        root=path.parent,
        dropped={},
        body_part=part.pop() if len(part) == 1 else "",
        release=f"SHA-256 of {path.name}: {sha256_of(path)}",
    )
    return manifest if "split" in header else with_shares(manifest, PERCENTS, seed=seed)


def _find_table(folder: Path) -> Path:
    if folder.is_file():
        return folder
    found = [path for path in list_folder(folder) if path.suffix.lower() == ".csv"]
    if len(found) != 1:
        words = ", ".join(path.name for path in found) or "none"
        expected = "expected one. Give the table itself: plainfilm prepare table FILMS.csv"
        raise DatasetError(f"{folder.name}: .csv files found: {words}; {expected}")
    return found[0]


def _read(path: Path) -> tuple[list[str], list[_Row]]:
    try:
        text = read_text(path)
    except DatasetError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            raise DatasetError(f"{path.name}: not UTF-8. Save it as 'CSV UTF-8'.") from error
        raise
    _check_commas(path.name, text.partition("\n")[0])
    header, rows = parse_table(path.name, text.rstrip("\r\n") + "\n")
    header = [name.strip() for name in header]
    _check_header(path.name, header)
    cells = [dict(zip(header, (cell.strip() for cell in row), strict=True)) for row in rows]
    return header, [_Row(path.name, number, row) for number, row in enumerate(cells, start=2)]


def _check_commas(table: str, header: str) -> None:
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        if header.count(sign) > header.count(","):
            advice = "Save it as comma-separated, 'CSV UTF-8', with points in numbers."
            raise DatasetError(f"{table}: separated by {name}; expected commas. {advice}")


def _check_header(table: str, header: Sequence[str]) -> None:
    for number, name in enumerate(header, start=1):
        if name in header[: number - 1]:
            raise DatasetError(f"{table}: two columns are called {name!r}; expected one")
        if name not in _COLUMNS and not name.startswith(LABEL):
            near = difflib.get_close_matches(name.lower(), _COLUMNS, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else "Rename it or take it out."
            known = f"{', '.join(_COLUMNS)}, and {LABEL}NAME for a finding"
            found = f"column {number} is called {name!r}"
            raise DatasetError(f"{table}: {found}; expected {known}. {advice}")
    absent = [name for name in _NEEDED if name not in header]
    if absent or not any(name.startswith(LABEL) for name in header):
        column = absent[0] if absent else f"{LABEL}NAME"
        raise DatasetError(f"{table}: no column {column!r}; a film needs path, patient and a label")


def _findings(table: str, header: Sequence[str]) -> dict[str, Finding]:
    """Column → finding."""
    findings: dict[str, Finding] = {}
    for column in (name for name in header if name.startswith(LABEL)):
        words = column.removeprefix(LABEL).replace("_", " ").strip()
        if not words or not " ".join(words.split()).isprintable() or "|" in words:
            expected = f"a word, as in {LABEL}pneumonia, without a bar"
            raise DatasetError(f"{table}: column {column!r}; expected {LABEL} and {expected}")
        finding = finding_of(words)
        if any(other.name == finding.name for other in findings.values()):
            found = f"two columns are of the finding {finding.name!r}"
            raise DatasetError(f"{table}: {found}; expected one")
        findings[column] = finding
    return findings


def _sample(row: _Row, findings: dict[str, Finding], *, own_part: bool) -> Sample:
    image = _path(row)
    return Sample(
        image=image,
        patient=_patient(row),
        study=normalize("NFC", row["study"]) or f"film {image}",
        view=_one_of(row, "view", tuple(View)),
        sex=_one_of(row, "sex", ("F", "M")),
        age=_age(row),
        split=_split(row),
        labels=_labels(row, tuple(findings)),
        body_part=(row["body_part"].lower() or None) if own_part else None,
    )


def _path(row: _Row) -> str:
    fault = path_fault(row["path"])
    if fault is not None:
        raise row.refuse("path", fault, PATH_EXPECTED)
    return PurePosixPath(row["path"]).as_posix()


def _patient(row: _Row) -> str:
    if not row["patient"]:
        raise row.refuse("patient", "empty", "a key, the same on all films of a patient")
    return normalize("NFC", row["patient"])  # one name typed on two systems is one patient


def _one_of(row: _Row, column: str, allowed: Sequence[str]) -> str | None:
    text = row[column]
    if text and text not in allowed:
        raise row.refuse(column, repr(text), f"{', '.join(allowed)} or empty")
    return text or None


def _split(row: _Row) -> str:
    if "split" not in row.cells:
        return SPLITS[0]  # until shares are drawn
    return _one_of(row, "split", SPLITS) or ""


def _age(row: _Row) -> float | None:
    text = row["age"]
    if not text:
        return None
    try:
        years = float(text)
    except ValueError:
        years = math.nan
    if not 0 <= years <= _OLDEST_YEARS:  # NaN too
        raise row.refuse("age", repr(text), f"years from 0 to {_OLDEST_YEARS:g}, as in 58 or 0.5")
    return years


def _labels(row: _Row, columns: Sequence[str]) -> Labels:
    for column in columns:
        if row[column] not in _LABELS:
            raise row.refuse(column, repr(row[column]), "1, 0, or empty where it is not known")
    return np.array([_LABELS[row[column]] for column in columns], np.float32)


def _check_once(table: str, rows: Sequence[_Row]) -> None:
    """Each film once; each patient in one split; each study of one patient."""
    pair = _first_pair(rows, _path, lambda row: row.number)
    if pair is not None:
        raise DatasetError(f"{table}: {_rows(pair)} name the same film; keep one of them")
    films = [row for row in rows if row["split"]]
    pair = _first_pair(films, _patient, _split)
    if pair is not None:
        found = f"{_rows(pair)} are of one patient, in {pair[0]['split']} and {pair[1]['split']}"
        raise LeakError(f"{table}: {found}; expected all films of a patient in one split")
    studies = [row for row in rows if row["study"]]
    pair = _first_pair(studies, lambda row: normalize("NFC", row["study"]), _patient)
    if pair is not None:
        found = f"{_rows(pair)} are of one study and two patients"
        advice = "Where studies are numbered anew for each patient, join patient and study."
        raise DatasetError(f"{table}: {found}; expected one patient. {advice}")


def _first_pair(
    rows: Sequence[_Row], key: Callable[[_Row], str], value: Callable[[_Row], object]
) -> tuple[_Row, _Row] | None:
    """The first two rows of one key that have two values."""
    first: dict[str, _Row] = {}
    for row in rows:
        before = first.setdefault(key(row), row)
        if value(before) != value(row):
            return before, row
    return None


def _rows(pair: tuple[_Row, _Row]) -> str:
    return f"rows {pair[0].number} and {pair[1].number}"
