"""The cells of one's own table of films, row by row: what each may say, and what is wrong with it.

No message shows a patient's or a study's key.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from unicodedata import normalize

import numpy as np

from plainfilm.datasets.own_films import PATH_EXPECTED, path_fault
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.errors import DatasetError
from plainfilm.radiograph import View

_LABELS = {"1": 1.0, "0": 0.0, "": math.nan, "1.0": 1.0, "0.0": 0.0}  # pandas writes 1.0
_OLDEST_YEARS = 130.0


@dataclass(frozen=True)
class Row:
    """One row of the table: its number, and its cells by column, without blanks around them."""

    table: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def refuse(self, column: str, found: str, expected: str) -> DatasetError:
        """The error that this cell of the row is; to be raised."""
        return DatasetError(
            f"{self.table}: row {self.number}, column {column}: {found}; expected {expected}"
        )


def cell_problems(row: Row, columns: Sequence[str]) -> list[str]:
    """Whatever is wrong with the cells of a row, a sentence each; `columns` hold its labels."""
    checks: list[Callable[[Row], object]] = [path_of, patient_of, split_of, _view, _sex, _age]
    checks += [partial(_label, column=column) for column in columns]
    problems = []
    for check in checks:
        try:
            check(row)
        except DatasetError as error:
            problems.append(str(error))
    return problems


def sample_of(row: Row, findings: Iterable[str], *, own_part: bool) -> Sample:
    """The film of a row that `cell_problems` finds nothing wrong with.

    Parameters
    ----------
    findings
        The columns with its labels, in order.
    own_part
        Whether the film has a body part of its own.
    """
    image = path_of(row)
    return Sample(
        image=image,
        patient=patient_of(row),
        study=normalize("NFC", row["study"]) or f"film {image}",
        view=_view(row),
        sex=_sex(row),
        age=_age(row),
        split=split_of(row),
        labels=np.array([_label(row, column) for column in findings], np.float32),
        body_part=(row["body_part"].lower() or None) if own_part else None,
    )


def path_of(row: Row) -> str:
    """The film, relative to the table's folder; DatasetError where it is no such path."""
    fault = path_fault(row["path"])
    if fault is not None:
        raise row.refuse("path", fault, PATH_EXPECTED)
    return PurePosixPath(row["path"]).as_posix()


def patient_of(row: Row) -> str:
    """The patient's key; DatasetError where there is none."""
    if not row["patient"]:
        expected = "a key, the same on all films of a patient"
        raise row.refuse("patient", "empty", f"{expected}, or a DICOM film that tells one")
    return normalize("NFC", row["patient"])  # one name typed on two systems is one patient


def _view(row: Row) -> str | None:
    return _one_of(row, "view", tuple(View))


def _sex(row: Row) -> str | None:
    return _one_of(row, "sex", ("F", "M"))


def _one_of(row: Row, column: str, allowed: Sequence[str]) -> str | None:
    text = row[column]
    if text and text not in allowed:
        raise row.refuse(column, repr(text), f"{', '.join(allowed)} or empty")
    return text or None


def split_of(row: Row) -> str:
    """The film's split; "" = none; DatasetError where there is no such split."""
    if "split" not in row.cells:
        return SPLITS[0]  # until shares are drawn
    return _one_of(row, "split", SPLITS) or ""


def _age(row: Row) -> float | None:
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


def _label(row: Row, column: str) -> float:
    if row[column] not in _LABELS:
        raise row.refuse(column, repr(row[column]), "1, 0, or empty where it is not known")
    return _LABELS[row[column]]
