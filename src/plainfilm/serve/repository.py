"""Repository: a folder of bundles in numbered versions; published whole, promoted by a label.

    NAME/VERSION/            a bundle's files, or
    NAME/VERSION.bundle      a zip of them
    NAME/policy.json         which version answers (policy.py)

VERSION is a whole number from 1, and 10 is newer than 9. Whatever else lies there is left alone: a
bundle that is being written has another name until it is whole.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from plainfilm.errors import BundleError
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.promotion import what_is_missing
from plainfilm.reading.verify import verify
from plainfilm.serve.policy import FILE as POLICY_FILE
from plainfilm.serve.policy import Policy, load_policy, save_policy

ZIP_ENDING = ".bundle"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSION = re.compile(r"([1-9][0-9]{0,8})(\.bundle)?")

Versions = Mapping[int, Path]


@dataclass(frozen=True)
class Shelved:
    """One bundle of a repository: where its versions are, lowest first, and which one answers."""

    name: str
    versions: Versions
    policy: Policy


class Repository:
    """A folder of versioned bundles; `make` makes it where it is not there.

    Raises
    ------
    BundleError
        The folder is not there, or cannot be made.
    """

    def __init__(self, folder: Path, *, make: bool = False) -> None:
        if make:
            _make(folder)
        if not folder.is_dir():
            raise BundleError(f"{folder.name}: no such folder; expected a repository of bundles")
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """The bundles' names, from a to z."""
        return tuple(
            sorted(
                path.name for path in self.folder.iterdir() if _is_named(path) and _versions(path)
            )
        )

    def check(self) -> None:
        """Tell a folder of something else from a repository, which may be empty.

        Raises
        ------
        BundleError
            It holds no version of a bundle, but other things.
        OSError
            It cannot be listed.
        """
        others = [] if self.names() else sorted(filter(_is_other, self.folder.iterdir()))
        if others:
            raise BundleError(
                f"{self.folder.name or '.'}: no repository of bundles; found {others[0].name}"
                f"{f' and {len(others) - 1} more' if others[1:] else ''}, expected NAME/VERSION/. "
                "Make one: plainfilm bundles publish BUNDLE --repository FOLDER"
            )

    def shelved(self, name: str) -> Shelved:
        """The versions of a bundle.

        Raises
        ------
        BundleError
            There is no such bundle, or its policy cannot be read.
        """
        folder = self._folder_of(name)
        versions = _versions(folder) if _is_named(folder) else {}
        if not versions:
            there = ", ".join(self.names()) or "none"
            raise BundleError(f"{name[:64]}: not in this repository; there are: {there}")
        return Shelved(name, versions, load_policy(folder))

    def publish(self, bundle: Bundle, version: int | None = None) -> int:
        """Put a bundle's next version into the repository; its number.

        It answers nobody who does not name it until it is promoted; what answered before still
        does. Its golden outputs are computed anew before anything is written, and it appears whole
        or not at all.

        Parameters
        ----------
        version
            Its number; None = one more than the highest.

        Raises
        ------
        BundleError
            It cannot be trusted; the version is there already; the disk refuses.
        """
        verify(bundle)
        folder = self._folder_of(bundle.header.name)
        there = _versions(folder) if _is_named(folder) else {}
        number = max(there, default=0) + 1 if version is None else version
        if number in there or number < 1:
            raise BundleError(
                f"{bundle.header.name}/{number}: cannot be published (there: "
                f"{', '.join(map(str, there)) or 'none'}; expected a new number from 1)"
            )
        policy = load_policy(folder)
        if not policy.promoted_only:
            answering = policy.stable or max(set(there) - policy.on_trial, default=None)
            _make(folder)
            held = replace(policy, stable=answering, promoted_only=True)
            self._settle(bundle.header.name, held)
        with _told_of(bundle.header.name):
            bundle.save(folder / str(number))
        return number

    def promote(self, name: str, version: int, change: "Change") -> Policy:
        """Give a version a label; the policy that now holds.

        Raises
        ------
        BundleError
            There is no such version; it lacks what it must bring (`what_is_missing`); its golden
            outputs do not come back; the disk refuses.
        """
        shelved = self.shelved(name)
        if version not in shelved.versions:
            there = ", ".join(map(str, shelved.versions))
            raise BundleError(f"{name}/{version}: no such version; there are {there}")
        with _told_of(name):
            bundle = Bundle.load(shelved.versions[version])
        missing = what_is_missing(bundle)
        if missing:
            raise BundleError(f"{name}/{version}: not promoted; it lacks {' and '.join(missing)}")
        verify(bundle)
        return self._settle(name, change.of(shelved.policy, version))

    def roll_back(self, name: str) -> Policy:
        """Take back what is on trial, or else the last stable version; the policy that now holds.

        Raises
        ------
        BundleError
            There is nothing to go back from, or the version to go back to is gone.
        """
        shelved = self.shelved(name)
        try:
            policy = shelved.policy.rolled_back()
        except ValueError as error:
            raise BundleError(f"{name}: not rolled back: {error}") from error
        if policy.stable is not None and policy.stable not in shelved.versions:
            raise BundleError(
                f"{name}: not rolled back: version {policy.stable}, which was stable before, is no "
                "longer there. Publish it again, or promote another"
            )
        return self._settle(name, policy)

    def _settle(self, name: str, policy: Policy) -> Policy:
        try:
            save_policy(self._folder_of(name), policy)
        except OSError as error:
            raise BundleError(f"{name}: policy not written ({error.strerror})") from error
        return policy

    def _folder_of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BundleError("no name of a bundle; expected small letters, digits and . _ -")
        return self.folder / name


@dataclass(frozen=True)
class Change:
    """What promoting does: `label` is stable, canary or shadow; `percent` is the canary's."""

    label: str = "stable"
    percent: float = 10.0

    def of(self, policy: Policy, version: int) -> Policy:
        """The policy after the change; BundleError where the version is stable already."""
        if self.label == "stable":
            return policy.promoted(version)
        if version == policy.stable:
            raise BundleError(f"version {version} is stable; it cannot be on trial as well")
        if self.label == "canary":
            return policy.with_canary(version, self.percent)
        return policy.with_shadow(version)


def stamp(path: Path) -> tuple[int, ...]:
    """What changes when a version's files are replaced; OSError where they are gone."""
    told = (path / "bundle.json" if path.is_dir() else path).stat()
    return told.st_mtime_ns, told.st_size, told.st_ino


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Put the bundle's name before an error of a version, whose folder is called by a number."""
    try:
        yield
    except BundleError as error:
        raise type(error)(f"{name}/{error}") from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(f"{folder.name}: cannot be made ({error.strerror})") from error


def _is_named(path: Path) -> bool:
    return bool(_NAME.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()


def _is_other(path: Path) -> bool:
    """Whether a file or folder is none that a repository without versions has or a disk adds."""
    if path.name.startswith(".") or path.name == "lost+found":
        return False
    if not _is_named(path):
        return True
    inside = [each.name for each in path.iterdir()]
    is_shelf = not inside or any(n == POLICY_FILE or _VERSION.fullmatch(n) for n in inside)
    return not is_shelf


def _versions(folder: Path) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _VERSION.fullmatch(path.name)
        if match is None or path.is_symlink():
            continue
        is_whole = path.is_file() if match[2] else (path / "bundle.json").is_file()
        if is_whole:
            found.setdefault(int(match[1]), path)
    return dict(sorted(found.items()))
