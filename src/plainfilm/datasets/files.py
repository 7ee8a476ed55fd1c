"""Files as data sets read and lock them: one process at a time; tables; what the disk refuses."""

import contextlib
import csv
import errno
import gzip
import hashlib
import io
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from plainfilm.errors import DatasetError

LOCK_NAME = ".lock"

# A file size limit (EFBIG) and a used-up quota stop a write just as a full disk does.
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; unpacked where its name ends in ".gz".

    Raises
    ------
    DatasetError
        The file is missing, unreadable, a broken gzip file, or not UTF-8.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")  # a spreadsheet may have put a byte order mark in front
    except FileNotFoundError as error:
        raise DatasetError(f"{path.name}: no such file in {path.parent.name or '.'}") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path.name}: cannot be read as text ({_reason(error)})") from error


def read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a comma-separated file; see `read_text` and `parse_table`."""
    return parse_table(path.name, read_text(path))


def parse_table(name: str, text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of comma-separated text; every row has as many cells as the header.

    Blank lines, which spreadsheets like to leave at the end, are no rows.

    Raises
    ------
    DatasetError
        No header, or a row of another length (its last line is named), or a broken quotation.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise DatasetError(f"{name}: not a comma-separated table ({error})") from error
    if not rows:
        raise DatasetError(f"{name}: empty; expected a header line")
    header, body = rows[0][1], [row for _, row in rows[1:]]
    for number, row in rows[1:]:
        if len(row) != len(header):
            found = f"line {number} has {len(row)} cells; expected {len(header)}"
            raise DatasetError(f"{name}: {found}. Is the file cut off?")
    return header, body


def check_once(images: Sequence[str]) -> None:
    """DatasetError, naming the film without its folder, where a table lists one twice."""
    if len(set(images)) != len(images):
        twice = Counter(images).most_common(1)[0][0].rpartition("/")[2]
        raise DatasetError(f"{twice} stands there twice; expected each film once")


def table_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """A comma-separated file with these rows, the header first; each line ends in LF."""
    stream = io.StringIO(newline="")
    plain = csv.writer(stream, lineterminator="\n")
    quoting = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:  # csv itself leaves a lone CR without quotes, and reads it as a line's end
        has_cr = any(isinstance(cell, str) and "\r" in cell for cell in row)
        (quoting if has_cr else plain).writerow(row)
    return stream.getvalue().encode()


def list_folder(folder: Path) -> tuple[Path, ...]:
    """What stands in a folder, sorted by name, so that every machine sees the same order.

    Raises
    ------
    DatasetError
        The folder is missing, is no folder, or may not be read.
    """
    try:
        return tuple(sorted(folder.iterdir()))
    except OSError as error:
        raise DatasetError(
            f"{folder.name or folder}: not a readable folder ({_reason(error)})"
        ) from error


def count_others(folder: Path, own: Container[str]) -> int:
    """How many things in a folder have other names than `own`; hidden ones do not count.

    0 where there is no such folder.
    """
    if not folder.is_dir():
        return 0
    names = [path.name for path in list_folder(folder)]
    return sum(name not in own and not name.startswith(".") for name in names)


@contextlib.contextmanager
def clear_disk_errors(folder: Path, advice: str) -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, not allowed) into one DatasetError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise DatasetError(f"{folder.name}: the disk is full. {advice}") from error
        raise DatasetError(f"{folder.name}: cannot be written to ({_reason(error)})") from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for one process; the system lets go when the process ends, however it ends.

    Raises
    ------
    DatasetError
        Another process holds the folder.
    """
    with (folder / LOCK_NAME).open("ab") as stream:
        try:
            _lock(stream)
        except OSError as error:
            words = "another process is writing here; wait for it, or take another folder"
            raise DatasetError(f"{folder.name}: {words}") from error
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _reason(error: Exception) -> str:
    """What went wrong, without the path that an OSError carries."""
    return (error.strerror or "unknown") if isinstance(error, OSError) else str(error)
