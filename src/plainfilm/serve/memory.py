"""Memory: what is free given back to the system, and what stays not looked through again and again.

A network's memory is freed in pieces among others that live on, and glibc keeps the pages: without
this, swaps under load raised the process from 260 to 350 MB though no version was held.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def give_back() -> None:
    """Ask the C library to return what is free; nothing where it cannot (only glibc can)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


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
