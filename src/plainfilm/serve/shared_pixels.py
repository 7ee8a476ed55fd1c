"""Pixels from a child to its parent through memory that both see, rather than through a pipe.

The memory belongs to no file and has no name. The parent takes a copy before it looks at anything:
what the child writes afterwards changes nothing. Where the system has no such memory (other than
Linux), pixels go through the pipe.
"""

import mmap
import os

import numpy as np
from numpy.typing import NDArray

Flat = NDArray[np.float32]

NOWHERE = -1
"""The number in the place of a file descriptor, where there is no shared memory."""

_KEPT_BYTES = 2**25  # stays in memory between films: one of 8 megapixels


class Taker:
    """The parent's side.

    Parameters
    ----------
    n_bytes
        The most that one film's pixels may take.
    """

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self.file = NOWHERE
        if hasattr(os, "memfd_create"):
            self.file = os.memfd_create("film")
            os.ftruncate(self.file, n_bytes)

    @property
    def inherited(self) -> tuple[int, ...]:
        """What a child must inherit: one file descriptor or none."""
        return () if self.file == NOWHERE else (self.file,)

    def take(self, n_bytes: int) -> Flat:
        """A copy of the first bytes, a multiple of four; what a large film held is given back.

        Raises
        ------
        ValueError
            So many are not there: the child cut them off.
        """
        pixels: Flat = np.empty(n_bytes // 4, dtype=np.float32)
        left = pixels.data.cast("B")
        while left:
            n_read = os.preadv(self.file, [left], n_bytes - len(left))
            if n_read == 0:
                raise ValueError(f"{len(left)} of {n_bytes} bytes are missing")
            left = left[n_read:]
        if n_bytes > _KEPT_BYTES:
            os.ftruncate(self.file, 0)
            os.ftruncate(self.file, self._n_bytes)
        return pixels

    def close(self) -> None:
        """Give the memory back; after the child's end."""
        if self.file != NOWHERE:
            os.close(self.file)
            self.file = NOWHERE


class Giver:
    """The child's side of memory behind an inherited file descriptor."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._kept = mmap.mmap(file, _KEPT_BYTES)

    def give(self, pixels: memoryview) -> None:
        """Put the bytes there, from the first on."""
        if len(pixels) <= _KEPT_BYTES:
            self._kept[: len(pixels)] = pixels
            return
        with mmap.mmap(self._file, len(pixels)) as whole:
            whole[:] = pixels
