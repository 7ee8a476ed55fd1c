"""Nothing of a process that is ended stays behind, be this one the first of its machine."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from plainfilm.serve.orphans import end_group

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h
PARENT = ["sh", "-c", "sleep 1000 & echo $!; wait"]


@pytest.fixture
def first_process() -> Iterator[None]:
    """This process gets those whose parents end, as the first one of a container does."""
    if sys.platform != "linux":
        pytest.skip("only Linux can make a process the heir of what it started")
    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, ctypes.c_ulong(1))
    yield
    libc.prctl(SUBREAPER, ctypes.c_ulong(0))


def started() -> tuple[subprocess.Popen[bytes], int]:
    """A process in a session of its own, and the number of the one that it started."""
    parent = subprocess.Popen(PARENT, stdout=subprocess.PIPE, start_new_session=True)
    assert parent.stdout is not None
    with parent.stdout as told:
        return parent, int(told.readline())


@pytest.mark.parametrize("is_dead", [False, True])
def test_no_zombie_is_left_to_the_first_process_of_a_machine(
    first_process: None, is_dead: bool
) -> None:
    """A film that ends its decoder in GDCM's process left one each time: a container fills up."""
    parent, grandchild = started()
    if is_dead:
        parent.kill()
        parent.wait()

    end_group(parent)

    for process in (parent.pid, grandchild):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)  # a zombie would still be there


def test_what_ended_by_itself_is_ended_without_fault() -> None:
    parent = subprocess.Popen(["true"], start_new_session=True)
    parent.wait()

    end_group(parent)

    assert parent.returncode == 0
