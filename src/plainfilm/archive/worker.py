"""A process that scores: takes films from the queue, one at a time, until none waits.

Run as `python -m plainfilm.archive.worker QUEUE`; `run.score_archive` starts and watches it.
"""

import json
import os
import sys
import traceback
from pathlib import Path

from plainfilm.archive.queue import Queue
from plainfilm.archive.scoring import Row, score_films
from plainfilm.film_files import ReadOptions
from plainfilm.radiograph import Sex, View

CANNOT_START = 3
"""Exit status of a worker that took no film because the bundle or the queue cannot be opened."""


def work(queue: Queue, *, worker: int, parent: int) -> None:
    """Score films until none waits, or the process `parent` is no more."""
    about = queue.about()
    options = options_of(about["options"])
    while os.getppid() == parent:
        path = queue.lease(worker)
        if path is None:
            return
        queue.done(path, _row(about["bundle"], Path(about["archive"]), path, options))


def _row(bundle: str, archive: Path, path: str, options: ReadOptions) -> Row:
    (row,) = score_films(bundle, [archive / path], options=options)
    return {**row, "path": path}


def text_of(options: ReadOptions) -> str:
    """What the user says of the films, for the queue's notes; sex only where it is said."""
    said = {key: value for key, value in vars(options).items() if key != "sex" or value}
    return json.dumps(said, sort_keys=True)


def options_of(text: str) -> ReadOptions:
    """What `text_of` wrote."""
    found = json.loads(text)
    found["view"] = None if found["view"] is None else View(found["view"])
    found["sex"] = Sex(found["sex"]) if found.get("sex") else None
    found["prevalences"] = tuple((name, share) for name, share in found["prevalences"])
    return ReadOptions(**found)


def main() -> int:
    """Work on the queue that the command line names; the exit status."""
    parent = os.getppid()
    try:
        queue = Queue(Path(sys.argv[1]))
        score_films(queue.about()["bundle"], [])
    except Exception:  # noqa: BLE001 - told to the one who started it, by the exit status
        traceback.print_exc()
        return CANNOT_START
    work(queue, worker=os.getpid(), parent=parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
