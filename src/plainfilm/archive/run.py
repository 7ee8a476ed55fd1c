"""`score_archive`: a folder of films → one table, by several processes, and resumable.

The queue lies beside the table, as NAME.queue, until the table is written.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from plainfilm.archive.queue import Queue
from plainfilm.archive.scoring import Row, columns, error_row
from plainfilm.archive.table import check_table, write_table
from plainfilm.archive.without_patients import without_patients
from plainfilm.archive.worker import CANNOT_START, text_of
from plainfilm.deidentify.mapping import is_map
from plainfilm.errors import DatasetError, ReportError
from plainfilm.film_files import ReadOptions
from plainfilm.findings import LabelSet
from plainfilm.reading import Reader
from plainfilm.reading.shelf import find_bundle

Progress = Callable[[int, int], None]

_LOOK_EVERY_S = 0.1
_MAX_IDLE_DEATHS = 3
_FILM_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class ArchiveOptions:
    """How an archive is scored.

    Parameters
    ----------
    workers
        Processes, each with one thread; None = one for each core.
    overwrite
        Replace the table, and begin anew where an earlier run was cut off.
    reading
        What is known of all of its films.
    deidentified
        The table tells no path, hash or age of a film (`without_patients`).
    map_path
        Where to write which file a de-identified table calls what; None = nowhere.
    """

    workers: int | None = None
    overwrite: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)
    deidentified: bool = False
    map_path: Path | None = None


def score_archive(
    bundle: str | Path,
    archive: Path,
    out: Path,
    *,
    options: ArchiveOptions | None = None,
    progress: Progress | None = None,
) -> Counter[str]:
    """Score every file in a folder and those in it, each once, and write the table.

    Goes on where it was cut off. A worker that dies is replaced, and its film read again; a film
    that ends three is an error. Links to folders and folders that cannot be opened are errors;
    what begins with a dot is left out.

    Parameters
    ----------
    progress
        Told films done and films in all, now and then.

    Returns
    -------
    How many films had which outcome: read, refused, error.

    Raises
    ------
    BundleError
        The bundle cannot be trusted, or is not the one with which the work was begun.
    DatasetError
        The archive is no folder.
    ReportError
        The table or the queue cannot be written, or another process is at work on it.
    MissingExtra
        A .parquet without pyarrow.
    """
    options = options or ArchiveOptions()
    place = out.with_name(f"{out.name}.queue")
    check_output(out, options, begun=place.exists())
    _check_archive(archive)
    reader = Reader(bundle)  # before any worker starts: it says why it cannot, and once
    with _alone(place):
        if options.overwrite:
            _forget(place)
        with closing(_opened(place, reader, bundle, archive, options)) as queue:
            _work(queue, place, options.workers or os.cpu_count() or 1, progress or _quietly)
            write_rows(queue.rows(), reader.bundle.header.label_set, out, options)
            outcomes = Counter(str(row["outcome"]) for row in queue.rows())
    shutil.rmtree(place)
    return outcomes


def check_output(out: Path, options: ArchiveOptions, *, begun: bool = False) -> None:
    """Refuse a table or a map that could not be written, before any film is read.

    Where an earlier run has `begun` and was cut off, a map that is there may be that run's.

    Raises
    ------
    ReportError, MissingExtra
        As `check_table`; or so with the map, which goes with a de-identified table only.
    """
    check_table(out, overwrite=options.overwrite)
    place = options.map_path
    if place is None:
        return
    if not options.deidentified:
        raise ReportError("a map goes with a de-identified table only; add --deidentify")
    if place.resolve() == out.resolve():
        raise ReportError(f"{place.name}: is the table; choose another name for the map")
    if not place.parent.is_dir() or place.is_dir():
        raise ReportError("the map's folder is missing, or the map is a folder; name a file")
    if place.exists() and not (options.overwrite or (begun and is_map(place))):
        raise ReportError("the map is there already; choose another name or add --force")


def write_rows(
    rows: Iterable[Row], label_set: LabelSet, out: Path, options: ArchiveOptions
) -> None:
    """Write the table; de-identified where the options say so."""
    told = without_patients(rows, options.map_path) if options.deidentified else rows
    write_table(told, columns(label_set), out)


def list_archive(archive: Path) -> tuple[list[str], dict[str, str]]:
    """The paths of all files in a folder and those in it, and of what is not opened, with why.

    Relative to the folder. Files and folders that begin with a dot are left out.

    Raises
    ------
    DatasetError
        The archive is no folder.
    """
    _check_archive(archive)
    errors: dict[str, str] = {}
    return sorted(_files(archive, errors)), errors


def _check_archive(archive: Path) -> None:
    if not archive.is_dir():
        found = "is a file" if archive.exists() else "no such folder"
        raise DatasetError(f"{archive.name}: {found}; expected a folder of films")


def _quietly(n_done: int, n_films: int) -> None:
    """No progress is shown."""
    del n_done, n_films


def _opened(
    place: Path, reader: Reader, bundle: str | Path, archive: Path, options: ArchiveOptions
) -> Queue:
    """The queue with all of the archive's films in it, and nobody at work."""
    queue = Queue(place / "films.sqlite")
    about = {
        "bundle": str(find_bundle(bundle).resolve()),
        "bundle_sha256": reader.bundle.id.sha256,
        "archive": str(archive.resolve()),
        "options": text_of(options.reading),
    }
    before = queue.about()
    for key in ("bundle_sha256", "archive", "options"):
        if before.get(key, about[key]) != about[key]:
            raise ReportError(
                f"{place.name}: begun with another {key.split('_')[0]}; finish that, or begin "
                "anew with --force"
            )
    queue.note(about)
    for lease in queue.leases():  # of workers that an earlier run left
        queue.give_back(lease)
    _fill(queue, archive)
    return queue


