"""Decoded, fitted pixels of a data set: one uint8 array on disk, memory-mapped.

`cache.npy` is (n, S, S) in the manifest's order; `cache.json` says what it holds and stands there
only when it is whole. Until then `cache.progress.json` says how many films are safely written: a
killed or full run goes on from there. Both count the films' sizes, known while decoding.

Films are appended with plain writes, never through a memory map: on a full disk a write says so,
a map kills the process.
"""

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from plainfilm.datasets import manifest as manifest_files
from plainfilm.datasets.cache_record import (
    PROGRESS_NAME,
    RECORD_NAME,
    CacheContent,
    CacheRecord,
    Size,
)
from plainfilm.datasets.files import clear_disk_errors
from plainfilm.datasets.fit import FitPolicy, fit
from plainfilm.datasets.manifest import Manifest, Sample
from plainfilm.datasets.stored import StoredRecord
from plainfilm.errors import DatasetError, ImageError
from plainfilm.images import read_radiograph

__all__ = [
    "NAMES",
    "PIXELS_NAME",
    "Cache",
    "CacheContent",
    "check_replaceable",
    "discard_cache",
    "picture_digests",
    "write_cache",
]

PIXELS_NAME = "cache.npy"
NAMES = (RECORD_NAME, PROGRESS_NAME, PIXELS_NAME)

_BLOCK = 128  # films between two marks of progress; each mark costs one fsync
_SPARE_BYTES = 1 << 20  # manifest and marks

_RESUME = "Free some space and run the same command again; it goes on where it stopped."


@dataclass(frozen=True, eq=False)
class Cache:
    """The fitted pixels of every film of a manifest.

    Parameters
    ----------
    pixels
        uint8 (n, S, S), memory-mapped, read only; in the order of `Manifest.samples`.
    content
        What the array holds.
    """

    pixels: NDArray[np.uint8]
    content: CacheContent

    @property
    def size(self) -> int:
        """Side of the squares, in pixels."""
        return self.content.size

    @property
    def policy(self) -> FitPolicy:
        """How the films were fitted."""
        return self.content.policy

    @classmethod
    def open(cls, folder: Path) -> "Cache":
        """The cache in a prepared folder.

        Raises
        ------
        DatasetError
            It is missing, unfinished, cut off, or belongs to other films than the manifest beside.
        """
        content = _finished(folder)
        if content is None:
            words = "no finished cache" if folder.is_dir() else "no such folder"
            raise DatasetError(f"{folder.name}: {words}. Run: plainfilm prepare")
        path = folder / PIXELS_NAME
        expected = len(_header(content)) + content.n * content.size**2
        found = path.stat().st_size if path.is_file() else 0
        if found != expected:
            words = f"{found:,} bytes; expected {expected:,}"
            raise DatasetError(f"{PIXELS_NAME}: {words}. Remove {RECORD_NAME} and prepare again.")
        _check_manifest_beside(folder, content)
        return cls(np.load(path, mmap_mode="r", allow_pickle=False), content)

    def check_fits(self, manifest: Manifest) -> None:
        """DatasetError unless the cache holds exactly the manifest's films, in its order."""
        if self.content.images_sha256 != manifest.images_sha256:
            found = f"{self.content.n:,} films, not these {len(manifest):,} in this order"
            raise DatasetError(f"{PIXELS_NAME}: holds {found}. Prepare the data set again.")


def write_cache(
    manifest: Manifest, folder: Path, content: CacheContent, *, threads: int = 1
) -> Cache:
    """Decode and fit every film into `folder`, or go on where an earlier run stopped.

    Parameters
    ----------
    manifest
        The films.
    folder
        Exists; the caller holds its lock.
    content
        What the cache shall hold.
    threads
        Films decoded at the same time; the result does not depend on it.

    Raises
    ------
    DatasetError
        A film cannot be read, or the disk is full; what is written stays and is used next time.
    """
    with clear_disk_errors(folder, _RESUME):
        if _finished(folder) != content:
            _fill(manifest, folder, content, threads)
        (folder / PROGRESS_NAME).unlink(missing_ok=True)
    return Cache.open(folder)


def check_replaceable(folder: Path, content: CacheContent) -> None:
    """DatasetError where `folder` holds a whole or half cache of something else."""
    for name, there in ((RECORD_NAME, _finished(folder)), (PROGRESS_NAME, _begun(folder))):
        if there is not None and there != content:
            found = f"{name} tells of {there.n:,} films at {there.size} pixels ({there.policy})"
            wanted = f"{content.n:,} at {content.size} ({content.policy}), or other films"
            advice = "Take another folder, or overwrite this one (--force)"
            raise DatasetError(f"{folder.name}: {found}; asked for {wanted}. {advice}.")


