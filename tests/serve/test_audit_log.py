"""A log whose lines cannot be changed, removed or put in unnoticed, and which survives a kill."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from plainfilm.errors import AuditError
from plainfilm.serve.audit_log import START, AuditLog, Entry, verify

ENTRY = Entry("key:0123", "tiny", "1", "a" * 64, "b" * 64, "read", {"effusion": 0.25}, {})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    with closing(AuditLog(path)) as log:
        for _ in range(5):
            log.append(ENTRY)
    return path


def test_lines_follow_from_each_other(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["previous"] == START
    assert lines[4]["scores"] == {"effusion": 0.25}
    found = verify(path)
    assert (found.n_lines, found.broken_at) == (5, None)


def test_a_log_goes_on(path: Path) -> None:
    with closing(AuditLog(path, strict=False)) as log:
        head = log.append(ENTRY)
    assert verify(path).head == head
    assert verify(path).n_lines == 6


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("how", ["changed", "removed", "put in", "swapped"])
def test_a_line_that_was_touched_is_found(path: Path, at: int, how: str) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    if how == "changed":
        lines[at] = lines[at].replace(b"0.25", b"0.75")
    elif how == "removed":
        del lines[at]
    elif how == "put in":
        lines.insert(at, lines[at])
    else:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    path.write_bytes(b"".join(lines))
    found = verify(path)
    assert found.broken_at in (at + 1, at + 2)
    assert "does not follow" in found.why


def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_noted(path: Path) -> None:
    head = verify(path).head
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4]))
    assert verify(path).broken_at is None
    assert "was noted" in verify(path, head=head).why
    path.write_bytes(b"".join(lines))
    assert verify(path, head=verify(path).head).broken_at is None


@pytest.mark.parametrize("n_lost", [1, 2, 40, "all but one"])
def test_a_torn_last_line_is_told_by_the_next(path: Path, n_lost: int | str) -> None:
    whole = path.read_bytes()
    n_bytes = len(whole.splitlines()[-1]) if isinstance(n_lost, str) else n_lost
    path.write_bytes(whole[:-n_bytes])
    assert verify(path).n_torn == 1
    with closing(AuditLog(path)) as log:
        log.append(ENTRY)
    found = verify(path)
    only_its_end = n_lost == 1
    assert (found.broken_at, found.n_torn) == (None, 0 if only_its_end else 1)
    assert found.n_lines == (6 if only_its_end else 7)


def test_a_line_made_unreadable_is_no_torn_one(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"{\n", *lines[3:]]))
    assert verify(path).broken_at == 3


def test_one_process_writes_at_a_time(path: Path) -> None:
    with closing(AuditLog(path)), pytest.raises(AuditError, match="another process"):
        AuditLog(path)


def test_what_is_no_log_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("of mine\n")
    with pytest.raises(AuditError, match="none of ours"):
        AuditLog(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "of mine\n"
    with pytest.raises(AuditError):
        AuditLog(tmp_path / "no" / "folder")
    with pytest.raises(AuditError, match="no file but a device"):
        AuditLog(Path(os.devnull))
    with pytest.raises(AuditError):
        verify(tmp_path / "none")


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from plainfilm.errors import AuditError
from plainfilm.serve.audit_log import AuditLog, Entry
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 9000))
log = AuditLog(Path({str(tmp_path / "log")!r}))
try:
    while True: log.append(Entry("-", "tiny", "1", "a" * 64, "b" * 64, "read"))
except AuditError: print("told", log.works())
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))
print(log.works(), log.works())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "told False\nTrue True\n", done.stderr
    assert (tmp_path / "log").read_text("utf-8").count('"event":"resumed"') == 1
    found = verify(tmp_path / "log")
    assert found.n_lines > 0
    assert (found.n_torn, found.broken_at) == (0, None)


def test_who_asks_waits_for_nobody_s_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails and then holds a line up would hold up all that the server does."""
    at_it, go, told = threading.Event(), threading.Event(), list[bool]()

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def hang(_: int) -> None:
        at_it.set()
        go.wait(30)

    with closing(AuditLog(tmp_path / "log")) as log:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(AuditError):
            log.append(ENTRY)
        monkeypatch.setattr(os, "fsync", hang)
        writing = threading.Thread(target=log.append, args=(ENTRY,))
        asking = threading.Thread(target=lambda: told.append(log.works()))
        writing.start()
        at_it.wait(30)
        asking.start()
        asking.join(10)
        assert told == [False]
        go.set()
        writing.join()
        assert log.works()


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from plainfilm.serve.audit_log import AuditLog, Entry
log = AuditLog(Path({str(tmp_path / "log")!r}))
while True: print(log.append(Entry("-", "tiny", "1", "a" * 64, "b" * 64, "read")), flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        acknowledged = [run.stdout.readline().strip() for _ in range(20)]
        os.kill(run.pid, signal.SIGKILL)
    with closing(AuditLog(tmp_path / "log")) as log:
        log.append(ENTRY)
    assert verify(tmp_path / "log", head=acknowledged[-1]).broken_at is None
