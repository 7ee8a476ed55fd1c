"""Your own films: a comma-separated table (UTF-8) of paths, patients and findings, one film a row.

| column | holds |
|---|---|
| `path` | the film, relative to the table's folder, with forward slashes |
| `patient` | any key, the same on all films of a patient; empty = the DICOM film's own, hashed |
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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

from plainfilm.datasets.files import list_folder, parse_table, read_text, sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.own_films import finding_of, path_fault
from plainfilm.datasets.resplit import with_shares
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.table_cells import (
    Row,
    cell_problems,
    path_of,
    patient_of,
    sample_of,
    split_of,
)
from plainfilm.errors import DatasetError, LeakError, ManyProblems
from plainfilm.findings import Finding, LabelSet
from plainfilm.images.dicom_patient import patient_key

NAME = "table"
PERCENTS = (70.0, 10.0, 20.0)  # train, val and test, where the table has no split
LABEL = "label:"

_COLUMNS = ("path", "patient", "study", "split", "view", "sex", "age", "body_part")
_NO_FILMS = {".csv", ".gz", ".txt", ".md", ".xlsx", ".json", ".ods"}  # that may stand beside them


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
    ManyProblems
        Several of these; films that are not there are then listed with them.
    """
    path = _find_table(folder)
    header, rows = _read(path)
    findings = _findings(path.name, header)
    if not rows:
        raise DatasetError(f"{path.name}: no row below the header; expected one per film")
    rows = [_with_patient(row, path.parent) for row in rows]
    _check(path, rows, tuple(findings))
    part = {row["body_part"].lower() for row in rows}
    samples = tuple(sample_of(row, findings, own_part=len(part) > 1) for row in rows)
    manifest = Manifest(
        label_set=LabelSet(tuple(findings.values())),
        samples=samples,
        source=f"{NAME}:{path.name.removesuffix('.gz').removesuffix('.csv')}",
        root=path.parent,
        dropped=_unnamed(path, samples),
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


def _read(path: Path) -> tuple[list[str], list[Row]]:
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
    return header, [Row(path.name, number, row) for number, row in enumerate(cells, start=2)]


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
    if "path" not in header or not any(name.startswith(LABEL) for name in header):
        column = f"{LABEL}NAME" if "path" in header else "path"
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


def _with_patient(row: Row, folder: Path) -> Row:
    """The row, with the patient that its DICOM film tells where it names none itself."""
    if row["patient"] or path_fault(row["path"]) is not None:
        return row
    key = patient_key(folder / path_of(row))
    return row if key is None else replace(row, cells={**row.cells, "patient": key})


def _check(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Refuse a table with all its problems at once; rows of bad cells are compared with no others.

    Films that are not there are told here only beside other problems, since by themselves they may
    be left out (`allow_missing`); and not where none is there, since then the place is wrong.
    """
    problems, sound, gone = [], [], []
    for row in rows:
        found = cell_problems(row, columns)
        problems += found
        if not found:
            sound.append(row)
        if path_fault(row["path"]) is None and not (path.parent / path_of(row)).is_file():
            gone.append(f"{path.name}: {missing_film(row.number)}")
    leaks = _two_splits(path.name, sound)
    problems += [*_same_film(path.name, sound, columns), *leaks, *_two_patients(path.name, sound)]
    if len(gone) == len(rows):
        gone = []
    if len(problems) == 1 and not gone:
        raise (LeakError if leaks else DatasetError)(problems[0])
    if problems:
        raise ManyProblems(path.name, (*problems, *gone))


def missing_film(row: int) -> str:
    """What is said of a film that a row names and that is not there."""
    return f"row {row}, column path: no such file"


def _same_film(table: str, rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Each film once, or its labels could contradict each other."""
    problems = []
    for pair in _pairs(rows, path_of, lambda row: row.number):
        alike = all(pair[0][column] == pair[1][column] for column in columns)
        advice = "keep one of them" if alike else "with different labels; keep the right one"
        problems.append(f"{table}: {_rows(pair)} name the same film{';' * alike} {advice}")
    return problems


def _two_splits(table: str, rows: Sequence[Row]) -> list[str]:
    films = [row for row in rows if row["split"]]
    return [
        f"{table}: {_rows(pair)} are of one patient, in {pair[0]['split']} and {pair[1]['split']}; "
        "expected all films of a patient in one split"
        for pair in _pairs(films, patient_of, split_of)
    ]


def _two_patients(table: str, rows: Sequence[Row]) -> list[str]:
    studies = [row for row in rows if row["study"]]
    advice = "Where studies are numbered anew for each patient, join patient and study."
    return [
        f"{table}: {_rows(pair)} are of one study and two patients; expected one patient. {advice}"
        for pair in _pairs(studies, lambda row: normalize("NFC", row["study"]), patient_of)
    ]


def _pairs(
    rows: Sequence[Row], key: Callable[[Row], str], value: Callable[[Row], object]
) -> Iterator[tuple[Row, Row]]:
    """Each row whose value is not that of the first row of its key, after that first row."""
    first: dict[str, Row] = {}
    for row in rows:
        before = first.setdefault(key(row), row)
        if value(before) != value(row):
            yield before, row


def _rows(pair: tuple[Row, Row]) -> str:
    return f"rows {pair[0].number} and {pair[1].number}"


def _unnamed(table: Path, samples: Sequence[Sample]) -> dict[str, int]:
    """How many files stand beside the films and are named by no row."""
    named = {table.parent / sample.image for sample in samples}
    folders = {film.parent for film in named if film.parent.is_dir()}
    beside = {entry for folder in folders for entry in list_folder(folder) if entry.is_file()}
    others = [p for p in beside - named if p.suffix.lower() not in _NO_FILMS and p.name[0] != "."]
    return {"file beside the films that no row names": len(others)} if others else {}
