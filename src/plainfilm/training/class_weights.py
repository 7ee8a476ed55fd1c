"""What a film counts where a finding is present and where it is absent: schemes by name.

P and N are the films with and without a finding, n = P + N, K the number of findings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import RunError

Scheme = Literal["none", "balanced", "inverse", "two-sided", "mura", "co-occurrence"]
Labels = NDArray[np.float32]

# In words, for the record of a run.
FORMULAS: Mapping[str, str] = {
    "balanced": "N/P for the present",
    "inverse": "n/(K P) for the present",
    "two-sided": "n/(2 P) for the present, n/(2 N) for the absent",
    "mura": "1 + (N + b)/P for the present, 1 + P/N for the absent",
    "co-occurrence": "films with it over its sum of co-occurrences, for the present",
}


@dataclass(frozen=True)
class ClassWeights:
    """One weight of the present and one of the absent for each finding, all above 0."""

    present: tuple[float, ...]
    absent: tuple[float, ...]


def class_weights(
    scheme: Scheme, labels: Labels, names: Sequence[str], *, b: float = 0.0
) -> ClassWeights:
    """The weights that a scheme gives a training split.

    Parameters
    ----------
    scheme
        "none": 1; "balanced": N/P for the present, 1 where either is missing; "inverse":
        `inverse_frequency`; "two-sided": the same of each finding's present and absent; "mura":
        `mura_weights`; "co-occurrence": `cooccurrence_ratio`.
    labels
        float32 (n, K): 1, 0 or NaN = unknown, which counts for neither.
    b
        Of "mura".

    Raises
    ------
    RunError
        The scheme divides by a finding's films of one class, and there are none.
    """
    n_present, n_absent = _counts(labels)
    ones = (1.0,) * len(names)
    if scheme == "none":
        return ClassWeights(ones, ones)
    if scheme == "balanced":
        return ClassWeights(_balanced(n_present, n_absent), ones)
    _refuse_missing(scheme, names, n_present, "with")
    if scheme == "inverse":
        n_films = [p + n for p, n in zip(n_present, n_absent, strict=True)]
        return ClassWeights(inverse_frequency(n_present, n_films), ones)
    if scheme == "co-occurrence":
        _refuse_missing(scheme, names, _neighbours(labels), "with another finding beside")
        return ClassWeights(cooccurrence_ratio(labels), ones)
    _refuse_missing(scheme, names, n_absent, "without")
    pairs = list(zip(n_present, n_absent, strict=True))
    if scheme == "two-sided":
        both = [inverse_frequency(pair, (sum(pair),) * 2) for pair in pairs]
    else:
        both = [mura_weights(*pair, b=b) for pair in pairs]
    present, absent = zip(*both, strict=True)
    return ClassWeights(present, absent)


def inverse_frequency(counts: Sequence[int], n_films: Sequence[int]) -> tuple[float, ...]:
    """N / (K n_k) of every class k: rare classes count more.

    Parameters
    ----------
    counts
        n_k, films of each of K classes, none 0.
    n_films
        n, films whose class k is known; with classes that exclude each other, their sum.

    References
    ----------
    Elkins, Freitas, Sanz 2020, J Med Artif Intell 3:8, equation 1; King and Zeng 2001.
    """
    return tuple(n / (len(counts) * count) for count, n in zip(counts, n_films, strict=True))


def mura_weights(n_present: int, n_absent: int, *, b: float = 0.0) -> tuple[float, float]:
    """1 + (N + b)/P for the present and 1 + P/N for the absent; twice `inverse_frequency` at b = 0.

    References
    ----------
    "Project Report: X-Ray Machine Learning" on MURA, 2019, section 4.
    """
    return 1 + (n_absent + b) / n_present, 1 + n_present / n_absent


def cooccurrence_ratio(labels: Labels) -> tuple[float, ...]:
    """Films with a finding over the sum of its co-occurrences with each other finding.

    It says how much a finding keeps to itself, and nothing of how rare it is; kept because a
    published code weighs so.
    """
    alone = _counts(labels)[0]
    neighbours = _neighbours(labels)
    return tuple(own / others for own, others in zip(alone, neighbours, strict=True))


def _balanced(n_present: Sequence[int], n_absent: Sequence[int]) -> tuple[float, ...]:
    pairs = zip(n_present, n_absent, strict=True)
    return tuple(n / p if p and n else 1.0 for p, n in pairs)


def _counts(labels: Labels) -> tuple[list[int], list[int]]:
    return (labels == 1).sum(axis=0).tolist(), (labels == 0).sum(axis=0).tolist()


def _neighbours(labels: Labels) -> list[int]:
    """Each finding's co-occurrences with every other, summed."""
    present = (labels == 1).astype(np.int64)
    together = present.T @ present
    sums: list[int] = (together.sum(axis=1) - together.diagonal()).tolist()
    return sums


def _refuse_missing(scheme: str, names: Sequence[str], counts: Sequence[int], what: str) -> None:
    missing = [name for name, count in zip(names, counts, strict=True) if not count]
    if missing:
        raise RunError(
            f"loss.pos_weight: {scheme!r} needs training films {what} {', '.join(missing)}; found "
            'none. Take "balanced" or "none".'
        )
