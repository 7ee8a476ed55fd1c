"""Memory: what is free given back to the system, what stays not looked through again and again, and
the most there ever was.

A network's memory is freed in pieces among others that live on, and glibc keeps the pages: without
this, swaps under load raised the process from 260 to 350 MB though no version was held.
"""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_STATUS = Path("/proc/self/status")


def give_back() -> None:
    """Ask the C library to return what is free; nothing where it cannot (only glibc can)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def peak_bytes() -> int | None:
    """The most memory that this process ever had in use; None where the system does not tell.

    Linux counts the process that started this one in what `getrusage` gives, and not in its own
    file; elsewhere it is `getrusage`, which macOS gives in bytes and others in kB.
    """
    with suppress(OSError):
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return None


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage while a program starts: what it imports stays, and is looked through anew
    with every few thousand objects more, which is a seventh of the server's start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def keep_for_good() -> None:
    """Look for garbage from now on, but never among what is there: no request waits for that."""
    gc.freeze()
    gc.enable()
