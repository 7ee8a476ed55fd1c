"""A public data set in, a manifest and a cache of fitted pixels out: `prepare`."""

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plainfilm.datasets import chestxray14, folders, kermany, knee, label_list, mura, table
from plainfilm.datasets.cache import NAMES as CACHE_NAMES
from plainfilm.datasets.cache import (
    Cache,
    CacheContent,
    check_replaceable,
    discard_cache,
    picture_digests,
    write_cache,
)
from plainfilm.datasets.class_folders import write_class_folders
from plainfilm.datasets.cooccurrence_figure import NAMES as COOCCURRENCE_NAMES
from plainfilm.datasets.cooccurrence_figure import save_cooccurrence
from plainfilm.datasets.describe import describe
from plainfilm.datasets.files import clear_disk_errors, count_others, locked
from plainfilm.datasets.film_sizes import NAMES as SIZES_NAMES
from plainfilm.datasets.film_sizes import save_film_sizes
from plainfilm.datasets.fit import FitPolicy
from plainfilm.datasets.lookalikes import split_lookalikes
from plainfilm.datasets.manifest import RECORD_NAME, TABLE_NAME, Manifest
from plainfilm.datasets.reads import NAME as READS_NAME
from plainfilm.datasets.sample import Sample
from plainfilm.datasets.selection import EVERYTHING, Selection
from plainfilm.datasets.splits import check_duplicates
from plainfilm.errors import DatasetError, ManyProblems
from plainfilm.whole_files import sweep

__all__ = [
    "DATASETS",
    "Cache",
    "FitPolicy",
    "Manifest",
    "PrepareOptions",
    "Sample",
    "Selection",
    "check_name",
    "describe",
    "index",
    "prepare",
]

DATASETS: dict[str, Callable[..., Manifest]] = {
    chestxray14.NAME: chestxray14.load,
    folders.NAME: folders.load,
    kermany.NAME: kermany.load,
    knee.NAME: knee.load,
    label_list.NAME: label_list.load,
    mura.NAME: mura.load,
    table.NAME: table.load,
}
"""Name → loader(folder, *, seed=0)."""

_OWN_NAMES = (RECORD_NAME, TABLE_NAME, *CACHE_NAMES, *COOCCURRENCE_NAMES, *SIZES_NAMES, READS_NAME)
_MISSING = "film that the label file names and no folder holds"


@dataclass(frozen=True)
class PrepareOptions:
    """What may differ from one prepare to the next, beside the pixels.

    Parameters
    ----------
    seed
        Draws the patients of the splits where the data set brings none or others are asked for.
    allow_missing
        True: films that are not there are left out and counted in `Manifest.dropped`.
    overwrite
        True: a prepared folder with other content is replaced.
    threads
        Films decoded at the same time; None = one per processor, at most eight. The pixels do not
        depend on it.
    selection
        Which films, findings and splits; by default all films and findings, split as they come.
    class_folders
        With one finding: a folder that gets its films as links, sorted into two folders; see
        `class_folders.write_class_folders`. Not within the prepared folder.

    Raises
    ------
    DatasetError
        `threads` is not positive.
    """

    seed: int = 0
    allow_missing: bool = False
    overwrite: bool = False
    threads: int | None = None
    selection: Selection = EVERYTHING
    class_folders: Path | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise DatasetError(f"{self.threads} threads; expected 1 or more, or None")


def prepare(
    name: str,
    folder: Path,
    out: Path,
    *,
    size: int = 256,
    policy: FitPolicy = "squash",
    options: PrepareOptions | None = None,
) -> Manifest:
    """Verify a data set, split it by patient, and cache its films' pixels; resumes if interrupted.

    Afterwards `out` holds manifest.csv, manifest.json, cache.npy and cache.json, film-sizes.csv and
    film-sizes.svg, and for several findings co-occurrence.csv and co-occurrence.svg. The manifest
    is written last: a folder that has one is whole and free of leaks.

    Parameters
    ----------
    name
        A key of DATASETS.
    folder
        The data set as its publisher lays it out.
    out
        Made where it is missing.
    size
        Side of the cached squares, in pixels.
    policy
        How a film becomes a square; see `fit.fit`.
    options
        None = `PrepareOptions()`.

    Raises
    ------
    DatasetError
        Unknown name; the folder is not the data set; films are missing or unreadable; the disk is
        full; another prepare is running; `out` holds something else.
    LeakError
        A patient, a film or a picture stands in two splits.
    """
    choice, load = options or PrepareOptions(), _loader(name)
    _refuse_other(out)
    whole = load(folder, seed=choice.seed)
    selected = choice.selection.of(whole, seed=choice.seed)
    manifest = _without_missing(selected, whole, choice)
    if not len(manifest):
        raise DatasetError(f"{folder.name}: no film of {name} found")
    content = CacheContent.of(manifest, size, policy)
    _sort_into_folders(manifest, out, choice.class_folders)
    with clear_disk_errors(out, "Free some space and run the same command again."):
        out.mkdir(parents=True, exist_ok=True)
        with locked(out):
            sweep(out)
            _make_room(out, manifest, content, choice)
            threads = choice.threads or min(8, os.cpu_count() or 1)
            cache = write_cache(manifest, out, content, threads=threads)
            check_duplicates(manifest, picture_digests(cache.pixels))
            told = split_lookalikes(manifest, cache.pixels)
            manifest = replace(manifest, cautions=(*manifest.cautions, *told))
            save_cooccurrence(out, manifest)
            save_film_sizes(out)
            manifest.save(out)
    return manifest


