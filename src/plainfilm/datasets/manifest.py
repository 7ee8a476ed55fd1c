"""The films a data set consists of: `Manifest`, and its two files on disk.

`manifest.csv` has one line per film; `manifest.json` says what the columns mean, counts what is
there and what was left out, and holds the table's SHA-256, so that neither changes unnoticed.
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.files import read_table, sha256_of
from plainfilm.datasets.leaks import check_leaks
from plainfilm.datasets.sample import (
    SPLITS,
    Labels,
    Sample,
    read_samples,
    table_header,
    table_header_with_body_part,
    write_samples,
)
from plainfilm.datasets.stored import StoredRecord, read_label_set, write_label_set
from plainfilm.errors import DatasetError
from plainfilm.findings import LabelSet
from plainfilm.whole_files import write_whole

__all__ = ["SPLITS", "Labels", "Manifest", "Sample", "count_splits"]

FORMAT = "plainfilm.manifest/1"
TABLE_NAME = "manifest.csv"
RECORD_NAME = "manifest.json"

_AGAIN = "Prepare the data set again."


@dataclass(frozen=True, eq=False)
class Manifest:
    """Every film of a prepared data set, in the order of the cache; no patient in two splits.

    Parameters
    ----------
    source
        The data set's name, a key of `DATASETS`.
    root
        The folder the samples' images are relative to.
    dropped
        Why films or files were left out → how many.
    body_part
        Lower-case English, of every film that has none of its own; "" = not known.
    release
        Which edition of the data set or its labels this is, in words; "" = not told.
    cautions
        What whoever trains or measures on these films must know, in plain sentences.

    Raises
    ------
    LeakError
        A patient or a film is in two splits.
    ValueError
        A label is neither 1, 0 nor NaN, or a film has too many or too few.
    """

    label_set: LabelSet
    samples: tuple[Sample, ...]
    source: str
    root: Path
    dropped: dict[str, int]
    body_part: str
    release: str = ""
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wrong = [sample for sample in self.samples if len(sample.labels) != len(self.label_set)]
        if wrong:
            raise ValueError(f"{wrong[0].image}: expected {len(self.label_set)} labels")
        values = self.labels
        if not bool(np.all((values == 0) | (values == 1) | np.isnan(values))):
            raise ValueError(f"{self.source}: each label must be 1, 0 or NaN")
        check_leaks(self.source, self.samples)

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def labels(self) -> Labels:
        """float32 (n, K): 1 present, 0 absent, NaN unknown."""
        rows = [sample.labels for sample in self.samples]
        return np.array(rows, np.float32).reshape(len(rows), len(self.label_set))

    @property
    def split_names(self) -> tuple[str, ...]:
        """The splits that have films, in the order train, val, test."""
        present = {sample.split for sample in self.samples}
        return tuple(name for name in SPLITS if name in present)

    def rows(self, split: str) -> NDArray[np.int64]:
        """int64: which rows (of `samples`, `labels` and the cache) belong to a split.

        Raises
        ------
        DatasetError
            No film is in that split.
        """
        found = [row for row, sample in enumerate(self.samples) if sample.split == split]
        if not found:
            words = ", ".join(self.split_names) or "no split at all"
            raise DatasetError(f"{self.source}: no film is in split {split!r}; there is {words}")
        return np.array(found, np.int64)

    def split(self, name: str) -> "Manifest":
        """The films of one split, else as it was; DatasetError where it has none."""
        return self.keep(self.rows(name))

    def keep(self, rows: NDArray[np.int64]) -> "Manifest":
        """The films of these rows, in this order, else as it was."""
        return replace(self, samples=tuple(self.samples[row] for row in rows))

    def patients(self, split: str | None = None) -> set[str]:
        """The patients' keys of one split, or of all films."""
        return {s.patient for s in self.samples if split is None or s.split == split}

    @cached_property
    def split_sha256(self) -> str:
        """SHA-256 that tells which film is in which split, whatever the order of the films."""
        lines = sorted(f"{sample.image}\t{sample.split}\n" for sample in self.samples)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @cached_property
    def images_sha256(self) -> str:
        """SHA-256 that tells which films these are and in which order; a cache is bound to it."""
        lines = [f"{self.source}\n", *(f"{sample.image}\n" for sample in self.samples)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def missing_images(self) -> tuple[str, ...]:
        """The samples' images that are not there (each folder is listed once)."""
        present: dict[Path, set[str]] = {}
        missing: list[str] = []
        for sample in self.samples:
            path = self.root / sample.image
            if path.parent not in present:
                present[path.parent] = _names_in(path.parent)
            if path.name not in present[path.parent]:
                missing.append(sample.image)
        return tuple(missing)

    def check_images(self) -> None:
        """DatasetError, naming the first and the count, where images are gone."""
        missing = self.missing_images()
        if missing:
            first = Path(missing[0]).name
            found = f"{len(missing):,} of {len(self):,} films are not there, the first {first}"
            raise DatasetError(
                f"{self.source}: {found}. Put them back, or prepare anew without them."
            )

    def save(self, folder: Path) -> None:
        """Write manifest.csv, then manifest.json, into a folder that exists; each whole or not."""
        write_whole(folder / TABLE_NAME, write_samples(self.label_set, self.samples))
        record = _record(self, folder, sha256_of(folder / TABLE_NAME))
        content = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        write_whole(folder / RECORD_NAME, content.encode())

    @classmethod
    def load(cls, folder: Path, *, root: Path | None = None) -> "Manifest":
        """The manifest saved in a folder, its images all in their place.

        Parameters
        ----------
        folder
            Holds manifest.csv and manifest.json.
        root
            Where the images stand now; None = where they stood when the manifest was saved.

        Raises
        ------
        DatasetError
            A file is missing, broken, altered or of another format, or images are gone.
        LeakError
            A patient or a film is in two splits.
        """
        manifest = cls.load_without_images(folder, root=root)
        manifest.check_images()
        return manifest

    @classmethod
    def load_without_images(cls, folder: Path, *, root: Path | None = None) -> "Manifest":
        """As `load`, but the images need not be there: for work on the cache alone."""
        if not (folder / RECORD_NAME).is_file():
            found = "a file" if folder.is_file() else f"no {RECORD_NAME} in it"
            expected = "a folder that `plainfilm prepare` wrote"
            raise DatasetError(f"{folder.name}: {found}; expected {expected}")
        record = StoredRecord.read(folder / RECORD_NAME, FORMAT)
        table = folder / TABLE_NAME
        label_set = read_label_set(record.record("label_set"))
        header, rows = read_table(table)
        if sha256_of(table) != record.text("csv_sha256"):
            raise DatasetError(f"{TABLE_NAME}: altered since {RECORD_NAME} was written. {_AGAIN}")
        if header not in (table_header(label_set), table_header_with_body_part(label_set)):
            raise DatasetError(f"{TABLE_NAME}: its columns do not fit {RECORD_NAME}. {_AGAIN}")
        try:
            return cls(
                label_set,
                read_samples(header, rows),
                record.text("source"),
                root or Path(os.path.normpath(folder / record.text("root"))),
                record.counts("dropped"),
                record.text("body_part"),
                record.text("release"),
                record.texts("cautions"),
            )
        except ValueError as error:
            words = f"a cell cannot be read ({error})"
            raise DatasetError(f"{TABLE_NAME}: {words}. {_AGAIN}") from error


def count_splits(manifest: Manifest) -> dict[str, dict[str, int]]:
    """Per split (and "all"): images, patients, and how many films show each finding."""
    names = ("all", *manifest.split_names)
    parts = {name: manifest if name == "all" else manifest.split(name) for name in names}
    return {name: _count(part) for name, part in parts.items()}


def _count(part: Manifest) -> dict[str, int]:
    present = (part.labels == 1).sum(axis=0).tolist()
    findings = dict(zip(part.label_set.names, present, strict=True))
    return {"images": len(part), "patients": len(part.patients()), **findings}


def _names_in(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(folder)}
    except OSError:  # no such folder, or not to be read: then none of its films can be
        return set()


def _record(manifest: Manifest, folder: Path, csv_sha256: str) -> dict[str, object]:
    return {
        "format": FORMAT,
        "source": manifest.source,
        "release": manifest.release,
        "body_part": manifest.body_part,
        "root": Path(os.path.relpath(manifest.root, folder)).as_posix(),
        "label_set": write_label_set(manifest.label_set),
        "counts": count_splits(manifest),
        "unlabelled": int(np.isnan(manifest.labels).sum()),
        "dropped": manifest.dropped,
        "cautions": list(manifest.cautions),
        "csv_sha256": csv_sha256,
        "split_sha256": manifest.split_sha256,
        "images_sha256": manifest.images_sha256,
    }
