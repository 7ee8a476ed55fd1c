"""MURA-v1.1 (Stanford): bones of the upper limb in seven body parts, each study normal or abnormal.

The folder, or one that holds `MURA-v1.1`, has four tables without a header and the films they name:

- `train_image_paths.csv`, `valid_image_paths.csv`: one film a row,
  `MURA-v1.1/train/XR_ELBOW/patient00011/study1_negative/image1.png`;
- `train_labeled_studies.csv`, `valid_labeled_studies.csv`: one study a row and its label,
  `MURA-v1.1/train/XR_ELBOW/patient00011/study1_negative/,0`.

A label is that of the study: all its films carry it. A patient number is one patient in all parts.
No message names a patient: rows are told by their number.

References
----------
Rajpurkar et al. 2018, "MURA: Large Dataset for Abnormality Detection in Musculoskeletal
Radiographs", MIDL; arXiv:1712.06957. Its licence forbids passing the films on.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plainfilm.datasets.files import list_folder, read_table
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.splits import deal
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding, LabelSet

NAME = "mura"
LABEL_SET = LabelSet((Finding("abnormal", "Abnormal"),))
PARTS = ("elbow", "finger", "forearm", "hand", "humerus", "shoulder", "wrist")
VAL_SHARE = 0.1  # of the official train patients

# Body part → normal and abnormal studies of train, then of valid.
PUBLISHED = {
    "elbow": (1_094, 660, 92, 66),
    "finger": (1_280, 655, 92, 83),
    "forearm": (590, 287, 69, 64),
    "hand": (1_497, 521, 101, 66),
    "humerus": (321, 271, 68, 67),
    "shoulder": (1_364, 1_457, 99, 95),
    "wrist": (2_134, 1_326, 140, 97),
}
N_HIDDEN_STUDIES = 207  # the publisher's own test: 14,863 studies in all

_STUDY = (
    r"[^/]+/(?P<list>train|valid)/XR_(?P<part>" + "|".join(PARTS).upper() + r")"
    r"/(?P<patient>patient\d+)/(?P<study>study\d+)_(?P<label>positive|negative)/"
)
_STUDY_ROW = re.compile(_STUDY.removesuffix("/") + "/?")
_IMAGE_ROW = re.compile(_STUDY + r"(?P<image>image\d+\.png)")
_EXPECTED = "MURA-v1.1/{}/XR_ELBOW/patient00011/study1_negative/{}"
_CAUTIONS = (
    "a label is that of its study: a film of an abnormal study may show nothing abnormal",
    f"test is the official valid list; the publisher's test of {N_HIDDEN_STUDIES} studies is not "
    f"public; validation is {VAL_SHARE:.0%} of the official train patients",
)


@dataclass(frozen=True)
class _Study:
    key: str
    list_name: str
    part: str
    patient: str
    label: str


@dataclass(frozen=True)
class _Film:
    file: str  # relative to the root
    study: _Study


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The data set, every film with its body part, study and split; films are not opened.

    A film that a table names and no folder holds keeps its row: `Manifest.missing_images` lists
    such films.

    Parameters
    ----------
    folder
        `MURA-v1.1`, or a folder that holds it.
    seed
        Draws the validation patients out of the official train list.

    Raises
    ------
    DatasetError
        A table is missing or malformed (the row is told), contradicts itself or another, or names
        a film or a study twice.
    LeakError
        A patient is in both official lists.
    """
    root = folder / "MURA-v1.1" if (folder / "MURA-v1.1").is_dir() else folder
    list_folder(root)  # says so where there is no such folder
    films: list[_Film] = []
    n_without_film = 0
    for name in ("train", "valid"):
        studies = _studies(root / f"{name}_labeled_studies.csv", name)
        of_list = _films(root / f"{name}_image_paths.csv", name, studies)
        n_without_film += len(studies.keys() - {film.study.key for film in of_list})
        films += of_list
    counts = _counts(film.study for film in films)
    return Manifest(
        label_set=LABEL_SET,
        samples=_samples(films, seed),
        source=NAME,
        root=root,
        dropped=_dropped(root, films, n_without_film),
        body_part="upper limb",
        release="all 14,656 public studies" if counts == PUBLISHED else "not the published counts",
        cautions=(*_CAUTIONS, *_count_caution(counts)),
    )


