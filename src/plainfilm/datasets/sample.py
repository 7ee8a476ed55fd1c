"""One film of a data set (`Sample`), and many of them as a table."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.findings import LabelSet

Labels = NDArray[np.float32]

SPLITS = ("train", "val", "test")

_COLUMNS = ("image", "patient", "study", "view", "sex", "age", "split", "official_split")
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
        )


def table_header(label_set: LabelSet) -> list[str]:
    """The columns of a table of samples: one per field, then one per finding."""
    return [*_COLUMNS, *(_LABEL + name for name in label_set.names)]


def write_samples(label_set: LabelSet, samples: Sequence[Sample]) -> bytes:
    """Samples as a comma-separated table; what is not known is an empty cell."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table_header(label_set))
    writer.writerows(_cells(sample) for sample in samples)
    return stream.getvalue().encode()


def read_samples(rows: Sequence[Sequence[str]]) -> tuple[Sample, ...]:
    """Samples from the rows below the header; ValueError where a cell cannot be read."""
    cells = [[cell or "nan" for cell in row[len(_COLUMNS) :]] for row in rows]
    labels = np.array(cells, np.float32)
    return tuple(_sample(row, labels[number]) for number, row in enumerate(rows))


def _cells(sample: Sample) -> list[str]:
    age = "" if sample.age is None else repr(float(sample.age)).removesuffix(".0")
    words = [sample.image, sample.patient, sample.study, sample.view or "", sample.sex or "", age]
    labels = ["" if math.isnan(label) else str(int(label)) for label in sample.labels.tolist()]
    return [*words, sample.split, sample.official_split or "", *labels]


def _sample(row: Sequence[str], labels: Labels) -> Sample:
    image, patient, study, view, sex, age, split, official = row[: len(_COLUMNS)]
    years = float(age) if age else None
    return Sample(
        image, patient, study, view or None, sex or None, years, split, labels, official or None
    )
