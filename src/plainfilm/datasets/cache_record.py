"""What a cache holds, as `cache.json` and `cache.progress.json` beside it tell: `CacheRecord`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plainfilm.datasets.fit import POLICIES, FitPolicy
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.stored import StoredRecord
from plainfilm.errors import DatasetError
from plainfilm.whole_files import write_whole

FORMAT = "plainfilm.cache/1"
RECORD_NAME = "cache.json"
PROGRESS_NAME = "cache.progress.json"

_SIZES = "film_sizes"
_SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)", re.ASCII)

Size = tuple[int, int]  # width and height of a film as displayed, in its own pixels


@dataclass(frozen=True)
class CacheContent:
    """What a cache holds: which films (`Manifest.images_sha256`), how many, fitted how."""

    images_sha256: str
    n: int
    size: int
    policy: FitPolicy

    @classmethod
    def of(cls, manifest: Manifest, size: int, policy: FitPolicy) -> "CacheContent":
        """What a cache of these films would hold."""
        if not 8 <= size <= 4096:
            raise DatasetError(f"size: found {size}; expected the films' side, 8 to 4096 pixels")
        if policy not in POLICIES:
            raise DatasetError(f"policy: found {policy!r}; expected one of {', '.join(POLICIES)}")
        return cls(manifest.images_sha256, len(manifest), size, policy)


@dataclass(frozen=True)
class CacheRecord:
    """What a cache shall hold, and how far it is.

    Parameters
    ----------
    content
        What it holds when it is whole.
    n_written
        Films safely on the disk.
    sizes
        Size → how many of those had it before they were fitted; None = not counted, as in caches
        of older versions.
    """

    content: CacheContent
    n_written: int
    sizes: Mapping[Size, int] | None

    @classmethod
    def read(cls, path: Path) -> "CacheRecord | None":
        """The record in a file; None where there is no such file.

        Raises
        ------
        DatasetError
            The file is no such record.
        """
        if not path.is_file():
            return None
        stored = StoredRecord.read(path, FORMAT)
        policy = stored.text("policy")
        if policy not in POLICIES:
            words = f"unknown policy {policy!r}"
            raise DatasetError(f"{path.name}: {words}. Remove it and prepare again.")
        content = CacheContent(
            stored.text("images_sha256"), stored.whole("n"), stored.whole("size"), policy
        )
        sizes = _sizes(stored) if stored.has(_SIZES) else None
        return cls(content, stored.whole("n_written"), sizes)

    def write(self, path: Path) -> None:
        """Put the record into a file, whole or not at all."""
        counted = (self.sizes or {}).items()
        record = {
            "format": FORMAT,
            "images_sha256": self.content.images_sha256,
            "n": self.content.n,
            "size": self.content.size,
            "policy": self.content.policy,
            "n_written": self.n_written,
            _SIZES: {f"{width}x{height}": n for (width, height), n in counted} or None,
        }
        write_whole(path, (json.dumps(record, indent=1) + "\n").encode())


def _sizes(stored: StoredRecord) -> dict[Size, int]:
    sizes: dict[Size, int] = {}
    for key, n in stored.counts(_SIZES).items():
        match = _SIZE.fullmatch(key)
        if match is None or n < 1:
            found = f"{key!r}: {n} in {_SIZES}; expected a size and films, as in '1024x1024': 7"
            raise DatasetError(f"{stored.name}: {found}. Remove it and prepare again.")
        sizes[int(match[1]), int(match[2])] = n
    return sizes
