"""Films sorted into folders by class: the folder's name is the label.

Two layouts are understood: `CLASS/FILM`, whose split is drawn, and `train|val|test/CLASS/FILM`. The
classes exclude each other; for one of them against all others, prepare with `--only CLASS`.

Such folders name no patients. Each file counts as a patient of its own (the same file twice as
one), and a caution says that this may flatter; where patients are known, a table is the honest way.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plainfilm.datasets.files import list_folder, sha256_of
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.own_films import finding_of
from plainfilm.datasets.resplit import with_shares
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.errors import DatasetError
from plainfilm.findings import LabelSet

NAME = "folders"
PERCENTS = (70.0, 10.0, 20.0)  # train, val and test, where the folders bring no split

_ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm")
_NO_PATIENTS = (
    "folders of classes name no patients: films of one patient may stand in two splits, and then "
    "numbers flatter; a table (plainfilm prepare table) can name them"
)


@dataclass(frozen=True)
class _Film:
    file: str  # relative to the root
    split: str  # "" = to be drawn
    label: str  # the folder's name
    sha256: str


def load(folder: Path, *, seed: int = 0) -> Manifest:
    """The films of all class folders; classes in alphabetical order, each a finding.

    Parameters
    ----------
    folder
        Holds the class folders, or train, val and test that do.
    seed
        Draws the splits where the folders bring none.

    Raises
    ------
    DatasetError
        Fewer than two classes, two classes of one name, a file in two classes, or an unreadable
        file.
    LeakError
        The same file stands in two splits.
    """
    dropped: Counter[str] = Counter()
    films = list(_films(folder, dropped))
    classes = sorted({film.label for film in films})
    _check_classes(folder, films, classes)
    drawn = not any(film.split for film in films)
    manifest = Manifest(
        label_set=LabelSet(tuple(finding_of(name) for name in classes), exclusive=True),
        samples=tuple(_sample(film, classes) for film in films),
        source=f"{NAME}:{folder.resolve().name}",
        root=folder,
        dropped={reason: n for reason, n in dropped.items() if n},
        body_part="",
        cautions=(_NO_PATIENTS,),
    )
    return with_shares(manifest, PERCENTS, seed=seed) if drawn else manifest


def _films(folder: Path, dropped: Counter[str]) -> Iterator[_Film]:
    """Every film, in the order of its path; what is none is counted in `dropped`."""
    tops = _folders(folder, dropped)
    if tops and {top.name for top in tops} <= set(SPLITS):
        classes = [(top.name, place) for top in tops for place in _folders(top, dropped)]
    else:
        classes = [("", top) for top in tops]
    for split, of_class in classes:
        for path in list_folder(of_class):
            if path.name.startswith("."):
                dropped["hidden file"] += 1
            elif path.is_dir() or path.suffix.lower() not in _ENDINGS:
                dropped[f"no film, by its ending ({', '.join(_ENDINGS)})"] += 1
            else:
                file = path.relative_to(folder).as_posix()
                yield _Film(file, split, of_class.name, _digest(path))


def _folders(folder: Path, dropped: Counter[str]) -> list[Path]:
    """The folders in a folder; files beside them are counted in `dropped`."""
    found = list_folder(folder)
    dropped["file beside the class folders"] += sum(not path.is_dir() for path in found)
    return [path for path in found if path.is_dir() and not path.name.startswith(".")]


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as error:
        raise DatasetError(f"{path.name}: cannot be read ({error.strerror})") from error


def _check_classes(folder: Path, films: list[_Film], classes: list[str]) -> None:
    if len(classes) < 2:
        found = f"class folders with films: {', '.join(classes) or 'none'}"
        raise DatasetError(f"{folder.name}: {found}; expected two or more, each with its films")
    names = Counter(finding_of(name).name for name in classes)
    name, n = names.most_common(1)[0]
    if n > 1:
        raise DatasetError(f"{folder.name}: {n} class folders are called {name!r}; expected one")
    first: dict[str, _Film] = {}
    for film in films:
        other = first.setdefault(film.sha256, film)
        if other.label != film.label:
            found = f"{other.file} and {film.file} are the same file in two classes"
            raise DatasetError(f"{folder.name}: {found}; keep the right one")


def _sample(film: _Film, classes: list[str]) -> Sample:
    return Sample(
        image=film.file,
        patient=f"file {film.sha256[:16]}",
        study=film.file,
        view=None,
        sex=None,
        age=None,
        split=film.split or SPLITS[0],  # until shares are drawn
        labels=np.array([film.label == name for name in classes], np.float32),
        official_split=film.split or None,
    )