def discard_cache(folder: Path) -> None:
    """Remove a whole or half cache; its record first, so that a half never passes for a whole."""
    for name in NAMES:
        (folder / name).unlink(missing_ok=True)


def picture_digests(pixels: NDArray[np.uint8]) -> list[bytes | None]:
    """What is equal for equal pictures, per film; None for a film of one single grey.

    Two blank exposures are the same picture without being one film.
    """
    return [None if film.min() == film.max() else hashlib.sha256(film).digest() for film in pixels]


def _fill(manifest: Manifest, folder: Path, content: CacheContent, threads: int) -> None:
    done, sizes = _written(folder, content)
    _check_space(folder, content, done)
    if not done:
        discard_cache(folder)
    mode = "r+b" if done else "wb"
    with (
        (folder / PIXELS_NAME).open(mode) as stream,
        tqdm(total=content.n, initial=done, unit="film", desc="cache", disable=None) as bar,
    ):
        if not done:
            stream.write(_header(content))
        stream.truncate(_offset(content, done))
        stream.seek(0, os.SEEK_END)
        while done < content.n:
            block = manifest.samples[done : done + _BLOCK]
            for square, size in _squares(manifest.root, block, content, threads):
                stream.write(square)
                sizes[size] += 1
                bar.update()
            done += len(block)
            _sync(stream)
            CacheRecord(content, done, sizes).write(folder / PROGRESS_NAME)
        _sync(stream)
    CacheRecord(content, done, sizes).write(folder / RECORD_NAME)


def _squares(
    root: Path, samples: tuple[Sample, ...], content: CacheContent, threads: int
) -> Iterator[tuple[bytes, Size]]:
    """Each film's square, and the size it had before."""

    def square(sample: Sample) -> tuple[bytes, Size]:
        try:
            film = read_radiograph(root / sample.image)
        except ImageError as error:
            advice = "Replace the file and run the same command again; what is done is kept."
            raise DatasetError(f"{str(error).rstrip('.')}. {advice}") from error
        height, width = film.pixels.shape
        return fit(film.pixels, content.size, content.policy).tobytes(), (width, height)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        yield from pool.map(square, samples)


def _written(folder: Path, content: CacheContent) -> tuple[int, Counter[Size]]:
    """How many films an earlier run of the same left safely on disk, and their sizes."""
    path = folder / PIXELS_NAME
    record = CacheRecord.read(folder / PROGRESS_NAME)
    if record is None or record.content != content or record.sizes is None or not path.is_file():
        return 0, Counter()
    done = record.n_written
    if not 0 <= done <= content.n or path.stat().st_size < _offset(content, done):
        return 0, Counter()
    return done, Counter(record.sizes)


def _check_space(folder: Path, content: CacheContent, done: int) -> None:
    present = (folder / PIXELS_NAME).stat().st_size if (folder / PIXELS_NAME).exists() else 0
    needed = _offset(content, content.n) - (present if done else 0) + _SPARE_BYTES
    free = shutil.disk_usage(folder).free + (0 if done else present)
    if free < needed:
        found = f"{free / 1e6:,.0f} MB are free, {needed / 1e6:,.0f} MB are needed"
        raise DatasetError(f"{folder.name}: the disk is too full: {found}. {_RESUME}")


def _header(content: CacheContent) -> bytes:
    """The first bytes of cache.npy, as numpy's own format has them."""
    shape = (content.n, content.size, content.size)
    description = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    length = -(-(10 + len(description) + 1) // 64) * 64  # numpy aligns the array to 64 bytes
    padded = description.ljust(length - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + (length - 10).to_bytes(2, "little") + padded.encode()


def _offset(content: CacheContent, done: int) -> int:
    return len(_header(content)) + done * content.size**2


def _sync(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _finished(folder: Path) -> CacheContent | None:
    return _content(folder / RECORD_NAME)


def _begun(folder: Path) -> CacheContent | None:
    return _content(folder / PROGRESS_NAME)


def _content(path: Path) -> CacheContent | None:
    record = CacheRecord.read(path)
    return None if record is None else record.content


def _check_manifest_beside(folder: Path, content: CacheContent) -> None:
    """A manifest that was saved beside the cache must tell of the same films."""
    path = folder / manifest_files.RECORD_NAME
    if path.is_file():
        found = StoredRecord.read(path, manifest_files.FORMAT).text("images_sha256")
        if found != content.images_sha256:
            words = f"{PIXELS_NAME} holds other films than {path.name} lists"
            raise DatasetError(f"{folder.name}: {words}. Prepare the data set again.")
