"""Paediatric pneumonia (Kermany, Guangzhou): 5,856 frontal chest films of children of 1 to 5 years.

Two folders are understood:

- the public layout: `train|val|test/NORMAL|PNEUMONIA/*.jpeg`, also inside `chest_xray/`, also
  without `val`;
- the same with `labels.csv` (columns `file`, `label`, `official_split`, `split`), which brings
  its own split.

The publisher gives no list of patients; file names do. Bacterial and viral films with one person
number may be two children, or one: they are kept together. Films that are the same file, byte for
byte, are kept together too.

References
----------
Kermany et al. 2018, "Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep
Learning", Cell 172(5):1122; doi:10.17632/rscbjbr9sj.2.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from plainfilm.datasets.files import check_once, list_folder, read_table, sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.datasets.splits import check_duplicates, fractions
from plainfilm.errors import DatasetError
from plainfilm.findings import Code, Finding, LabelSet

NAME = "kermany"
LABEL_SET = LabelSet((Finding("pneumonia", "Pneumonia", Code("SCT", "233604007", "Pneumonia")),))
CLASSES = ("NORMAL", "PNEUMONIA")
VAL_SHARE = 0.1  # of the train patients

# Official part → films of NORMAL and of PNEUMONIA. The 16 films of Kaggle's val came out of the
# publisher's train, to which they are given back.
PUBLISHED = {"train": (1_349, 3_883), "test": (234, 390)}
KAGGLE_VAL = (8, 8)

_ENDINGS = (".jpeg", ".jpg")
_PATTERNS = (
    re.compile(r"(?P<key>person\d+)_(?:bacteria|virus)_\d+(?:_\d+)*"),
    re.compile(r"(?P<key>(?:NORMAL2-)?IM-\d+)(?:-\d+)+"),
    re.compile(r"(?P<key>(?:NORMAL|BACTERIA|VIRUS)-\d+)-\d+"),  # the publisher's later edition
)


@dataclass(frozen=True)
class _Film:
    file: str  # relative to the root
    part: str  # folder of the official part
    label: str  # one of CLASSES
    split: str


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The data set in a folder of either layout, every film with its split.

    Parameters
    ----------
    folder
        Holds `train` and `test`, or `chest_xray` that does, or `labels.csv`.
    seed
        Draws the validation patients out of train; a `labels.csv` brings its own split.

    Raises
    ------
    DatasetError
        Neither layout, an unknown file name (its patient cannot be told), or an unreadable file.
    LeakError
        The same file stands in two splits.
    """
    table = folder / "labels.csv"
    if table.is_file():
        return _together(_manifest(folder, _films_of_table(table), {}, ()))
    root = folder if (folder / "train").is_dir() else folder / "chest_xray"
    if not (root / "train").is_dir() or not (root / "test").is_dir():
        found = ", ".join(path.name for path in list_folder(folder)[:5]) or "nothing"
        wanted = "expected train and test, or labels.csv"
        raise DatasetError(f"{folder.name}: found {found}; {wanted}")
    films, dropped = _films_of_folders(root)
    manifest = _together(_manifest(root, films, dropped, _val_caution(films)))
    return _carve_validation(manifest, seed)


def patient_key(part: str, file: str) -> str:
    """The key of a film's patient, from its file name; `part` is the official part.

    Person numbers of train and of test are counted separately by the publisher.

    >>> patient_key("train", "PNEUMONIA/person447_virus_921_1.jpeg")
    'train:person447'

    Raises
    ------
    DatasetError
        Not a name of this data set.
    """
    name = PurePosixPath(file)
    for pattern in _PATTERNS:
        match = pattern.fullmatch(name.stem)
        if match is not None:
            return f"{_pooled(part)}:{match['key']}"
    examples = "person1_virus_6.jpeg, IM-0115-0001.jpeg or NORMAL-28501-0001.jpeg"
    raise DatasetError(
        f"{name.name}: no patient can be told from this name; expected e.g. {examples}"
    )


def _pooled(part: str) -> str:
    return "train" if part == "val" else part


def _films_of_table(table: Path) -> list[_Film]:
    header, rows = read_table(table)
    absent = [name for name in ("file", "label", "official_split", "split") if name not in header]
    if absent:
        raise DatasetError(f"{table.name}: no column {absent[0]!r}")
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    films = [_Film(c["file"], c["official_split"], c["label"], c["split"]) for c in cells]
    for film in films:
        if film.label not in CLASSES or film.split not in SPLITS:
            found = f"label {film.label!r}, split {film.split!r}"
            wanted = "expected NORMAL or PNEUMONIA and train, val or test"
            raise DatasetError(f"{PurePosixPath(film.file).name}: {found}; {wanted}")
    check_once([film.file for film in films])
    return films


