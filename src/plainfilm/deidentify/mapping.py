"""Which file became which: a table for its owner's eyes, since it undoes the de-identification."""

import csv
import os
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Self

HEAD = ("file", "film")


def is_map(path: Path) -> bool:
    """Whether a file begins as a `MapFile` does."""
    with path.open("rb") as file:
        return file.readline() == ",".join(HEAD).encode() + b"\n"


class MapFile:
    """A CSV file of paths and new names, which only its owner may read (mode 0600).

    A row is on the disk before its film is, so that a killed run leaves no film without one. A
    path of None keeps nothing.

    Raises
    ------
    OSError
        The disk refuses; the rows before are whole.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None  # None: closed, or nothing is kept

    def __enter__(self) -> Self:
        if self._path is not None:
            self._path.unlink(missing_ok=True)  # an old one's mode would stay
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._write(*HEAD)
        return self

    def add(self, path: Path, name: str) -> None:
        """Note what a file became; an empty name = nothing, it could not be read."""
        self._write(str(path), name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            os.close(self._file)

    def _write(self, *cells: str) -> None:
        if self._file is None:
            return
        row = StringIO()
        csv.writer(row, lineterminator="\n").writerow(cells)
        left = row.getvalue().encode("utf-8", errors="surrogateescape")
        n_before = os.fstat(self._file).st_size
        try:
            while left:  # a disk that is nearly full takes a part
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, n_before)
            raise
