"""ChestX-ray14 (NIH): 112,120 frontal films of 30,805 patients, 14 findings mined from reports.

Two folders are understood:

- the public layout: `Data_Entry_2017*.csv`, `train_val_list.txt`, `test_list.txt` (each also as
  .gz) and the films in `images/`, `images_001/images/` or `images_001/`;
- a folder with its own split: `labels.csv`, the label file's columns and `file`,
  `official_split`, `split`.

References
----------
Wang et al. 2017, "ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks", CVPR, 3462;
https://nihcc.app.box.com/v/ChestXray-NIHCC.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from plainfilm.datasets.chestxray14_labels import (
    FINDINGS,
    LABEL_SET,
    N_IMAGES,
    N_PATIENTS,
    NO_FINDING,
    release_of,
    resolve,
)
from plainfilm.datasets.chestxray14_metadata import (
    Metadata,
    parse_file_name,
    read_metadata,
)
from plainfilm.datasets.files import list_folder, read_text
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.datasets.selection import one_finding
from plainfilm.datasets.splits import fractions, official
from plainfilm.errors import DatasetError

__all__ = [
    "FINDINGS",
    "LABEL_SET",
    "NO_FINDING",
    "Metadata",
    "at_least_one_finding",
    "index",
    "load",
    "one_vs_all",
    "parse_file_name",
    "read_metadata",
    "resolve",
]

NAME = "chestxray14"
N_TRAIN_VAL, N_TEST = 86_524, 25_596  # the official lists
VAL_SHARE = 0.1  # of the official train_val patients

_MINED = "labels are mined from reports, not read from films: agreeing with them is not accuracy"
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The data set in a folder of either layout, every film with its split.

    Films are not opened. A film that the label file names and no folder holds keeps its line,
    with the path where it should be: `Manifest.missing_images` lists such films.

    Parameters
    ----------
    folder
        The public layout, or one with `labels.csv`.
    seed
        Draws the validation patients out of official train_val; a `labels.csv` brings its own
        split.

    Raises
    ------
    DatasetError
        Neither layout, or a file of it is missing, broken or contradicts another.
    LeakError
        A film stands in both official lists.
    """
    table = folder / "labels.csv"
    if table.is_file():
        return _load_own_split(folder, read_metadata(table))
    return _find_images(index(folder, seed=seed))


def index(folder: Path, *, seed: int = 0) -> Manifest:
    """As `load` for the public layout, from its three text files alone: no film need be there."""
    metadata = read_metadata(_label_file(folder))
    names = {
        "train_val": read_text(_text_file(folder, "train_val_list.txt")).split(),
        "test": read_text(_text_file(folder, "test_list.txt")).split(),
    }
    parts = official(metadata.images, names)
    splits = _carve_validation(metadata.patients, parts, seed)
    images = [f"images/{name}" for name in metadata.images]
    found = tuple(len(names[part]) for part in ("train_val", "test"))
    lists = () if found == (N_TRAIN_VAL, N_TEST) else (_odd_lists(found),)
    return _manifest(folder, metadata, images, parts, splits, lists)


def at_least_one_finding(manifest: Manifest) -> Manifest:
    """The films that show at least one finding, without those labelled "No Finding"."""
    return manifest.keep(np.flatnonzero((manifest.labels == 1).any(axis=1)))


def one_vs_all(manifest: Manifest, label: str) -> Manifest:
    """The same films with one label: this finding, or not; in any spelling that `resolve` knows.

    Raises
    ------
    DatasetError
        No such finding.
    """
    return one_finding(manifest, resolve(label).name)


def _label_file(folder: Path) -> Path:
    found = [
        path
        for path in list_folder(folder)
        if path.name.startswith("Data_Entry_2017") and path.name.endswith((".csv", ".csv.gz"))
    ]
    if len(found) != 1:
        words = ", ".join(path.name for path in found) or "none"
        wanted = "expected one Data_Entry_2017*.csv or .csv.gz (or labels.csv)"
        raise DatasetError(f"{folder.name}: label files found: {words}; {wanted}")
    return found[0]


def _text_file(folder: Path, name: str) -> Path:
    """The list of that name, packed or not; where there is none, the reader will say so."""
    packed = folder / f"{name}.gz"
    return packed if packed.is_file() else folder / name