def _films_of_folders(root: Path) -> tuple[list[_Film], dict[str, int]]:
    """Every film of the tree, and what else lay there."""
    films: list[_Film] = []
    dropped: Counter[str] = Counter()
    for part in (name for name in SPLITS if (root / name).is_dir()):
        for label in CLASSES:
            for path in list_folder(root / part / label):
                if path.name.startswith("."):
                    dropped["hidden file"] += 1
                elif path.suffix.lower() not in _ENDINGS:
                    dropped["not a .jpeg or .jpg file"] += 1
                else:
                    film = _Film(f"{part}/{label}/{path.name}", part, label, _pooled(part))
                    films.append(film)
    return films, dict(dropped)


def _manifest(
    root: Path, films: Sequence[_Film], dropped: dict[str, int], cautions: tuple[str, ...]
) -> Manifest:
    return Manifest(
        label_set=LABEL_SET,
        samples=tuple(_sample(film) for film in films),
        source=NAME,
        root=root,
        dropped=dropped,
        body_part="chest",
        release=_release(films),
        cautions=(*cautions, *_count_caution(films)),
    )


def _sample(film: _Film) -> Sample:
    return Sample(
        image=film.file,
        patient=patient_key(film.part, film.file),
        study=f"{_pooled(film.part)}:{PurePosixPath(film.file).stem}",
        view="AP",  # the publisher says so of all films
        sex=None,
        age=None,
        split=film.split,
        labels=np.array([film.label == "PNEUMONIA"], np.float32),
        official_split=film.part,
    )


def _together(manifest: Manifest) -> Manifest:
    """Patients that share a file become one patient; the same file in two splits is refused."""
    missing = set(manifest.missing_images())  # whoever prepares it decides what becomes of them
    try:
        digests = [
            None if sample.image in missing else sha256_of(manifest.root / sample.image)
            for sample in manifest.samples
        ]
    except OSError as error:
        raise DatasetError(
            f"{manifest.source}: a film cannot be read ({error.strerror})"
        ) from error
    check_duplicates(manifest, digests)
    keys = _one_key_per_file([sample.patient for sample in manifest.samples], digests)
    samples = zip(manifest.samples, keys, strict=True)
    return replace(manifest, samples=tuple(replace(s, patient=key) for s, key in samples))


def _one_key_per_file(patients: Sequence[str], digests: Sequence[str | None]) -> list[str]:
    """Each film's patient, where patients joined by a shared file have the first one's key."""
    leader = {patient: patient for patient in patients}

    def find(patient: str) -> str:
        while leader[patient] != patient:
            patient = leader[patient]
        return patient

    first_with: dict[str, str] = {}
    for patient, digest in zip(patients, digests, strict=True):
        if digest is not None:
            low, high = sorted((find(patient), find(first_with.setdefault(digest, patient))))
            leader[high] = low
    return [find(patient) for patient in patients]


def _carve_validation(manifest: Manifest, seed: int) -> Manifest:
    """A share of the train patients goes to validation, of healthy and of ill ones alike."""
    pool = [sample for sample in manifest.samples if sample.split == "train"]
    drawn = fractions(
        [sample.patient for sample in pool],
        {"val": VAL_SHARE, "train": 1 - VAL_SHARE},
        seed=seed,
        strata=[CLASSES[int(sample.labels[0])] for sample in pool],
    )
    split_of = dict(zip((sample.image for sample in pool), drawn, strict=True))
    samples = (replace(s, split=split_of.get(s.image, s.split)) for s in manifest.samples)
    return replace(manifest, samples=tuple(samples))


def _val_caution(films: Sequence[_Film]) -> tuple[str, ...]:
    n = sum(film.part == "val" for film in films)
    if not n:
        return ()
    size = f"the val folder's {n} films (one error is {100 / n:.4g} points) went back to train"
    return (f"{size}; validation is {VAL_SHARE:.0%} of train instead, by patient",)


def _counts(films: Sequence[_Film]) -> dict[str, tuple[int, int]]:
    counted = Counter((_pooled(film.part), film.label) for film in films)
    return {part: (counted[part, "NORMAL"], counted[part, "PNEUMONIA"]) for part in PUBLISHED}


def _release(films: Sequence[_Film]) -> str:
    if _counts(films) != PUBLISHED:
        return "not the published counts"
    val = Counter(film.label for film in films if film.part == "val")
    if tuple(val[label] for label in CLASSES) == KAGGLE_VAL:
        return "all 5,856 films, with the 16-film val of the Kaggle copy"
    return "all 5,856 films"


def _count_caution(films: Sequence[_Film]) -> tuple[str, ...]:
    found = _counts(films)
    if found == PUBLISHED:
        return ()
    words = "; ".join(
        f"{part} {found[part][0]:,} normal and {found[part][1]:,} pneumonia "
        f"(published {normal:,} and {ill:,})"
        for part, (normal, ill) in PUBLISHED.items()
    )
    return (f"the counts are not the published ones, so it is a part or an altered copy: {words}",)
