"""Films of several body parts: what there is of each, one part alone, a list of films per part."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from plainfilm.datasets.files import table_bytes
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample, label_cells
from plainfilm.errors import DatasetError
from plainfilm.whole_files import write_whole

Counts = dict[str, int]

_OTHER_PART = "film of another body part than the one asked for"
_UNKNOWN = "not known"


def body_parts(manifest: Manifest) -> tuple[str, ...]:
    """The body part of each film, in the manifest's order; "not known" where nobody said it."""
    return tuple(s.body_part or manifest.body_part or _UNKNOWN for s in manifest.samples)


def one_body_part(manifest: Manifest, part: str) -> Manifest:
    """The films of one body part; the others are counted in `dropped`.

    Raises
    ------
    DatasetError
        No film shows that part.
    """
    found, wanted = body_parts(manifest), part.strip().lower()
    rows = [row for row, name in enumerate(found) if name == wanted]
    if not rows:
        there = ", ".join(sorted(set(found)))
        raise DatasetError(f"{manifest.source}: no film of {part!r}; there are films of {there}")
    n_others = len(manifest) - len(rows)
    dropped = {**manifest.dropped, **({_OTHER_PART: n_others} if n_others else {})}
    return replace(manifest.keep(np.array(rows, np.int64)), body_part=wanted, dropped=dropped)


def count_body_parts(manifest: Manifest) -> dict[tuple[str, str], Counts]:
    """(body part, split) → images, studies, patients, and per finding the studies that show it.

    Parts in alphabetical order, each with the split "all" first. A study shows what one of its
    films shows.
    """
    found = body_parts(manifest)
    counts: dict[tuple[str, str], Counts] = {}
    for part in sorted(set(found)):
        of_part = [s for s, name in zip(manifest.samples, found, strict=True) if name == part]
        for split in ("all", *manifest.split_names):
            films = [s for s in of_part if split in ("all", s.split)]
            counts[part, split] = _count(films, manifest.label_set.names)
    return counts


def body_part_table(manifest: Manifest) -> str:
    """`count_body_parts` for reading: one line per body part and split."""
    counts = count_body_parts(manifest)
    titles = ("images", "studies", "patients", *manifest.label_set.names)
    wide = max(len(part) for part, _ in counts) + 2
    lines = ["body part".ljust(wide + 5) + "".join(f"{title:>{_width(title)}}" for title in titles)]
    for (part, split), numbers in counts.items():
        cells = "".join(f"{numbers[title]:>{_width(title)}d}" for title in titles)
        lines.append(f"{part:<{wide}}{split:<5}{cells}")
    return "\n".join(lines)


def write_body_part_lists(manifest: Manifest, folder: Path) -> tuple[Path, ...]:
    """Write one table of films and labels per body part and split, "train_elbow.csv"; their paths.

    The splits are the publisher's where he names one of every film, else the manifest's.
    """
    official = all(sample.official_split for sample in manifest.samples)
    lists: dict[str, list[Sample]] = {}
    for sample, part in zip(manifest.samples, body_parts(manifest), strict=True):
        split = (sample.official_split if official else sample.split) or "none"
        lists.setdefault(f"{split}_{re.sub(r'[^a-z0-9]+', '-', part)}.csv", []).append(sample)
    for name, samples in sorted(lists.items()):
        rows = [[sample.image, *label_cells(sample.labels)] for sample in samples]
        write_whole(folder / name, table_bytes([["image", *manifest.label_set.names], *rows]))
    return tuple(folder / name for name in sorted(lists))


def _count(films: Sequence[Sample], names: Sequence[str]) -> Counts:
    shown = {
        name: len({film.study for film in films if film.labels[place] == 1})
        for place, name in enumerate(names)
    }
    studies, patients = ({f.study for f in films}, {f.patient for f in films})
    return {"images": len(films), "studies": len(studies), "patients": len(patients), **shown}


def _width(title: str) -> int:
    return max(9, len(title) + 2)