def _carve_validation(patients: Sequence[str], parts: Sequence[str], seed: int) -> tuple[str, ...]:
    """Official test stays test; of the train_val patients a share goes to validation."""
    pool = [patient for patient, part in zip(patients, parts, strict=True) if part != "test"]
    drawn = fractions(pool, {"val": VAL_SHARE, "train": 1 - VAL_SHARE}, seed=seed)
    split_of = dict(zip(pool, drawn, strict=True))
    return tuple(
        "test" if part == "test" else split_of[patient]
        for patient, part in zip(patients, parts, strict=True)
    )


def _load_own_split(folder: Path, metadata: Metadata) -> Manifest:
    absent = [name for name in ("file", "official_split", "split") if name not in metadata.columns]
    if absent:
        raise DatasetError(
            f"labels.csv: no column {absent[0]!r}; expected file, official_split, split"
        )
    splits = metadata.columns["split"]
    strange = sorted({split for split in splits if split not in SPLITS})
    if strange:
        raise DatasetError(f"labels.csv: split {strange[0]!r}; expected train, val or test")
    files, parts = metadata.columns["file"], metadata.columns["official_split"]
    return _manifest(folder, metadata, files, parts, splits, ())


def _manifest(
    folder: Path,
    metadata: Metadata,
    images: Sequence[str],
    parts: Sequence[str],
    splits: Sequence[str],
    cautions: tuple[str, ...],
) -> Manifest:
    _check_patients(metadata)
    samples = tuple(
        Sample(
            image=images[row],
            patient=metadata.patients[row],
            study=metadata.images[row].rpartition(".")[0],
            view=metadata.views[row] or None,
            sex=metadata.sexes[row] or None,
            age=None if math.isnan(age) else age,
            split=splits[row],
            labels=metadata.labels[row],
            official_split=parts[row] or None,
        )
        for row, age in enumerate(metadata.ages.tolist())
    )
    return Manifest(
        label_set=LABEL_SET,
        samples=samples,
        source=NAME,
        root=folder,
        dropped={},
        body_part="chest",
        release=release_of(metadata.labels, metadata.sha256),
        cautions=(_MINED, *cautions, *_age_caution(metadata), *_size_caution(metadata)),
    )


def _check_patients(metadata: Metadata) -> None:
    """The patient number stands twice, in the file name and in its column; both must agree."""
    for name, patient in zip(metadata.images, metadata.patients, strict=True):
        if str(parse_file_name(name)[0]) != patient:
            words = "its name and the column 'Patient ID' tell of different patients"
            raise DatasetError(f"{name}: {words}; the label file is altered")


def _age_caution(metadata: Metadata) -> tuple[str, ...]:
    n = metadata.n_impossible_ages
    return (f"{n} ages above 120 years are taken as not known",) if n else ()


def _size_caution(metadata: Metadata) -> tuple[str, ...]:
    n, patients = len(metadata.images), len(set(metadata.patients))
    if (n, patients) == (N_IMAGES, N_PATIENTS):
        return ()
    whole = f"{N_IMAGES:,} films of {N_PATIENTS:,} patients"
    return (f"{n:,} films of {patients:,} patients: not the whole set of {whole}",)


def _odd_lists(found: tuple[int, ...]) -> str:
    words = " and ".join(f"{n:,}" for n in found)
    return f"the official lists name {words} films; published are {N_TRAIN_VAL:,} and {N_TEST:,}"


def _find_images(manifest: Manifest) -> Manifest:
    """The same with each film's true place, and the films without a line counted."""
    places = _image_places(manifest.root)
    samples = []
    for sample in manifest.samples:
        place = places.pop(sample.study, None)
        samples.append(sample if place is None else replace(sample, image=place))
    dropped = dict(manifest.dropped)
    if places:
        dropped["film without a line in the label file"] = len(places)
    return replace(manifest, samples=tuple(samples), dropped=dropped)


def _image_places(root: Path) -> dict[str, str]:
    """Stem of each film → its place, in every folder whose name begins with "images"."""
    tops = [path for path in list_folder(root) if path.name.startswith("images") and path.is_dir()]
    places: dict[str, str] = {}
    for folder in (path for top in tops for path in (top, top / "images") if path.is_dir()):
        prefix = folder.relative_to(root).as_posix()
        for path in list_folder(folder):
            if path.suffix.lower() in _IMAGE_ENDINGS:
                places.setdefault(path.stem, f"{prefix}/{path.name}")
    return places