def index(name: str, folder: Path, *, seed: int = 0) -> Manifest:
    """The manifest of a data set as its publisher lays it out; nothing is decoded or written.

    Raises as `prepare` does of names and folders.
    """
    return _loader(name)(folder, seed=seed)


def check_name(name: str) -> None:
    """Refuse a name that is no key of DATASETS: DatasetError, with those that are."""
    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(sorted(DATASETS))
        raise DatasetError(f"unknown data set {name!r}{hint or '.'} Known: {known}.")


def _loader(name: str) -> Callable[..., Manifest]:
    check_name(name)
    return DATASETS[name]


def _sort_into_folders(manifest: Manifest, out: Path, place: Path | None) -> None:
    if place is None:
        return
    if place.resolve().is_relative_to(out.resolve()):
        found = f"within the prepared folder {out.name}"
        raise DatasetError(f"class folders {place.name}: {found}; expected another place")
    write_class_folders(manifest, place, "symlink")


def _refuse_other(out: Path) -> None:
    """Refuse a folder that holds what no prepare wrote, even where all is to be replaced."""
    n_others = count_others(out, _OWN_NAMES)
    if n_others:
        found = f"holds {n_others:,} other files or folders, and is no prepared folder"
        raise DatasetError(f"{out.name}: {found}. Give a new or empty folder (--out).")


def _list_missing(missing: set[str], whole: Manifest) -> None:
    """Refuse, with the row of each, where several films of a table are not there."""
    if len(missing) > 1 and whole.source.startswith(f"{table.NAME}:"):
        rows = [n for n, s in enumerate(whole.samples, start=2) if s.image in missing]
        problems = tuple(f"{whole.source}: {table.missing_film(row)}" for row in rows)
        raise ManyProblems(whole.source, problems)


def _without_missing(manifest: Manifest, whole: Manifest, choice: PrepareOptions) -> Manifest:
    missing = set(manifest.missing_images())
    if not missing:
        return manifest
    rows = [row for row, sample in enumerate(manifest.samples) if sample.image not in missing]
    if not choice.allow_missing:
        _list_missing(missing, whole)
        place = min(set(range(len(manifest))) - set(rows))
        first = f"{manifest.samples[place].image.rpartition('/')[2]} (film {place + 1:,})"
        found = f"{len(missing):,} of {len(manifest):,} films are not there, the first {first}"
        raise DatasetError(
            f"{manifest.source}: {found}. Fetch them, or go on without (--allow-missing)."
        )
    rest = manifest.keep(np.array(rows, np.int64))
    return replace(rest, dropped={**manifest.dropped, _MISSING: len(missing)})


def _make_room(
    out: Path, manifest: Manifest, content: CacheContent, choice: PrepareOptions
) -> None:
    """Refuse, or with overwrite remove, whatever of another prepare stands in `out`."""
    if choice.overwrite:
        (out / RECORD_NAME).unlink(missing_ok=True)
        (out / TABLE_NAME).unlink(missing_ok=True)
        try:
            check_replaceable(out, content)
        except DatasetError:
            discard_cache(out)
        return
    check_replaceable(out, content)
    if (out / RECORD_NAME).is_file():
        there = Manifest.load_without_images(out)
        for what, differ in (
            ("in another split", there.split_sha256 != manifest.split_sha256),
            ("with other findings", there.label_set.names != manifest.label_set.names),
        ):
            if differ:
                words = f"already holds the same films {what}"
                advice = "Take another folder, or overwrite (--force)."
                raise DatasetError(f"{out.name}: {words}. {advice}")
