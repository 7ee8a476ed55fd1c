"""`score_on_ray`: a folder of films → the table of `score_archive`, dealt out by Ray Data.

For archives that many machines read: each sees the archive and the bundle at the same path. Nothing
is kept between runs; films whose process dies are read again by Ray, three times at most.

References
----------
Ray documentation, "Ray Data: Transforming Data".
"""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from plainfilm.archive.run import (
    ArchiveOptions,
    Progress,
    check_output,
    list_archive,
    write_rows,
)
from plainfilm.archive.scoring import Row, error_row, score_films
from plainfilm.errors import MissingExtra
from plainfilm.film_files import ReadOptions
from plainfilm.reading import Reader
from plainfilm.reading.shelf import find_bundle

if TYPE_CHECKING:
    from ray.data import Dataset

FILMS_AT_ONCE = 16


def score_on_ray(
    bundle: str | Path,
    archive: Path,
    out: Path,
    *,
    options: ArchiveOptions | None = None,
    progress: Progress | None = None,
) -> Counter[str]:
    """Score every file in a folder and those in it, each once, on a Ray, and write the table.

    The Ray is the one that RAY_ADDRESS names, else one of this machine. `options.workers` are the
    tasks at once at most; None = as many as there are CPUs.

    Returns
    -------
    How many films had which outcome: read, refused, error.

    Raises
    ------
    BundleError, DatasetError, ReportError
        As `score_archive`.
    MissingExtra
        Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a Ray begun here tells nobody
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtra("ray", "cluster") from error
    options = options or ArchiveOptions()
    check_output(out, options)
    label_set = Reader(bundle).bundle.header.label_set  # here first: it says why it cannot
    paths, errors = list_archive(archive)
    rows: dict[bytes, Row] = {os.fsencode(p): error_row(p, why) for p, why in errors.items()}
    n_films = len(paths) + len(errors)
    ray.init(ignore_reinit_error=True, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    films = ray.data.from_items([{"path": os.fsencode(path)} for path in paths])
    scored = scored_films(films, find_bundle(bundle).resolve(), archive.resolve(), options)
    for found in scored.iter_rows() if paths else ():
        rows[found["path"]] = json.loads(found["row"])
        if progress is not None:
            progress(len(rows), n_films)
    write_rows((rows[path] for path in sorted(rows)), label_set, out, options)
    return Counter(str(row["outcome"]) for row in rows.values())


def scored_films(
    films: "Dataset", bundle: Path, archive: Path, options: ArchiveOptions
) -> "Dataset":
    """A data set of films and what a bundle says of each: for a Ray Data job of one's own.

    Parameters
    ----------
    films
        `path` of each film within `archive`, as bytes.

    Returns
    -------
    `path`, and `row`: the row of `score_films` as JSON.
    """
    return films.map_batches(
        _scored,
        fn_args=(bundle, archive, options.reading),
        batch_size=FILMS_AT_ONCE,
        concurrency=options.workers,
        num_cpus=1,
    )


def _scored(
    batch: Mapping[str, Sequence[bytes]], bundle: Path, archive: Path, reading: ReadOptions
) -> dict[str, list[object]]:
    paths = [os.fsdecode(path) for path in batch["path"]]
    rows = score_films(bundle, [archive / path for path in paths], options=reading)
    told = [json.dumps({**row, "path": path}) for row, path in zip(rows, paths, strict=True)]
    return {"path": list(batch["path"]), "row": list(told)}
