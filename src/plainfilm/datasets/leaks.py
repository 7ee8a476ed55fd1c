"""`check_leaks`, the watchman: no patient, no film and no picture in two splits."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

from plainfilm.datasets.sample import Sample
from plainfilm.errors import LeakError

N_NAMED = 3  # offenders a message names before it only counts

_ADVICE = "Training on one and testing on the other would flatter, so this is refused."


def check_leaks(source: str, samples: Sequence[Sample]) -> None:
    """Raise unless every patient, and every film, is in one split only; films in none count not.

    Raises
    ------
    LeakError
        Names films of the patients concerned, and counts the patients; never their keys.
    """
    if not _is_leaky(samples):
        return
    check_one_split(source, samples, [s.image for s in samples], "film", "listed under")
    check_one_split(source, samples, [s.patient for s in samples], "patient", "with films in")


def check_one_split(
    source: str,
    samples: Sequence[Sample],
    keys: Sequence[Hashable | None],
    what: str,
    how: str,
) -> None:
    """Raise where films with one key lie in two splits.

    Parameters
    ----------
    source
        What the message calls the data set.
    keys
        One per film; None = not to be compared. No message shows one.
    what, how
        The message's words for a key, and for its films' being in splits.

    Raises
    ------
    LeakError
        Names the films.
    """
    members: dict[Hashable, dict[str, str]] = defaultdict(dict)
    for sample, key in zip(samples, keys, strict=True):
        if sample.split and key is not None:
            members[key].setdefault(sample.split, sample.image)
    offenders = [places for places in members.values() if len(places) > 1]
    if not offenders:
        return
    pairs = [
        " and ".join(f"{image.rpartition('/')[2]} ({split})" for split, image in places.items())
        for places in offenders[:N_NAMED]
    ]
    more = ", …" if len(offenders) > N_NAMED else ""
    found = f"{len(offenders):,} {what}{'s' * (len(offenders) != 1)} {how} more than one split"
    raise LeakError(f"{source}: {found}: {'; '.join(pairs)}{more}. {_ADVICE}")


def _is_leaky(samples: Sequence[Sample]) -> bool:
    """In one pass, since every manifest asks: a third of the time that naming offenders takes."""
    films: dict[str, str] = {}
    patients: dict[str, str] = {}
    for sample in samples:
        split = sample.split
        if split and (
            patients.setdefault(sample.patient, split) != split
            or films.setdefault(sample.image, split) != split
        ):
            return True
    return False
