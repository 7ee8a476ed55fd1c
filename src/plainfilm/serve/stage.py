"""Stage: the versions that answer now, and how one takes another's place without losing a request.

What is on the stage is one immutable mapping. A change makes a new mapping and assigns it; a
request holds the version that it began with until it is answered, and a version that left the
stage is let go when the last such request ends.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from plainfilm.reading import Reader
from plainfilm.serve.policy import Policy
from plainfilm.serve.problems import not_found, unavailable

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class State(StrEnum):
    """How far a version is; the words of the repository index (Triton's extension of OIP)."""

    LOADING = "LOADING"
    READY = "READY"
    DRAINING = "UNLOADING"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, order=True)
class Place:
    """A bundle's name and the number of its version in the repository."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"


@dataclass(eq=False)
class LoadedVersion:
    """A version that can answer; `in_flight` counts the requests that hold it.

    `stamp` tells whether the files it was loaded from have changed.
    """

    place: Place
    reader: Reader
    stamp: object = None
    in_flight: int = 0


@dataclass(frozen=True)
class Cast:
    """The loaded versions of one bundle, and the policy that chooses among them."""

    versions: Mapping[int, LoadedVersion]
    policy: Policy = field(default_factory=Policy)

    def default(self, draw: float) -> LoadedVersion:
        """Which version answers a request that names none; `draw` is in [0, 1).

        A canary answers its percentage of requests, else the stable version; where no version has
        that label, the one with the highest number, or none where only promoted ones may.

        Raises
        ------
        Problem
            503: the stable version is not loaded, or none is promoted.
        """
        canary = self.versions.get(self.policy.canary or 0)
        if canary is not None and 100 * draw < self.policy.percent:
            return canary
        if self.policy.stable is not None:
            if self.policy.stable not in self.versions:
                reason = f"its stable version, {self.policy.stable}, is not loaded"
                raise unavailable("not-ready", f"{reason}; see /v2/health/ready", 2)
            return self.versions[self.policy.stable]
        if self.policy.promoted_only:
            reason = "none of its versions is promoted (plainfilm bundles promote NAME VERSION)"
            raise unavailable("not-ready", reason, 2)
        settled = set(self.versions) - self.policy.on_trial
        return self.versions[max(settled or self.versions)]

    @property
    def shadow(self) -> LoadedVersion | None:
        """The version that is asked too and never heard; None = none is."""
        return self.versions.get(self.policy.shadow or 0)


class Stage:
    """The versions that answer now. To be used in one event loop."""

    def __init__(self) -> None:
        self.casts: Mapping[str, Cast] = MappingProxyType({})
        self.leaving: set[LoadedVersion] = set()

    @property
    def loaded(self) -> frozenset[Place]:
        """The versions that answer now."""
        return frozenset(v.place for cast in self.casts.values() for v in cast.versions.values())

    def put(self, casts: Mapping[str, Cast]) -> None:
        """From now on these answer; what is not among them leaves when its requests are done."""
        before = {version for cast in self.casts.values() for version in cast.versions.values()}
        after = {version for cast in casts.values() for version in cast.versions.values()}
        self.casts = MappingProxyType({n: c for n, c in sorted(casts.items()) if c.versions})
        self.leaving = {version for version in self.leaving | before - after if version.in_flight}

    @contextmanager
    def holding(self, version: LoadedVersion) -> Iterator[LoadedVersion]:
        """Keep a version from being let go while a request needs it."""
        version.in_flight += 1
        try:
            yield version
        finally:
            version.in_flight -= 1
            if not version.in_flight:
                self.leaving.discard(version)

    def cast_of(self, name: str) -> Cast:
        """The versions of a bundle.

        Raises
        ------
        Problem
            404: no such bundle is loaded; 503: none is.
        """
        if not self.casts:
            raise unavailable("not-ready", "no bundle is loaded; see /v2/health/ready", 2)
        if name not in self.casts:
            raise not_found(f"no bundle of this name is served; there are {', '.join(self.casts)}")
        return self.casts[name]

    def version_of(self, name: str, version: str | None, draw: float) -> LoadedVersion:
        """The version that answers: the one named, or the policy's choice.

        Raises
        ------
        Problem
            404: it is not loaded; the message tells which are.
        """
        cast = self.cast_of(name)
        if version is None or version == "":
            return cast.default(draw)
        number = int(version) if _NUMBER.fullmatch(version) else 0
        if number not in cast.versions:
            there = ", ".join(map(str, sorted(cast.versions)))
            raise not_found(f"{name}: this version is not loaded; there are {there}")
        return cast.versions[number]
