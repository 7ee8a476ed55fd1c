"""A data set with one finding, sorted into two folders for programs that want it so."""

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np

from plainfilm.datasets.files import clear_disk_errors
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError
from plainfilm.whole_files import write_whole

Mode = Literal["copy", "symlink"]


def write_class_folders(manifest: Manifest, out: Path, mode: Mode = "copy") -> dict[str, int]:
    """Put each film into `out/NAME` or `out/no_NAME` under its own name; films per folder.

    What is there already and right stays: a second run changes nothing. Films whose label is not
    known are left out and counted as "not known".

    Parameters
    ----------
    manifest
        With one finding, see `selection.one_finding`; all its films, or those of a split.
    out
        Made where it is missing.
    mode
        "copy", or "symlink" to the film where it stands.

    Raises
    ------
    DatasetError
        More than one finding; two films of one name in a folder; a file of another content or
        another link in a film's place; films are gone; the disk refuses.
    """
    if len(manifest.label_set) != 1:
        found = f"{len(manifest.label_set)} findings"
        raise DatasetError(f"{manifest.source}: {found}; expected one (selection.one_finding)")
    manifest.check_images()
    places = _places(manifest)
    with clear_disk_errors(out, "Free some space and run it again."):
        for name in (f"no_{manifest.label_set.names[0]}", manifest.label_set.names[0]):
            (out / name).mkdir(parents=True, exist_ok=True)
        for place, film in places.items():
            _put(film.resolve(), out / place, mode)
    counts = Counter(place.partition("/")[0] for place in places)
    n_unknown = int(np.isnan(manifest.labels).sum())
    return {**counts, **({"not known": n_unknown} if n_unknown else {})}


def _places(manifest: Manifest) -> dict[str, Path]:
    """Place below `out` → film."""
    name = manifest.label_set.names[0]
    places: dict[str, Path] = {}
    for sample, label in zip(manifest.samples, manifest.labels[:, 0].tolist(), strict=True):
        if label != label:  # NaN
            continue
        film = manifest.root / sample.image
        place = f"{name if label else f'no_{name}'}/{film.name}"
        if place in places:
            raise DatasetError(f"{manifest.source}: two films would be {place}; expected one")
        places[place] = film
    return places


def _put(film: Path, place: Path, mode: Mode) -> None:
    if not (place.exists() or place.is_symlink()):
        if mode == "symlink":
            place.symlink_to(film)
        else:
            write_whole(place, film.read_bytes())
    elif place.is_symlink() != (mode == "symlink") or not _is_same(film, place):
        advice = "Take another folder, or remove it."
        raise DatasetError(f"{place.parent.name}/{place.name}: stands there already. {advice}")


def _is_same(film: Path, place: Path) -> bool:
    if place.is_symlink():
        return place.resolve() == film
    return place.is_file() and place.read_bytes() == film.read_bytes()
