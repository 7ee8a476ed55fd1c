"""A film is leased to one worker at a time and done once, whoever dies and whoever comes late."""

import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from plainfilm.archive.queue import MAX_ATTEMPTS, Lease, Queue
from plainfilm.archive.scoring import error_row


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "films.sqlite")
    queue.add(["b", "a"])
    return queue


def test_a_queue_waits_for_another_that_is_made_in_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says at once that the file is locked; then it is asked again."""
    other = sqlite3.connect(tmp_path / "films.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            other.rollback()

    at_once = partial(sqlite3.connect, tmp_path / "films.sqlite", timeout=0, isolation_level=None)
    monkeypatch.setattr("plainfilm.archive.queue.sqlite3.connect", lambda *_, **__: at_once())
    monkeypatch.setattr("plainfilm.archive.queue.time.sleep", wait)
    with closing(Queue(tmp_path / "films.sqlite")) as queue:
        queue.add(["a"])
        assert queue.counts() == (0, 1)
    assert waits
    other.close()


def test_each_film_is_leased_once(queue: Queue) -> None:
    assert [queue.lease(1), queue.lease(2), queue.lease(3)] == ["a", "b", None]
    assert {(lease.path, lease.worker) for lease in queue.leases()} == {("a", 1), ("b", 2)}


def test_workers_who_ask_at_once_get_different_films(tmp_path: Path) -> None:
    place = tmp_path / "films.sqlite"
    with closing(Queue(place)) as queue:
        queue.add(map(str, range(200)))

    def take_all(worker: int) -> list[str]:
        taken = []
        with closing(Queue(place)) as own:
            while (path := own.lease(worker)) is not None:
                taken.append(path)
                own.done(path, error_row(path, f"of {worker}"))
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = [path for part in threads.map(take_all, range(4)) for path in part]
    assert sorted(taken) == sorted(map(str, range(200)))


def test_the_first_row_stays(queue: Queue) -> None:
    queue.done("a", error_row("a", "first"))
    queue.done("a", error_row("a", "second"))
    assert [row["reason"] for row in queue.rows()] == ["first"]
    assert queue.counts() == (1, 2)


def test_a_film_that_is_given_back_waits_again_until_it_ended_too_many(queue: Queue) -> None:
    for worker in range(MAX_ATTEMPTS):
        assert queue.lease(worker) == "a"
        queue.give_back(next(lease for lease in queue.leases() if lease.worker == worker))
    assert queue.lease(9) == "b"
    (row,) = queue.rows()
    assert row["outcome"] == "error"
    assert "ended 3 workers" in str(row["reason"])


def test_a_lease_of_another_is_not_given_back(queue: Queue) -> None:
    queue.lease(1)
    queue.give_back(Lease("a", 2, 0.0))
    assert [lease.worker for lease in queue.leases()] == [1]


def test_adding_again_changes_nothing(queue: Queue) -> None:
    queue.done("a", error_row("a", "x"))
    queue.add(["a", "b", "c"])
    assert queue.counts() == (1, 3)
    assert queue.waits()


def test_a_name_that_is_no_text_comes_back(queue: Queue) -> None:
    name = os.fsdecode(b"\xff\xfe.dcm")
    queue.add([name])
    while (path := queue.lease(1)) is not None:
        queue.done(path, error_row(path, "x"))
    assert name in [row["path"] for row in queue.rows()]


def test_notes_are_kept(queue: Queue) -> None:
    queue.note({"bundle": "x"})
    queue.note({"bundle": "y"})
    assert queue.about() == {"bundle": "y"}


def test_a_lease_is_not_timed_by_the_time_of_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F4: that clock jumps, and a worker is ended when its lease is older than a film may take."""
    monkeypatch.setattr("plainfilm.archive.queue.time.time", lambda: 0.0)
    with closing(Queue(tmp_path / "films.sqlite")) as queue:
        queue.add(["a"])
        before = time.monotonic()
        queue.lease(1)
        (lease,) = queue.leases()
        assert before <= lease.since <= time.monotonic()
