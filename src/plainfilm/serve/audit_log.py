"""An append-only log of who asked what of which bundle, each line bound to the one before.

A line is one JSON object. `previous` is the SHA-256 of the line before, so that no line can be
changed, removed or put in without breaking all that follow. Who can write the file can still forge
it whole, or cut its end: keep the last line's hash elsewhere from time to time, and hand it to
`verify`. A line holds hashes and numbers, nothing of a patient.
"""

import fcntl
import hashlib
import json
import os
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from plainfilm.errors import AuditError

START = "0" * 64
"""What the first line names as the one before."""

_MAX_LINE = 2**20
_ROOM = 4096  # bytes: where a short line has room, a film's may have none


@dataclass(frozen=True)
class Entry:
    """What is kept of one film.

    Parameters
    ----------
    who
        The id of the caller's key or the subject of its token; "-" = nobody was asked.
    bundle, version, bundle_sha256
        Who answered.
    input_sha256
        Of the file, in hexadecimal; of a radiograph that came as a tensor, of its float32 values.
    outcome
        "read", "refused", "inferred" (the graph alone was asked, with a tensor), or the problem's
        kind.
    scores, thresholds
        By finding: probabilities (or model scores) and from where on they count as present.
    """

    who: str
    bundle: str
    version: str
    bundle_sha256: str
    input_sha256: str
    outcome: str
    scores: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verified:
    """What is in a log: its lines, the last one's hash, the torn ends of killed writers.

    `broken_at` is the number of the first line that does not follow from the one before, and `why`;
    None = the chain holds.
    """

    n_lines: int
    head: str
    n_torn: int = 0
    broken_at: int | None = None
    why: str = ""


class AuditLog:
    """Appends to a log; one process at a time, any of its threads.

    Parameters
    ----------
    path
        The file; made where there is none. A line that a killed process left torn stays, and the
        next one says so.
    strict
        Every line is safely on the disk when `append` returns; else when the system gets to it.

    Raises
    ------
    AuditError
        Another process writes to it, its last line is none of ours, or the disk refuses.
    """

    def __init__(self, path: Path, *, strict: bool = True) -> None:
        self._path = path
        self._strict = strict
        self._lock = threading.Lock()
        self._is_stuck = False
        try:
            self._file = self._opened()
        except OSError as error:
            raise AuditError(f"{path.name}: cannot be written ({error.strerror})") from error
        try:
            self._head, torn = _end_of(self._file, path.name)
            self._mend(torn)
        except AuditError:
            self._file.close()
            raise

    def append(self, entry: Entry) -> str:
        """Write a line; its hash.

        Raises
        ------
        AuditError
            The disk refuses: the film must not be answered.
        """
        with self._lock:
            return self._write({"event": "film", **asdict(entry)})

    def works(self) -> bool:
        """Whether a line can be written: where the last one could not, a line that says so is.

        While another thread is at a line, which a disk may hold up for long, nobody waits for it.
        """
        if self._is_stuck and self._lock.acquire(blocking=False):
            try:
                with suppress(AuditError):
                    self._write({"event": "resumed", "room": "-" * _ROOM})
            finally:
                self._lock.release()
        return not self._is_stuck

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _opened(self) -> IO[bytes]:
        file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b", 0)
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise AuditError(f"{self._path.name}: no file but a device or a pipe")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise AuditError(f"{self._path.name}: another process writes to it") from error
        return file

    def _mend(self, torn: bytes) -> None:
        """Go on behind what a killed process left: a whole line but for its end, or a torn one."""
        found = _parsed(torn + b"\n")
        if found is not None and found.get("previous") == self._head:
            self._file.write(b"\n")
            self._head = _sha256(torn)
        elif torn:
            self._write({"event": "torn", "torn_sha256": _sha256(torn)}, before=b"\n")

    def _write(self, told: Mapping[str, object], before: bytes = b"") -> str:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        whole = {"time": time, **told, "previous": self._head}
        line = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
        size = os.fstat(self._file.fileno()).st_size
        try:
            content = before + line + b"\n"
            if self._file.write(content) != len(content):
                raise OSError(0, "no space")
            if self._strict:
                os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):  # a half line would be taken for that of a killed process
                self._file.truncate(size)
            self._is_stuck = True
            raise AuditError(f"{self._path.name}: cannot be written ({error.strerror})") from error
        self._head, self._is_stuck = _sha256(line), False
        return self._head


def verify(path: Path, *, head: str | None = None) -> Verified:
    """Follow the chain of a log.

    Parameters
    ----------
    head
        The hash of a line that was noted elsewhere; it must be in the chain. None = none was.

    Raises
    ------
    AuditError
        The file cannot be read.
    """
    previous, n_lines, n_torn, torn, is_seen = START, 0, 0, b"", head is None
    try:
        with path.open("rb") as file:
            for line in file:
                n_lines += 1
                found = _parsed(line)
                if found is None:
                    torn, previous_torn = line.rstrip(b"\n"), torn
                    if previous_torn:
                        return Verified(n_lines, previous, n_torn, n_lines, "not JSON")
                    continue
                why = _break(found, previous, torn)
                if why:
                    return Verified(n_lines, previous, n_torn, n_lines - bool(torn), why)
                n_torn, torn = n_torn + bool(torn), b""
                previous = _sha256(line.rstrip(b"\n"))
                is_seen = is_seen or previous == head
    except OSError as error:
        raise AuditError(f"{path.name}: cannot be read ({error.strerror})") from error
    if not is_seen:
        why = "the line whose hash was noted is not in it"
        return Verified(n_lines, previous, n_torn, n_lines, why)
    return Verified(n_lines, previous, n_torn + bool(torn))


def _break(found: Mapping[str, object], previous: str, torn: bytes) -> str:
    """Why a line does not follow from the one before; empty = it does."""
    if found.get("previous") != previous:
        return "it does not follow from the line before"
    if torn and found.get("torn_sha256") != _sha256(torn):
        return "not JSON, and the next line does not say that it was torn"
    return ""


def _parsed(line: bytes) -> Mapping[str, object] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _end_of(file: IO[bytes], name: str) -> tuple[str, bytes]:
    """The hash of the last whole line, and what a killed process left behind it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * _MAX_LINE))
    *lines, torn = file.read(2 * _MAX_LINE).split(b"\n")
    whole = [line for line in lines if line]
    if not whole:
        return START, torn
    if _parsed(whole[-1] + b"\n") is None:
        raise AuditError(f"{name}: its last line is none of ours; run plainfilm audit-log verify")
    return _sha256(whole[-1]), torn


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
