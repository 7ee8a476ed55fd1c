"""Each film of an archive once, whatever is killed on the way."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from plainfilm.archive.queue import Queue
from plainfilm.archive.run import ArchiveOptions, score_archive
from plainfilm.errors import BundleError, DatasetError, ReportError
from plainfilm.film_files import ReadOptions

ONE = ArchiveOptions(workers=1)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def copies(archive: Path, n_films: int) -> None:
    for number in range(n_films):
        shutil.copy(archive / "1.png", archive / f"copy-{number:03}.png")


def test_every_file_is_a_row_once(bundle: Path, archive: Path, tmp_path: Path) -> None:
    (archive / "link").symlink_to(archive / "2004")
    told: list[tuple[int, int]] = []
    outcomes = score_archive(
        bundle, archive, tmp_path / "t.csv", options=ONE, progress=lambda *n: told.append(n)
    )
    found = {row["path"]: row["outcome"] for row in rows(tmp_path / "t.csv")}
    assert found == {
        "1.png": "read", "2004/a/1.dcm": "read", "2004/slice.dcm": "error",
        "link": "error", "readme.txt": "error",
    }  # fmt: skip
    assert outcomes == Counter(found.values())
    assert told[0] == (1, 5)
    assert told[-1] == (5, 5)
    assert not list(tmp_path.glob("*.queue"))
    assert "Doe" not in (tmp_path / "t.csv").read_text()


def test_killed_workers_lose_and_double_nothing(
    bundle: Path, archive: Path, tmp_path: Path
) -> None:
    copies(archive, 60)
    killed: set[str] = set()

    def kill(n_done: int, n_films: int) -> None:
        with closing(Queue(tmp_path / "t.csv.queue" / "films.sqlite")) as queue:
            for lease in queue.leases():
                if len(killed) < 3 and lease.path not in killed:
                    killed.add(lease.path)
                    os.kill(lease.worker, signal.SIGKILL)

    options = ArchiveOptions(workers=2)
    outcomes = score_archive(bundle, archive, tmp_path / "t.csv", options=options, progress=kill)
    assert killed
    assert outcomes == {"read": 62, "error": 2}
    names = [row["path"] for row in rows(tmp_path / "t.csv")]
    assert len(names) == len(set(names)) == 64


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(bundle: Path, archive: Path, tmp_path: Path) -> None:
    copies(archive, 200)
    out = tmp_path / "t.csv"
    command = [sys.executable, "-m", "plainfilm", "score", str(archive), "--bundle", str(bundle)]
    run = subprocess.Popen([*command, "--out", str(out), "--workers", "1"])
    place, until = tmp_path / "t.csv.queue" / "films.sqlite", time.monotonic() + 60
    n_done = 0
    while n_done < 5:
        assert time.monotonic() < until
        assert run.poll() is None
        if place.exists():
            with closing(Queue(place)) as queue:
                n_done = queue.counts()[0]
    run.kill()
    run.wait()
    assert not out.exists()
    told: list[int] = []
    outcomes = score_archive(
        bundle, archive, out, options=ONE, progress=lambda n, _: told.append(n)
    )
    assert told[0] >= n_done
    assert outcomes == {"read": 202, "error": 2}
    assert len({row["path"] for row in rows(out)}) == 204


def test_work_begun_otherwise_is_not_mixed(bundle: Path, archive: Path, tmp_path: Path) -> None:
    place = tmp_path / "t.csv.queue"
    place.mkdir()
    with closing(Queue(place / "films.sqlite")) as queue:
        queue.note({"bundle_sha256": "0" * 64})
    with pytest.raises(ReportError, match="begun with another bundle"):
        score_archive(bundle, archive, tmp_path / "t.csv", options=ONE)
    anew = ArchiveOptions(1, overwrite=True, reading=ReadOptions(body_part="knee"))
    assert score_archive(bundle, archive, tmp_path / "t.csv", options=anew)["refused"] == 2


def test_two_at_once_do_not_share_a_table(bundle: Path, archive: Path, tmp_path: Path) -> None:
    def again(n_done: int, n_films: int) -> None:
        with pytest.raises(ReportError, match="another process is at work"):
            score_archive(bundle, archive, tmp_path / "t.csv", options=ONE)

    score_archive(bundle, archive, tmp_path / "t.csv", options=ONE, progress=again)


def test_a_full_disk_is_told_as_one_and_the_work_goes_on(
    bundle: Path, archive: Path, tmp_path: Path
) -> None:
    """F4: a file may grow no further, as where the disk is full; in a process of its own."""
    code = f"""
import resource, signal, sys
from plainfilm.archive.run import ArchiveOptions, score_archive
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
from pathlib import Path
found = score_archive(Path({str(bundle)!r}), Path({str(archive)!r}),
                      Path({str(tmp_path / "t.csv")!r}), options=ArchiveOptions(1))
print(sum(found.values()))
"""
    for room in (0, 12_000):
        command = [sys.executable, "-c", code, str(room)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = done.stderr.splitlines()[-1]
        assert "ReportError: t.csv.queue: cannot be written (" in last, done.stderr
    done = subprocess.run([*command[:-1], "-1"], capture_output=True, text=True, check=False)
    shown = [path for path in archive.rglob("[!.]*") if path.is_file()]
    assert int(done.stdout) == len(shown)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [("bundle", BundleError), ("archive", DatasetError), ("out", ReportError)],
)
def test_what_cannot_begin_leaves_nothing(
    bundle: Path, archive: Path, tmp_path: Path, wrong: str, error: type[Exception]
) -> None:
    paths = {"bundle": bundle, "archive": archive, "out": tmp_path / "t.csv"}
    paths[wrong] = tmp_path / "nothing" / "here.csv"
    before = sorted(tmp_path.iterdir())
    with pytest.raises(error):
        score_archive(paths["bundle"], paths["archive"], paths["out"], options=ONE)
    assert sorted(tmp_path.iterdir()) == before