def _studies(table: Path, name: str) -> dict[str, _Study]:
    """Study key → study."""
    rows_of: dict[str, int] = {}
    studies: dict[str, _Study] = {}
    for number, row in enumerate(_rows(table, 2), start=1):
        place = f"{table.name}: row {number}"
        study = _study(_match(_STUDY_ROW, row[0], place, name, ""))
        if row[1] != str(int(study.label == "positive")):
            found = f"label {row[1]!r}, and the folder says {study.label}"
            raise DatasetError(f"{place}: {found}; expected 1 for positive, 0 for negative")
        if study.key in studies:
            found = f"rows {rows_of[study.key]} and {number} label the same study"
            raise DatasetError(f"{table.name}: {found}; keep the right one")
        studies[study.key], rows_of[study.key] = study, number
    return studies


def _films(table: Path, name: str, studies: dict[str, _Study]) -> list[_Film]:
    rows_of: dict[str, int] = {}
    films = []
    for number, row in enumerate(_rows(table, 1), start=1):
        place = f"{table.name}: row {number}"
        match = _match(_IMAGE_ROW, row[0], place, name, "image1.png")
        study = _study(match)
        if studies.get(study.key) != study:
            raise DatasetError(f"{place}: its study is not in {name}_labeled_studies.csv")
        file = row[0].partition("/")[2]
        if file in rows_of:
            found = f"rows {rows_of[file]} and {number} name the same film"
            raise DatasetError(f"{table.name}: {found}; keep one")
        rows_of[file] = number
        films.append(_Film(file, study))
    return films


def _rows(table: Path, n_cells: int) -> list[list[str]]:
    """Every row of a table without a header."""
    first, rest = read_table(table)
    if len(first) != n_cells:
        found = f"row 1 has {len(first)} cells; expected {n_cells}, and no header"
        raise DatasetError(f"{table.name}: {found}. Is it of MURA-v1.1?")
    return [first, *rest]


def _match(pattern: re.Pattern[str], text: str, place: str, name: str, file: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None or match["list"] != name:
        parts = ", ".join(f"XR_{part.upper()}" for part in PARTS)
        expected = f"expected e.g. {_EXPECTED.format(name, file)} (or another of {parts})"
        raise DatasetError(f"{place}: no path of this set; {expected}")
    return match


def _study(match: re.Match[str]) -> _Study:
    part = match["part"].lower()
    key = f"{part}/{match['patient']}/{match['study']}"
    return _Study(key, match["list"], part, match["patient"], match["label"])


def _samples(films: Sequence[_Film], seed: int) -> tuple[Sample, ...]:
    split_of = _split_of_patient([f.study for f in films if f.study.list_name == "train"], seed)
    return tuple(
        Sample(
            image=film.file,
            patient=film.study.patient,
            study=film.study.key,
            view=None,
            sex=None,
            age=None,
            split="test" if film.study.list_name == "valid" else split_of[film.study.patient],
            labels=np.array([film.study.label == "positive"], np.float32),
            official_split=film.study.list_name,
            body_part=film.study.part,
        )
        for film in films
    )


def _split_of_patient(studies: Sequence[_Study], seed: int) -> dict[str, str]:
    """Train or validation, so that every body part, normal and abnormal, has its share of both."""
    patients = [study.patient for study in studies]
    shares = {"val": VAL_SHARE, "train": 1 - VAL_SHARE}
    drawn = deal(patients, shares, seed=seed, strata=[f"{s.part} {s.label}" for s in studies])
    return dict(zip(patients, drawn, strict=True))


def _dropped(root: Path, films: Sequence[_Film], n_without_film: int) -> dict[str, int]:
    named = {film.file for film in films}
    n_unnamed = sum(file not in named for file in _pictures(root))
    found = {
        "study without a film in the image list": n_without_film,
        "film that no image list names": n_unnamed,
    }
    return {reason: n for reason, n in found.items() if n}


def _pictures(root: Path) -> Iterable[str]:
    """Every picture under train and valid, relative to the root; hidden files are none."""
    for name in ("train", "valid"):
        for folder, _, files in os.walk(root / name):
            place = Path(folder).relative_to(root).as_posix()
            pictures = (file for file in files if file.endswith(".png") and file[0] != ".")
            yield from (f"{place}/{file}" for file in pictures)


def _counts(studies: Iterable[_Study]) -> dict[str, tuple[int, ...]]:
    counted = Counter((study.part, study.list_name, study.label) for study in set(studies))
    kinds = [(name, label) for name in ("train", "valid") for label in ("negative", "positive")]
    return {part: tuple(counted[part, *kind] for kind in kinds) for part in PARTS}


def _count_caution(found: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    odd = [
        f"{part} {' + '.join(map(str, found[part]))} ({' + '.join(map(str, published))})"
        for part, published in PUBLISHED.items()
        if found[part] != published
    ]
    if not odd:
        return ()
    kinds = "normal and abnormal studies of train, then of valid (published)"
    return (f"a part or an altered copy, by its counts of {kinds}: {'; '.join(odd)}",)
