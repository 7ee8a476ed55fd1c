"""A prepare that is killed, or runs out of disk, at every step it takes in its folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from plainfilm.datasets import PrepareOptions, prepare

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork and no SIGKILL there")

# Prepares the data set argv[1] into argv[2] again and again, each time in a child, from nothing or
# from a copy of argv[4]; afterwards the folder must not pass for whole unless it is, and the same
# command must end with the files of argv[3], prepared in one go. Prints how many steps there were.
BEGIN = """
import os, pathlib, resource, shutil, signal, sys
from plainfilm.datasets import Cache, Manifest, PrepareOptions, cache, prepare
from plainfilm.errors import DatasetError

source, out, whole, *other = map(pathlib.Path, sys.argv[1:])
cache._BLOCK = 10  # four marks of progress for forty films

def run():
    options = PrepareOptions(threads=1, overwrite=bool(other))
    prepare("chestxray14", source, out, size=16, options=options)

def in_a_child(work):
    if other:
        shutil.copytree(other[0], out)
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except DatasetError as error:
            os._exit(3 if "the disk is full" in str(error) else 4)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def check_not_half():
    if (out / "manifest.json").exists():
        Cache.open(out).check_fits(Manifest.load(out))
    elif (out / "cache.json").exists():
        Cache.open(out)

def check_goes_on():
    run()
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}
    for path in whole.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    shutil.rmtree(out)
"""

KILL = """
EVENTS = ("open", "os.mkdir", "os.rename", "os.remove")

def killed_at(step):
    left = step
    def count(event, arguments):
        nonlocal left
        if event in EVENTS and any(str(a).startswith(str(out)) for a in arguments):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
    def work():
        sys.addaudithook(count)
        run()
    return in_a_child(work)

steps = 0
while killed_at(steps) == -signal.SIGKILL:
    if out.exists():
        check_not_half()
    check_goes_on()
    steps += 1
print(steps)
"""

FILL = """
def filled_at(limit):
    def work():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        run()
    return in_a_child(work)

steps = 0
sizes = sorted({path.stat().st_size for path in whole.iterdir()} - {0})
for limit in (0, 100, 1000, *(size + more for size in sizes for more in (-1, 0))):
    full = limit < sizes[-1]
    assert filled_at(limit) == (3 if full else 0), limit
    check_not_half()
    if full:
        assert not (out / "manifest.json").exists()
        steps += 1
    check_goes_on()
print(steps)
"""


@pytest.fixture
def whole(nih_folder: Path, tmp_path: Path) -> Path:
    """The folder that an undisturbed prepare leaves."""
    options = PrepareOptions(threads=1)
    prepare("chestxray14", nih_folder, tmp_path / "whole", size=16, options=options)
    return tmp_path / "whole"


def stopped(script: str, *folders: Path) -> int:
    """How often the script stopped a prepare; AssertionError where one did not go on."""
    command = [sys.executable, "-c", BEGIN + script, *folders]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    return int(found.stdout)


@pytest.mark.parametrize(("script", "at_least"), [(KILL, 25), (FILL, 6)], ids=["killed", "full"])
def test_a_prepare_stopped_at_any_step_goes_on_to_the_same_files(
    nih_folder: Path, whole: Path, tmp_path: Path, script: str, at_least: int
) -> None:
    assert stopped(script, nih_folder, tmp_path / "out", whole) >= at_least


def test_a_folder_half_replaced_never_passes_for_whole(
    nih_folder: Path, whole: Path, tmp_path: Path
) -> None:
    options = PrepareOptions(seed=1, threads=1)
    prepare("chestxray14", nih_folder, tmp_path / "other", size=24, policy="pad", options=options)

    assert stopped(KILL, nih_folder, tmp_path / "out", whole, tmp_path / "other") >= 25
