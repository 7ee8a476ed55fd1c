"""A worker empties the queue, and stops where the one who started it is no more."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from plainfilm.archive.queue import Queue
from plainfilm.archive.worker import CANNOT_START, options_of, text_of, work
from plainfilm.film_files import ReadOptions
from plainfilm.radiograph import View


@pytest.fixture
def queue(tmp_path: Path, bundle: Path, archive: Path) -> Queue:
    queue = Queue(tmp_path / "films.sqlite")
    about = {"bundle": str(bundle), "archive": str(archive), "options": text_of(ReadOptions())}
    queue.note(about)
    queue.add(["1.png", "readme.txt"])
    return queue


def test_a_worker_empties_the_queue(queue: Queue) -> None:
    work(queue, worker=1, parent=os.getppid())
    assert [(row["path"], row["outcome"]) for row in queue.rows()] == [
        ("1.png", "read"),
        ("readme.txt", "error"),
    ]


def test_a_worker_without_its_parent_takes_nothing(queue: Queue) -> None:
    work(queue, worker=1, parent=-1)
    assert queue.counts() == (0, 2)


@pytest.mark.parametrize(
    "options", [ReadOptions(), ReadOptions(3.5, View.AP, "chest", True, (("mass", 0.1),))]
)
def test_options_come_back(options: ReadOptions) -> None:
    assert options_of(text_of(options)) == options


def test_a_worker_that_cannot_start_says_so(tmp_path: Path) -> None:
    with closing(Queue(tmp_path / "films.sqlite")) as queue:
        queue.note({"bundle": str(tmp_path / "gone.bundle")})
    command = [sys.executable, "-m", "plainfilm.archive.worker", str(tmp_path / "films.sqlite")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == CANNOT_START
