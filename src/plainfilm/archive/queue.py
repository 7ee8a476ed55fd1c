"""A lease queue on disk: films wait, are leased by one worker at a time, and are done once.

One SQLite file that several processes use at once. A lease ends when its film is done, or when the
one who watches the workers gives it back; then another worker takes the film. What is done stays
done, whoever brings it again.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plainfilm.archive.scoring import Row, error_row

MAX_ATTEMPTS = 3
"""Workers that a film may end, until it is given up."""

_WAIT_S = 60.0
_RETRY_S = 0.02
_TABLES = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS films (
    path BLOB PRIMARY KEY, -- as the disk has it: not always text
    attempts INTEGER NOT NULL DEFAULT 0,
    worker INTEGER,
    since REAL,
    row TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON films (path) WHERE row IS NULL AND worker IS NULL;
"""


@dataclass(frozen=True)
class Lease:
    """A film that a worker (its process number) works on.

    `since` is a moment of `time.monotonic`, one clock for all processes of a machine: the time of
    day may jump, and no worker is to be ended for that.
    """

    path: str
    worker: int
    since: float


class Queue:
    """The films of one archive: waiting, leased or done. Each process opens its own."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        self._write_ahead()
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_TABLES)

    def _write_ahead(self) -> None:
        """Have SQLite keep a log, so that reading and writing do not wait for each other.

        While another process does the same to a new file, SQLite refuses at once, whatever its
        timeout is (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
        """
        until = time.monotonic() + _WAIT_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
            time.sleep(_RETRY_S)

    def about(self) -> dict[str, str]:
        """What was noted of the work; empty where the queue is new."""
        return dict(self._db.execute("SELECT key, value FROM about"))

    def note(self, about: dict[str, str]) -> None:
        """Note what the work is, for those who go on with it."""
        self._db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())

    def add(self, paths: Iterable[str]) -> None:
        """Let films wait; one that is here already stays as it is."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany(
            "INSERT OR IGNORE INTO films (path) VALUES (?)", ((os.fsencode(p),) for p in paths)
        )
        self._db.execute("COMMIT")

    def lease(self, worker: int) -> str | None:
        """The next film for a worker; None = none waits. Several may ask at once."""
        found = self._db.execute(
            "UPDATE films SET worker = ?, since = ?, attempts = attempts + 1 WHERE path = ("
            " SELECT path FROM films WHERE row IS NULL AND worker IS NULL ORDER BY path LIMIT 1"
            ") RETURNING path",
            (worker, time.monotonic()),
        ).fetchall()
        return os.fsdecode(found[0][0]) if found else None

    def done(self, path: str, row: Row) -> None:
        """Keep a film's row; where it has one already, that one stays."""
        self._db.execute(
            "UPDATE films SET row = ?, worker = NULL WHERE path = ? AND row IS NULL",
            (json.dumps(dict(row), allow_nan=False), os.fsencode(path)),
        )

    def leases(self) -> list[Lease]:
        """Who works on what."""
        leased = "SELECT path, worker, since FROM films WHERE row IS NULL AND worker IS NOT NULL"
        found = self._db.execute(leased)
        return [Lease(os.fsdecode(path), worker, since) for path, worker, since in found]

    def give_back(self, lease: Lease) -> None:
        """Let a film wait again whose worker has ended; after `MAX_ATTEMPTS` its row is an error.

        Where the lease is not this worker's any more, nothing happens.
        """
        given_up = error_row(
            lease.path, f"{Path(lease.path).name}: reading it ended {MAX_ATTEMPTS} workers"
        )
        self._db.execute(
            "UPDATE films SET worker = NULL, row = CASE WHEN attempts >= ? THEN ? END"
            " WHERE path = ? AND worker = ? AND row IS NULL",
            (MAX_ATTEMPTS, json.dumps(dict(given_up)), os.fsencode(lease.path), lease.worker),
        )

    def waits(self) -> bool:
        """Whether any film waits for a worker."""
        waiting = "SELECT 1 FROM films WHERE row IS NULL AND worker IS NULL LIMIT 1"
        return self._db.execute(waiting).fetchone() is not None

    def counts(self) -> tuple[int, int]:
        """Films done, and films in all."""
        found = self._db.execute("SELECT COUNT(row), COUNT(*) FROM films").fetchone()
        return int(found[0]), int(found[1])

    def rows(self) -> Iterator[Row]:
        """The rows of the films that are done, by path."""
        for (row,) in self._db.execute("SELECT row FROM films WHERE row NOTNULL ORDER BY path"):
            yield json.loads(row)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
