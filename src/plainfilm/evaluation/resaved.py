"""Films to measure or adapt on that look like films the bundle learned from: refused, or told."""

from plainfilm.datasets.fit import FitPolicy
from plainfilm.datasets.lookalikes import lookalikes
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import ADAPTED_LOOKS_KEY, LEARNED, LOOKS_KEY, named
from plainfilm.errors import EvaluationError
from plainfilm.reading.bundle import BundleHeader

_OVERRIDE = "--allow-lookalikes"


def check_looks(
    header: BundleHeader, manifest: Manifest, split: str, *, allowed: bool
) -> tuple[str, ...]:
    """The cautions that belong beside the numbers: none, or one that names the films.

    Every film is decoded. Nothing is found where the bundle carries no looks; the films it learned
    from themselves (its own data set's training and validation) are not compared.

    Parameters
    ----------
    allowed
        Whether such films are taken all the same.

    Raises
    ------
    EvaluationError
        There are such films, and it is not allowed.
    """
    own = header.provenance.data_set == manifest.source and split in LEARNED
    keys = (ADAPTED_LOOKS_KEY,) if own else (LOOKS_KEY, ADAPTED_LOOKS_KEY)
    films = manifest.split(split)
    policy: FitPolicy = header.input.policy.value
    details = header.provenance.details
    found = dict.fromkeys(i for key in keys for i in lookalikes(details, films, policy, key))
    if not found:
        return ()
    words = _words(films, tuple(found))
    if allowed:
        return (f"LEAK, {words}. They were taken all the same ({_OVERRIDE}).",)
    advice = "Look at them. Take these patients out and prepare again, or take them all the same"
    place = f"{header.name}: split {split!r} of {manifest.source} holds"
    raise EvaluationError(f"{place} {words}. {advice} ({_OVERRIDE}), which the report will tell")


def _words(films: Manifest, found: tuple[str, ...]) -> str:
    images = set(found)
    patients = {sample.patient for sample in films.samples if sample.image in images}
    n_others = sum(s.patient in patients and s.image not in images for s in films.samples)
    more = f", and {n_others:,} other films of the same patients" if n_others else ""
    many = "films that look like films" if len(found) > 1 else "film that looks like one"
    return f"{len(found):,} {many} it learned from, saved again{more}: {named(found)}"
