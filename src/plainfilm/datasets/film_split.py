"""The split of older work, film by film whoever the patient is, and how much it leaks.

Nothing is prepared by it (a manifest refuses it): it is here to show what such a split is worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Leakage:
    """How far a split's films are of patients who are also in another split."""

    n_films: int
    n_leaked_films: int
    n_patients: int
    n_leaked_patients: int

    def __str__(self) -> str:
        films = f"{self.n_leaked_films:,} of {self.n_films:,} films"
        patients = f"{self.n_leaked_patients:,} of {self.n_patients:,} patients"
        share = self.n_leaked_films / self.n_films if self.n_films else 0
        return f"{films} ({share:.1%}) and {patients} are of patients in the other split too"


def film_split(n_films: int, val_share: float = 0.2, *, seed: int = 42) -> tuple[str, ...]:
    """The split of each film: the first int(share x n) of a shuffled list are "val", else "train".

    Fastai's `split_by_rand_pct` after `np.random.seed(seed)`, as papers of 2019 and 2020 used it.
    """
    splits = np.full(n_films, "train")
    splits[np.random.RandomState(seed).permutation(n_films)[: int(val_share * n_films)]] = "val"
    return tuple(splits.tolist())


def leakage(
    patients: Sequence[str], splits: Sequence[str], split: str = "val", other: str = "train"
) -> Leakage:
    """How many films and patients of `split` are of patients in `other`.

    Parameters
    ----------
    patients, splits
        Of each film.
    """
    pairs = list(zip(patients, splits, strict=True))
    seen = {patient for patient, of in pairs if of == other}
    here = [patient for patient, of in pairs if of == split]
    n_leaked = sum(patient in seen for patient in here)
    return Leakage(len(here), n_leaked, len(set(here)), len(set(here) & seen))
