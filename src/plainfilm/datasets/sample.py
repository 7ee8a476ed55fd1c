"""One film of a data set (`Sample`), and many of them as a table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.files import table_bytes
from plainfilm.findings import LabelSet

Labels = NDArray[np.float32]

SPLITS = ("train", "val", "test")

_COLUMNS = ("image", "patient", "study", "view", "sex", "age", "split", "official_split")
_BODY_PART = "body_part"  # a column only where films have a body part of their own
_LABEL = "label:"


@dataclass(frozen=True, eq=False)
class Sample:
    """One film of a data set.

    Parameters
    ----------
    image
        Where the file stands, relative to the manifest's root, with forward slashes.
    patient
        The data set's own key of the patient; two films with one key never stand in two splits.
    study
        Key of the examination.
    view
        As in `radiograph.View`; None = not known.
    sex
        "F" or "M"; None = not known.
    age
        Years at the examination; None = not known.
    split
        "train", "val", "test", or "" = in none.
    labels
        float32 (K,), in the label set's order: 1 present, 0 absent, NaN unknown.
    official_split
        What the data set's publisher calls the part the film belongs to; None = nothing said.
    body_part
        Lower-case English; None = the manifest's.
    """

    image: str
    patient: str
    study: str
    view: str | None
    sex: str | None
    age: float | None
    split: str
    labels: Labels
    official_split: str | None = None
    body_part: str | None = None

    def __post_init__(self) -> None:
        if self.split not in ("", *SPLITS):
            raise ValueError(
                f"{self.image}: split must be train, val, test or empty: {self.split!r}"
            )
        if self.labels.ndim != 1 or self.labels.dtype != np.float32:
            raise ValueError(f"{self.image}: labels must be float32 (K,)")

    def with_labels(self, labels: Labels) -> "Sample":
        """The same film with other labels (a third of the time that dataclasses.replace takes)."""
        return Sample(
            self.image,
            self.patient,
            self.study,
            self.view,
            self.sex,
            self.age,
            self.split,
            labels,
            self.official_split,
            self.body_part,
        )


def table_header(label_set: LabelSet) -> list[str]:
    """The columns of a table of samples: one per field, then one per finding."""
    return [*_COLUMNS, *(_LABEL + name for name in label_set.names)]


def table_header_with_body_part(label_set: LabelSet) -> list[str]:
    """The same where films have a body part of their own."""
    return [*_COLUMNS, _BODY_PART, *(_LABEL + name for name in label_set.names)]


def write_samples(label_set: LabelSet, samples: Sequence[Sample]) -> bytes:
    """Samples as a comma-separated table; what is not known is an empty cell."""
    if not any(sample.body_part for sample in samples):
        rows = [[*_words(sample), *label_cells(sample.labels)] for sample in samples]
        return table_bytes([table_header(label_set), *rows])
    rows = [[*_words(s), s.body_part or "", *label_cells(s.labels)] for s in samples]
    return table_bytes([table_header_with_body_part(label_set), *rows])


def read_samples(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Sample, ...]:
    """Samples from a header and the rows below it; ValueError where a cell cannot be read."""
    n_words = len(_COLUMNS) + (_BODY_PART in header)
    labels = read_labels([row[n_words:] for row in rows], len(header) - n_words)
    return tuple(_sample(row[:n_words], labels[number]) for number, row in enumerate(rows))


def label_cells(labels: Labels) -> list[str]:
    """Labels as a table writes them: "1", "0", or "" for unknown."""
    return ["" if math.isnan(label) else str(int(label)) for label in labels.tolist()]


def read_labels(cells: Sequence[Sequence[str]], n_findings: int) -> Labels:
    """float32 (n, K) from the cells `label_cells` wrote; ValueError where one is no number."""
    filled = [[cell or "nan" for cell in row] for row in cells]
    return np.array(filled, np.float32).reshape(len(filled), n_findings)


def _words(sample: Sample) -> list[str]:
    age = "" if sample.age is None else repr(float(sample.age)).removesuffix(".0")
    words = [sample.image, sample.patient, sample.study, sample.view or "", sample.sex or "", age]
    return [*words, sample.split, sample.official_split or ""]


def _sample(words: Sequence[str], labels: Labels) -> Sample:
    image, patient, study, view, sex, age, split, official, *part = words
    return Sample(
        image,
        patient,
        study,
        view or None,
        sex or None,
        float(age) if age else None,
        split,
        labels,
        official or None,
        (part[0] or None) if part else None,
    )
