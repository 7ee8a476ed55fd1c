"""The shelf: bundles that come with the package, and how a name becomes a path."""

from pathlib import Path

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.reading.bundle import Bundle

_SHELF = Path(__file__).parent.parent / "bundles"


def bundled() -> list[Path]:
    """The bundles that come with the package, by name."""
    return sorted(_SHELF.glob("*.bundle"))


def find_bundle(name_or_path: Path | str) -> Path:
    """The path of a bundle: one that exists, or that of a bundled one by its name.

    A text without a separator is first taken as a bundled name, so that a folder that happens to
    be called the same changes nothing; "./name" means the path.

    Raises
    ------
    CorruptBundle
        Neither; the message lists the names there are.
    """
    shelf = {path.stem: path for path in bundled()}
    if isinstance(name_or_path, str) and name_or_path in shelf:
        return shelf[name_or_path]
    path = Path(name_or_path)
    if not path.exists():
        names = ", ".join(shelf) or "none"
        raise CorruptBundle(f"{path.name}: no such bundle. Bundled: {names}; or give a path")
    return path


def open_bundle(name_or_path: Path | str) -> Bundle:
    """The bundle that `find_bundle` finds; BundleError where it cannot be trusted."""
    return Bundle.load(find_bundle(name_or_path))


def writable_bundle(name_or_path: Path | str) -> tuple[Path, Bundle]:
    """A bundle to write into, and its path; BundleError for one that comes with plainfilm."""
    path = find_bundle(name_or_path)
    if path in bundled():
        found = "comes with plainfilm, and what comes with it is not rewritten"
        advice = f"Write a copy (--out), or copy plainfilm/bundles/{path.name} and give its path"
        raise BundleError(f"{path.stem}: {found}. {advice}")
    return path, Bundle.load(path)
