"""Knees graded for osteoarthritis (Chen; films of the Osteoarthritis Initiative): normal or not.

Each film is one knee, cut from a film of both; the two knees of a patient are one study. A knee of
Kellgren-Lawrence grade 2 or more counts as abnormal. Two folders are understood:

- the public layout: `train|val|test/0|1|2|3|4/9000099L.png`, also inside `kneeKL224` or
  `ClsKLData/kneeKL224`;
- a folder with `labels.csv`: columns `file`, `patient_id`, `side`, `kl_grade`, `official_split`,
  `split`, and perhaps `abnormal`.

References
----------
Chen 2018, "Knee Osteoarthritis Severity Grading Dataset", Mendeley Data, V1,
doi:10.17632/56rmx5bjcr.1; Kellgren and Lawrence 1957, Ann Rheum Dis 16:494.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from plainfilm.datasets.files import list_folder, read_table
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding, LabelSet

NAME = "knee"
LABEL_SET = LabelSet((Finding("abnormal", "Abnormal (osteoarthritis of KL grade 2 or more)"),))
ABNORMAL_FROM = 2  # Kellgren-Lawrence grade
GRADES = ("0", "1", "2", "3", "4")

# Official part → knees of grade 0, 1, 2, 3, 4.
PUBLISHED = {
    "train": (2_286, 1_046, 1_516, 757, 173),
    "val": (328, 153, 212, 106, 27),
    "test": (639, 296, 447, 223, 51),
}

_COLUMNS = ("file", "patient_id", "side", "kl_grade", "official_split", "split")
_INSIDE = ("", "kneeKL224", "ClsKLData/kneeKL224")
_ENDINGS = (".png", ".jpg", ".jpeg")
_FILE_NAME = re.compile(r"(?P<patient>\d{7})(?P<side>[LR])")
_ONLY_ARTHRITIS = (
    "abnormal means Kellgren-Lawrence grade 2 or more; no other disease of the knee is labelled"
)


@dataclass(frozen=True)
class _Knee:
    file: str  # relative to the root
    place: str  # where it was named, for messages
    patient: str
    side: str
    grade: str
    part: str
    split: str


def load(folder: Path, *, seed: int = 0) -> Manifest:  # noqa: ARG001
    """The data set in a folder of either layout, every knee with its split.

    Parameters
    ----------
    folder
        The public layout, or one with `labels.csv`.
    seed
        Draws nothing: the publisher splits by patient, and `labels.csv` brings its own split.

    Raises
    ------
    DatasetError
        Neither layout; a file name, side or grade that is none or contradicts another; a knee
        that stands there twice.
    LeakError
        A patient's knees are in two splits.
    """
    table = folder / "labels.csv"
    root = folder if table.is_file() else _public_root(folder)
    dropped: Counter[str] = Counter()
    knees = list(_knees_of_table(table) if table.is_file() else _knees_of_folders(root, dropped))
    _check_once(knees)
    return Manifest(
        label_set=LABEL_SET,
        samples=tuple(_sample(knee) for knee in knees),
        source=NAME,
        root=root,
        dropped=dict(dropped),
        body_part="knee",
        release="all 8,260 knees" if _counts(knees) == PUBLISHED else "not the published counts",
        cautions=(_ONLY_ARTHRITIS, *_count_caution(knees)),
    )


def _sample(knee: _Knee) -> Sample:
    return Sample(
        image=knee.file,
        patient=knee.patient,
        study=knee.patient,  # both knees were on one film
        view="PA",  # the Initiative's graded films: both knees, PA, bent
        sex=None,
        age=None,
        split=knee.split,
        labels=np.array([int(knee.grade) >= ABNORMAL_FROM], np.float32),
        official_split=knee.part,
    )


def _knees_of_table(table: Path) -> Iterator[_Knee]:
    header, rows = read_table(table)
    absent = [name for name in _COLUMNS if name not in header]
    if absent:
        raise DatasetError(f"{table.name}: no column {absent[0]!r}; expected {', '.join(_COLUMNS)}")
    for number, row in enumerate(rows, start=2):
        cells = dict(zip(header, row, strict=True))
        place = f"{table.name}: row {number}"
        _check_cells(place, cells)
        yield _Knee(
            cells["file"],
            place,
            cells["patient_id"],
            cells["side"],
            cells["kl_grade"],
            cells["official_split"],
            cells["split"],
        )


def _check_cells(place: str, cells: dict[str, str]) -> None:
    allowed = {"kl_grade": GRADES, "side": ("L", "R"), "official_split": SPLITS, "split": SPLITS}
    for column, values in allowed.items():
        if cells[column] not in values:
            expected = f"expected one of {', '.join(values)}"
            raise DatasetError(f"{place}, column {column}: {cells[column]!r}; {expected}")
    if PurePosixPath(cells["file"]).stem != cells["patient_id"] + cells["side"]:
        raise DatasetError(f"{place}: its file name is not its patient_id and side")
    abnormal = str(int(int(cells["kl_grade"]) >= ABNORMAL_FROM))
    if cells.get("abnormal", abnormal) != abnormal:
        found = f"{cells['abnormal']!r} beside grade {cells['kl_grade']}"
        raise DatasetError(f"{place}, column abnormal: {found}; expected {abnormal}")


def _public_root(folder: Path) -> Path:
    for inside in _INSIDE:
        if all((folder / inside / part).is_dir() for part in SPLITS):
            return folder / inside
    found = ", ".join(path.name for path in list_folder(folder)[:5]) or "nothing"
    raise DatasetError(f"{folder.name}: found {found}; expected train, val, test, or labels.csv")


def _knees_of_folders(root: Path, dropped: Counter[str]) -> Iterator[_Knee]:
    """Every knee of the tree; what else lay there is counted in `dropped`."""
    if (root / "auto_test").is_dir():
        n_repeated = sum(path.suffix in _ENDINGS for path in (root / "auto_test").rglob("*"))
        dropped["film of auto_test: test knees cut out once more, by a program"] = n_repeated
    for part in SPLITS:
        for grade in GRADES:
            for path in list_folder(root / part / grade):
                if path.name.startswith(".") or path.suffix.lower() not in _ENDINGS:
                    dropped["hidden file, or not a .png or .jpg file"] += 1
                    continue
                match = _FILE_NAME.fullmatch(path.stem)
                if match is None:
                    expected = "expected seven figures and L or R, e.g. 9000099L.png"
                    raise DatasetError(f"{part}/{grade}: {path.name} tells no patient; {expected}")
                place = f"{part}/{grade}"
                file = f"{place}/{path.name}"
                yield _Knee(file, place, match["patient"], match["side"], grade, part, part)


def _check_once(knees: Sequence[_Knee]) -> None:
    first: dict[tuple[str, str], str] = {}
    for knee in knees:
        key = (knee.patient, knee.side)
        if key in first:
            found = f"a knee stands there twice, {first[key]} and {knee.place}"
            raise DatasetError(f"{NAME}: {found}; expected each once. Keep the right one.")
        first[key] = knee.place


def _counts(knees: Sequence[_Knee]) -> dict[str, tuple[int, ...]]:
    counted = Counter((knee.part, knee.grade) for knee in knees)
    return {part: tuple(counted[part, grade] for grade in GRADES) for part in PUBLISHED}


def _count_caution(knees: Sequence[_Knee]) -> tuple[str, ...]:
    found = _counts(knees)
    if found == PUBLISHED:
        return ()
    words = "; ".join(
        f"{part} {' + '.join(map(str, found[part]))} (published {' + '.join(map(str, published))})"
        for part, published in PUBLISHED.items()
    )
    return (f"a part or an altered copy, by its counts of grades 0 to 4: {words}",)
