"""The same films in other splits, by patient: in shares, or one fold of a cross-validation.

Both draw within classes, so that every split gets its part of rare findings: a patient counts
under the rarest finding that one of the patient's films shows.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.datasets.splits import deal, folds
from plainfilm.errors import DatasetError

_DRAWN = "splits drawn by patient"


def with_shares(manifest: Manifest, percents: Sequence[float], *, seed: int = 0) -> Manifest:
    """The manifest with splits drawn anew by patient; a caution says so.

    Parameters
    ----------
    manifest
        Films in no split stay in none.
    percents
        Of the patients: train, validation and test, of all films; or train and validation alone,
        of the films outside test, which stays as it is. Together 100.
    seed
        Another seed draws other patients.

    Raises
    ------
    DatasetError
        Not two or three positive numbers that add up to 100, or a split would be empty.
    """
    words = "/".join(f"{percent:g}" for percent in percents)
    whole = min(percents, default=0) > 0 and abs(sum(percents) - 100) < 1e-6  # NaN fails
    if len(percents) not in (2, 3) or not whole:
        expected = "two or three positive percentages that add up to 100, e.g. 70/10/20 or 80/20"
        raise DatasetError(f"shares {words}: expected {expected}")
    names = SPLITS[: len(percents)]
    shares = {name: percent / sum(percents) for name, percent in zip(names, percents, strict=True)}
    pool = [s for s in manifest.samples if s.split in (SPLITS if len(names) == 3 else SPLITS[:2])]
    drawn = deal(_patients(pool), shares, seed=seed, strata=_strata(manifest, pool))
    empty = [name for name in names if name not in drawn]
    if empty:
        found = f"{len(set(_patients(pool)))} patients in shares of {words} leave {empty[0]} empty"
        raise DatasetError(f"{manifest.source}: {found}. Ask for another share, or fewer splits.")
    older = [caution for caution in manifest.cautions if not caution.startswith(_DRAWN)]
    caution = f"{_DRAWN} ({' / '.join(names)} {words} %, seed {seed}), not official"
    return _with_splits(replace(manifest, cautions=tuple(older)), pool, drawn, caution)


def with_fold(manifest: Manifest, number: int, k: int, *, seed: int = 0) -> Manifest:
    """Fold `number` of `k` as validation and the other k - 1 as train, by patient.

    Train and validation films are dealt out anew: each is validation in exactly one of the k
    manifests. Test films, and films in no split, stay.

    Parameters
    ----------
    manifest
        The films.
    number
        From 1 to k.
    k
        At least 2.
    seed
        Another seed deals otherwise; the k folds of one seed belong together.

    Raises
    ------
    DatasetError
        No such fold, or fewer patients than folds.
    """
    if not 1 <= number <= k:
        raise DatasetError(f"fold {number}/{k}: expected a fold from 1 to {k}, e.g. 1/5")
    pool = [sample for sample in manifest.samples if sample.split in SPLITS[:2]]
    dealt = folds(_patients(pool), k, seed, strata=_strata(manifest, pool))
    drawn = ["val" if fold == number - 1 else "train" for fold in dealt.tolist()]
    caution = f"validation is fold {number} of {k}, by patient (seed {seed}), of the films outside"
    return _with_splits(manifest, pool, drawn, f"{caution} test")


def _with_splits(
    manifest: Manifest, pool: Sequence[Sample], drawn: Sequence[str], caution: str
) -> Manifest:
    split_of = {id(sample): split for sample, split in zip(pool, drawn, strict=True)}
    samples = (replace(s, split=split_of.get(id(s), s.split)) for s in manifest.samples)
    return replace(manifest, samples=tuple(samples), cautions=(*manifest.cautions, caution))


def _patients(pool: Sequence[Sample]) -> list[str]:
    return [sample.patient for sample in pool]


def _strata(manifest: Manifest, pool: Sequence[Sample]) -> list[str]:
    """Each film's class: the rarest finding that its patient shows."""
    n_shown = (manifest.labels == 1).sum(axis=0)
    rarity = np.argsort(np.argsort(n_shown, kind="stable"), kind="stable")
    rarest: dict[str, int] = {}
    for sample in pool:
        shown = rarity[sample.labels == 1].tolist()
        before = rarest.get(sample.patient, len(rarity))
        rarest[sample.patient] = min([before, *shown])
    return [f"{rarest[sample.patient]:04d}" for sample in pool]
