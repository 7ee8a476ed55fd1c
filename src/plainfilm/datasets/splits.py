"""Which film goes where: by patient, by official list, in folds.

Chance is a hash of the seed and the patient's key, not a random number generator: the same patient
gets the same place on every machine, in every order of the films, with every numpy.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.leaks import N_NAMED, check_one_split
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, LeakError


def fractions(
    patients: Sequence[str],
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    strata: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """The split of each film, so that every patient is in one split.

    Parameters
    ----------
    patients
        The patient of each film.
    shares
        Split → share of the patients, in (0, 1]; together 1.
    seed
        Another seed draws another split.
    strata
        The class of each film; every class is shared out by itself. A patient with films of two
        classes counts where the alphabetically last one is. None = one class.

    Raises
    ------
    DatasetError
        The shares do not add up to 1.
    """
    if abs(sum(shares.values()) - 1) > 1e-9 or min(shares.values()) <= 0:
        raise DatasetError(f"split shares must be positive and add up to 1; found {dict(shares)}")
    classes = _classes(patients, strata)
    members: dict[str, list[str]] = defaultdict(list)
    for patient in _shuffled(classes, seed):
        members[classes[patient]].append(patient)
    chosen: dict[str, str] = {}
    for group in members.values():
        chosen |= zip(group, _share_out(len(group), shares), strict=True)
    return tuple(chosen[patient] for patient in patients)


def deal(
    patients: Sequence[str],
    shares: Mapping[str, float],
    *,
    seed: int = 0,
    strata: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """As `fractions`, for many small classes, whose rounded shares would not add up to the whole.

    Each split gets its share of all patients to less than one patient, and its share of each
    class to less than two.

    References
    ----------
    Tijdeman 1980, "The chairman assignment problem", Discrete Mathematics 32:323.
    """
    slack = 1 / max(1, 2 * len(shares) - 2)
    classes = _classes(patients, strata)
    dealt, place = dict.fromkeys(shares, 0), dict[str, str]()
    for n, patient in enumerate(_by_class(classes, seed), start=1):
        due = {name: share * n - dealt[name] for name, share in shares.items()}
        ready = [name for name in shares if due[name] >= slack - 1e-9]
        chosen = min(ready, key=lambda name: (1 - slack - due[name]) / shares[name])
        dealt[chosen] += 1
        place[patient] = chosen
    return tuple(place[patient] for patient in patients)


def official(names: Sequence[str], lists: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The official list each film stands in.

    Raises
    ------
    LeakError
        A film stands in two lists.
    DatasetError
        A film stands in none.
    """
    place: dict[str, str] = {}
    for label, listed in lists.items():
        twice = sorted(name for name in set(listed) if name in place)
        if twice:
            raise LeakError(f"{_named(twice, 'film')} in two official lists; expected each in one")
        place |= dict.fromkeys(listed, label)
    lost = [name for name in names if name not in place]
    if lost:
        raise DatasetError(f"{_named(lost, 'film')} in no official list; expected each in one")
    return tuple(place[name] for name in names)


def folds(
    patients: Sequence[str], k: int, seed: int = 0, *, strata: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """int64 (n,): the fold, 0 to k - 1, of each film; a patient's films share one fold.

    Folds differ by one patient at most, and so do their patients of each class (`strata`, as in
    `fractions`).

    Raises
    ------
    DatasetError
        Fewer patients than folds, or fewer than two folds.
    """
    classes = _classes(patients, strata)
    order = _by_class(classes, seed)
    if not 2 <= k <= len(order):
        raise DatasetError(f"{k} folds of {len(order)} patients; expected 2 to {len(order)} folds")
    fold = {patient: place % k for place, patient in enumerate(order)}
    return np.array([fold[patient] for patient in patients], np.int64)


def check_duplicates(manifest: Manifest, digests: Sequence[Hashable | None]) -> None:
    """Raise where films of two splits are the same picture.

    Parameters
    ----------
    manifest
        The films.
    digests
        What is equal for equal pictures, per film; None = not to be compared.

    Raises
    ------
    LeakError
        Names the films.
    """
    check_one_split(manifest.source, manifest.samples, digests, "picture", "found in")


def _named(names: Sequence[str], what: str) -> str:
    first = ", ".join(names[:N_NAMED]) + (", …" if len(names) > N_NAMED else "")
    return f"{len(names):,} {what}{'s' * (len(names) != 1)} ({first})"


def _classes(patients: Sequence[str], strata: Sequence[str] | None) -> dict[str, str]:
    """Each patient's class: of two, the alphabetically last one."""
    classes: dict[str, str] = {}
    for patient, stratum in zip(patients, strata or [""] * len(patients), strict=True):
        classes[patient] = max(stratum, classes.get(patient, stratum))
    return classes


def _by_class(classes: Mapping[str, str], seed: int) -> list[str]:
    """The patients, class by class, within each in an order that only seed and keys decide."""
    return sorted(_shuffled(classes, seed), key=lambda patient: classes[patient])


def _shuffled(patients: Iterable[str], seed: int) -> list[str]:
    """The patients, each once, in an order that only the seed and their keys decide."""
    return sorted(
        set(patients), key=lambda patient: hashlib.sha256(f"{seed}:{patient}".encode()).digest()
    )


def _share_out(n: int, shares: Mapping[str, float]) -> list[str]:
    """As many places, each split's as near its share as whole numbers allow."""
    places: list[str] = []
    reached = 0.0
    for name, share in shares.items():
        reached += share
        places += [name] * (round(reached * n) - len(places))
    return places
