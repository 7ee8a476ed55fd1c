import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plainfilm.whole_files import sweep, write_synced, write_whole

# Writes argv[1] over and dies by SIGKILL when the named system event first happens.
KILLED = """
import os, pathlib, signal, sys
from plainfilm.whole_files import write_whole

def kill(event, arguments):
    if event == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

path = pathlib.Path(sys.argv[1])
sys.addaudithook(kill)
write_whole(path, b"new" * 100_000)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_holds_the_content_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", b"first")
    write_whole(tmp_path / "a.txt", b"second")

    assert (tmp_path / "a.txt").read_bytes() == b"second"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives away")
def test_a_file_that_root_writes_anew_stays_its_owner_s(tmp_path: Path) -> None:
    """As the keys of a server that runs as somebody else, in a file for its owner alone."""
    (tmp_path / "keys.json").write_bytes(b"old")
    os.chown(tmp_path / "keys.json", 10001, 10002)

    write_whole(tmp_path / "keys.json", b"new")

    found = (tmp_path / "keys.json").stat()
    assert (found.st_uid, found.st_gid) == (10001, 10002)
    assert (tmp_path / "keys.json").read_bytes() == b"new"


def test_a_failed_write_keeps_what_was_there_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with pytest.raises(OSError):
        write_whole(tmp_path / "a", b"content")

    assert names(tmp_path) == ["a"]


def test_a_refusal_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for path in (tmp_path / "a", tmp_path / "no-such-folder" / "seen.png"):
        with pytest.raises(OSError) as refused:
            write_whole(path, b"content")

        assert refused.value.filename == str(path)
        assert ".plainfilm-" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limit there")
def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    code = (
        "import pathlib, resource, sys\n"
        "from plainfilm.whole_files import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_whole(pathlib.Path(sys.argv[1]), b'n' * 100_000)\n"
    )

    command = [sys.executable, "-c", code, str(tmp_path / "a.txt")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "File too large" in found.stderr
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
@pytest.mark.parametrize("event", ["open", "os.rename"])
def test_a_killed_write_keeps_the_old_file(tmp_path: Path, event: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")

    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.txt"), event]
    found = subprocess.run(command, capture_output=True, check=False)

    assert found.returncode == -signal.SIGKILL
    assert (tmp_path / "a.txt").read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_what_a_killed_write_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.txt", ".lock", ".plainfilm"):
        (tmp_path / name).write_bytes(b"old")
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.txt"), "os.rename"]
    subprocess.run(command, capture_output=True, check=False)
    assert len(names(tmp_path)) == 4

    sweep(tmp_path)

    assert names(tmp_path) == [".lock", ".plainfilm", "a.txt"]


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path: Path) -> None:
    longest = os.pathconf(tmp_path, "PC_NAME_MAX") if os.name == "posix" else 200

    write_whole(tmp_path / ("a" * longest), b"content")

    assert names(tmp_path) == ["a" * longest]


def test_a_synced_file_is_never_written_over(tmp_path: Path) -> None:
    write_synced(tmp_path / "a.txt", b"old")

    with pytest.raises(FileExistsError):
        write_synced(tmp_path / "a.txt", b"new")

    assert (tmp_path / "a.txt").read_bytes() == b"old"
