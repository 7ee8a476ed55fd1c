"""Sources: where a server's versions come from, a repository or bundles that are given."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from plainfilm.errors import BundleError
from plainfilm.reading.shelf import bundled, find_bundle
from plainfilm.serve.policy import Policy
from plainfilm.serve.repository import Repository, Shelved


class Source(Protocol):
    """Where versions come from."""

    def names(self) -> tuple[str, ...]:
        """The bundles' names."""

    def shelved(self, name: str) -> Shelved:
        """The versions of one of them; BundleError where its shelf cannot be read."""


@dataclass(frozen=True)
class FixedSource:
    """Bundles that are given by their paths; each is version 1 under the name it has."""

    paths: Mapping[str, Path]

    def names(self) -> tuple[str, ...]:
        """The bundles' names."""
        return tuple(self.paths)

    def shelved(self, name: str) -> Shelved:
        """The one version there is."""
        if name not in self.paths:
            raise BundleError(f"{name[:64]}: not served; there are {', '.join(self.paths)}")
        return Shelved(name, {1: self.paths[name]}, Policy())


def open_source(place: Path | str | None) -> Source:
    """The bundles at a place: a bundle's path or name, a repository's folder; None = the shipped.

    Raises
    ------
    BundleError
        There is no such thing, or it is a folder of something else. A repository may be empty.
    """
    if place is None:
        return FixedSource({path.stem: path for path in bundled()})
    folder = Path(place)
    if folder.is_dir() and not (folder / "bundle.json").exists():
        repository = Repository(folder)
        with suppress(OSError):  # one that cannot be listed now may be later, and is told of then
            repository.check()
        return repository
    path = find_bundle(place)
    return FixedSource({path.stem.lower(): path})
