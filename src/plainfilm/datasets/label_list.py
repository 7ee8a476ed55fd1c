"""A label list: image, findings joined by a bar and, mostly, one column per finding.

`write_label_list` writes it for other programs; `load` takes such a list, from plainfilm or from
elsewhere, as a data set with films for training and for validation. Films stand below the list's
folder. A film named as ChestX-ray14 names them (`00025252_045.png`) tells its patient; every other
file counts as a patient of its own (the same file twice as one), and a caution says so.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from plainfilm.datasets.chestxray14_metadata import parse_file_name
from plainfilm.datasets.files import check_once, list_folder, read_table, sha256_of, table_bytes
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.own_films import PATH_EXPECTED, finding_of, path_fault
from plainfilm.datasets.resplit import with_shares
from plainfilm.datasets.sample import SPLITS, Labels, Sample, label_cells, read_labels
from plainfilm.errors import DatasetError
from plainfilm.findings import LabelSet
from plainfilm.whole_files import write_whole

NAME = "label-list"
FILE_NAME = "label list.csv"
BAR = "|"
PERCENTS = (80.0, 20.0)  # train and val; a list has no test

_HEADER = ["image", "findings"]


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The films of a label list, four fifths of the patients in train and one in val.

    The manifest's source is "label-list:" and the list's name, so that two lists are two data sets.

    Parameters
    ----------
    folder
        The list, or a folder that holds it as `label list.csv`.
    seed
        Draws the patients of val.

    Raises
    ------
    DatasetError
        No such list, or not one (see `read_label_list`); it names a film twice, or a path that
        leads out of its folder; no film, or too few patients for two splits.
    """
    path = folder if folder.is_file() else _in_folder(folder)
    images, names, labels = read_label_list(path)
    if not images:
        raise DatasetError(f"{path.name}: no row below the header; expected one per film")
    _check_images(path.name, images)
    patients = [_patient(image) for image in images]
    manifest = Manifest(
        label_set=_label_set(path.name, names),
        samples=tuple(map(partial(_sample, path.parent), images, patients, labels)),
        source=f"{NAME}:{path.name.removesuffix('.gz').removesuffix('.csv')}",
        root=path.parent,
        dropped={},
        body_part="",
        release=f"SHA-256 of {path.name}: {sha256_of(path)}",
        cautions=_patient_caution(patients),
    )
    return with_shares(manifest, PERCENTS, seed=seed)


def write_label_list(manifest: Manifest, path: Path) -> None:
    """Write the manifest's labels; a label that is not known is an empty cell.

    Columns: `image`, `findings` (names joined by a bar; empty = none shown), then each finding's
    name with 1, 0 or nothing, in the label set's order.
    """
    names = np.array(manifest.label_set.names)
    rows = (
        [sample.image, BAR.join(names[sample.labels == 1]), *label_cells(sample.labels)]
        for sample in manifest.samples
    )
    write_whole(path, table_bytes([[*_HEADER, *names], *rows]))


def read_label_list(path: Path) -> tuple[tuple[str, ...], tuple[str, ...], Labels]:
    """Images, findings' names, and labels float32 (n, K) of a label list.

    Where it has no column per finding, its findings are those that its films show, in alphabetical
    order, and each film shows one or does not.

    Raises
    ------
    DatasetError
        Not a label list, or its two ways of telling the findings differ.
    """
    header, rows = read_table(path)
    if header[:2] != _HEADER:
        found = f"the first columns are {', '.join(map(repr, header[:2]))}"
        expected = "expected the columns image and findings, then one per finding or none"
        raise DatasetError(f"{path.name}: {found}; {expected}")
    images = tuple(row[0] for row in rows)
    if len(header) == len(_HEADER):
        return images, *_told_by_words([row[1] for row in rows])
    names, labels = tuple(header[2:]), _told_by_columns(path.name, [row[2:] for row in rows])
    for row, shown in zip(rows, labels == 1, strict=True):
        if row[1] != BAR.join(np.array(names)[shown]):
            raise DatasetError(f"{path.name}: {row[0]}: findings and columns tell different things")
    return images, names, labels.reshape(len(rows), len(names))


def _told_by_words(cells: Sequence[str]) -> tuple[tuple[str, ...], Labels]:
    shown = [set(cell.split(BAR)) if cell else set() for cell in cells]
    names = tuple(sorted(set().union(*shown)))
    labels = np.array([[name in words for name in names] for words in shown], np.float32)
    return names, labels.reshape(len(cells), len(names))


def _told_by_columns(table: str, cells: Sequence[Sequence[str]]) -> Labels:
    try:
        labels = read_labels(cells, len(cells[0]) if cells else 0)
    except ValueError as error:
        raise DatasetError(f"{table}: a label is no number ({error})") from error
    strange = labels[(labels != 0) & (labels != 1) & ~np.isnan(labels)]
    if strange.size:
        raise DatasetError(f"{table}: a label is {strange[0]:g}; expected 1, 0 or an empty cell")
    return labels


def _in_folder(folder: Path) -> Path:
    if FILE_NAME not in {path.name for path in list_folder(folder)}:
        advice = "Give the list itself: plainfilm prepare label-list FILMS.csv"
        raise DatasetError(f"{folder.name}: no {FILE_NAME!r} in it. {advice}")
    return folder / FILE_NAME


def _check_images(table: str, images: Sequence[str]) -> None:
    for row, image in enumerate(images, start=2):  # as a spreadsheet counts
        fault = path_fault(image)
        if fault is not None:
            raise DatasetError(f"{table}: row {row}: {fault}; expected {PATH_EXPECTED}")
    try:
        check_once([PurePosixPath(image).as_posix() for image in images])
    except DatasetError as error:
        raise DatasetError(f"{table}: {error}") from error


def _label_set(table: str, names: Sequence[str]) -> LabelSet:
    for name in names:
        if not name.replace("_", " ").strip() or not name.isprintable() or BAR in name:
            raise DatasetError(f"{table}: a finding is called {name!r}; expected a word")
    if not names:
        raise DatasetError(f"{table}: no film shows a finding; expected their names, as in mass")
    findings = tuple(map(finding_of, names))
    twice = [name for name, n in Counter(each.name for each in findings).items() if n > 1]
    if twice:
        raise DatasetError(f"{table}: {twice[0]!r} is written in two ways; expected one")
    return LabelSet(findings)


def _patient(image: str) -> str | None:
    """The patient that the film's name tells; None = it tells none."""
    try:
        return str(parse_file_name(PurePosixPath(image).name)[0])
    except DatasetError:
        return None


def _sample(folder: Path, image: str, patient: str | None, labels: Labels) -> Sample:
    path = PurePosixPath(image).as_posix()
    return Sample(
        image=path,
        patient=_file_key(folder / path) if patient is None else patient,
        study=path,
        view=None,
        sex=None,
        age=None,
        split=SPLITS[0],  # until shares are drawn
        labels=labels,
    )


def _file_key(film: Path) -> str:
    """What is equal for equal files; a film that is not there is told of by `prepare`."""
    try:
        return f"file {sha256_of(film)[:16]}"
    except FileNotFoundError:
        return f"no file {film.name}"
    except OSError as error:
        raise DatasetError(f"{film.name}: cannot be read ({error.strerror})") from error


def _patient_caution(patients: Sequence[str | None]) -> tuple[str, ...]:
    n = patients.count(None)
    if not n:
        return ()
    words = "films' names tell no patient: films of one patient may stand in two splits, and then"
    return (f"{n:,} {words} numbers flatter; a table (plainfilm prepare table) can name patients",)