def _fill(queue: Queue, archive: Path) -> None:
    errors: dict[str, str] = {}
    queue.add(_files(archive, errors))
    queue.add(errors)
    for path, reason in errors.items():
        queue.done(path, error_row(path, reason))


def _files(archive: Path, errors: dict[str, str]) -> Iterator[str]:
    """The files in a folder and those in it, relative to it; `errors` gets what is not opened."""

    def refuse(error: OSError) -> None:
        errors[os.path.relpath(error.filename, archive)] = f"a folder not opened ({error.strerror})"

    for folder, inner, names in os.walk(archive, onerror=refuse):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in inner:
            path = Path(folder, name)
            if path.is_symlink():
                errors[str(path.relative_to(archive))] = "a linked folder, not opened"
        shown = (Path(folder, name) for name in names if not name.startswith("."))
        yield from (str(path.relative_to(archive)) for path in shown)


def _work(queue: Queue, place: Path, n_workers: int, progress: Progress) -> None:
    """Have workers take films until none waits; those that die or hang are replaced."""
    n_done, n_films = queue.counts()
    progress(n_done, n_films)
    workers = [_started(place) for _ in range(min(n_workers, n_films - n_done))]
    n_idle_deaths = 0
    try:
        while n_done < n_films:
            time.sleep(_LOOK_EVERY_S)
            for index, worker in enumerate(workers):
                if _has_ended(worker, queue) and queue.waits():
                    n_idle_deaths += worker.returncode == CANNOT_START
                    workers[index] = _started(place)
            if n_idle_deaths > _MAX_IDLE_DEATHS:
                raise ReportError("the workers end before they take a film; see what they say")
            n_done, n_films = queue.counts()
            progress(n_done, n_films)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _has_ended(worker: subprocess.Popen[bytes], queue: Queue) -> bool:
    """Whether a worker is no more: its film then waits again. One that hangs is ended."""
    mine = [lease for lease in queue.leases() if lease.worker == worker.pid]
    if any(time.monotonic() - lease.since > _FILM_TIMEOUT_S for lease in mine):
        worker.kill()
        worker.wait()
    if worker.poll() is None:
        return False
    for lease in queue.leases():
        if lease.worker == worker.pid:
            queue.give_back(lease)
    return True


def _started(place: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "plainfilm.archive.worker", str(place / "films.sqlite")]
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(command, env={**os.environ, **one_thread}, stdin=subprocess.DEVNULL)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the queue's folder for this process; the system lets go of it however that ends."""
    place.mkdir(exist_ok=True)
    with closing(sqlite3.connect(place / "lock.sqlite", timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise ReportError(f"{place.name}: another process is at work here") from error
            raise ReportError(
                f"{place.name}: cannot be written ({error}); free the disk, and run the same "
                "command again: it goes on"
            ) from error


def _forget(place: Path) -> None:
    for path in place.glob("films.sqlite*"):
        path.unlink()
