"""An evaluation put into the bundle it measured: when it may, and what stays of an older one."""

from collections.abc import Mapping

from plainfilm.errors import BundleError
from plainfilm.evaluation.html_parts import record
from plainfilm.evaluation.untried import KEY as UNTRIED
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled

Numbers = Mapping[str, object]

_SAME_FILMS = ("data_set", "split", "split_sha256")


def check_attachable(name: str, bundle: Bundle, *, overwrite: bool) -> None:
    """Refuse, before any work is done, to write into a bundle that is not to be written into.

    Parameters
    ----------
    name
        As the bundle was asked for: a bundled one's name, or a path.
    bundle
        The bundle itself.
    overwrite
        True: an evaluation that it holds is replaced.

    Raises
    ------
    BundleError
        `name` is that of a bundle that comes with plainfilm, or an evaluation is there.
    """
    if name in {path.stem for path in bundled()}:
        found = "comes with plainfilm, and what comes with it is not rewritten"
        advice = f"Copy plainfilm/bundles/{name}.bundle elsewhere and give the copy's path"
        raise BundleError(f"{name}: {found}. {advice}")
    if bundle.evaluation is not None and not overwrite:
        advice = "Replace it (--force), or measure without --attach"
        raise BundleError(f"{bundle.header.name}: holds an evaluation already. {advice}")


def with_kept(measured: Numbers, before: Numbers | None) -> dict[str, object]:
    """What was measured, and the sections of an older evaluation that still hold beside it.

    Kept is what this evaluation did not measure and the older one measured on the same network,
    such as "gate"; "published", a comparison on certain films, only where the films are the same;
    nothing of an audit of which this evaluation says why it was not tried.

    Parameters
    ----------
    measured
        What `evaluate` returned.
    before
        The bundle's evaluation until now; None = none.
    """
    new = dict(measured)
    if before is None or _network(before) is None or _network(before) != _network(new):
        return new
    same_films = all(before.get(key) == new.get(key) for key in _SAME_FILMS)
    if same_films and not new.get("published"):
        new.pop("published", None)
    told = {*new, *record(new.get(UNTRIED))}
    return {**new, **{key: value for key, value in before.items() if key not in told}}


def _network(numbers: Numbers) -> object:
    bundle = numbers.get("bundle")
    return bundle.get("network_sha256") if isinstance(bundle, Mapping) else None
