"""Is one AUROC larger than another on the same films? DeLong's test, fast and by patient.

A film's component is the share of films of the other class that it stands on the right side of. The
variance of an AUROC is that of its components. Components come from ranks, in the time of a sort,
not of all pairs. With `patients`, the components of a patient's films are added up first, since
they go together; where each patient has one film, both are the same number.

References
----------
DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837; Sun and Xu 2014, IEEE Signal Processing
Letters 21:1389 (from ranks); Obuchowski 1997, Biometrics 53:567 (clusters).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import Floats, Labels, Scores, known, middle_ranks


@dataclass(frozen=True)
class DeLong:
    """Two AUROCs on the same films, the standard error of their difference, and p.

    `p` is two-sided; 1 where the two never differ, NaN where there is no AUROC.
    """

    first: float
    second: float
    standard_error: float
    p: float


def delong(
    first: Scores, second: Scores, labels: Labels, patients: NDArray[np.str_] | None = None
) -> DeLong:
    """Compare two sets of scores (n,) on the same labels (n,); NaN labels are left out.

    Parameters
    ----------
    patients
        str (n,): films of one patient go together; None = each film stands alone, as DeLong has it.
    """
    areas, covariance = auroc_covariance(np.stack([first, second], axis=1), labels, patients)
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    error = math.sqrt(max(0.0, variance))
    if math.isnan(difference) or math.isnan(variance):
        p = math.nan
    elif error < 1e-12:
        p = 1.0 if abs(difference) < 1e-12 else 0.0
    else:
        p = math.erfc(abs(difference) / error / math.sqrt(2))
    return DeLong(float(areas[0]), float(areas[1]), error, p)


def auroc_covariance(
    scores: Scores, labels: Labels, patients: NDArray[np.str_] | None = None
) -> tuple[Floats, Floats]:
    """AUROCs (m,) of m readers of the same films, and their covariance (m, m).

    `scores` is (n, m). NaN where a class is missing; the covariance also where a class has a single
    film (or patient).
    """
    m = scores.shape[1]
    columns = [known(column, labels) for column in scores.T]
    present = columns[0].present
    n_present, n_absent = int(present.sum()), int((~present).sum())
    if n_present == 0 or n_absent == 0:
        return np.full(m, np.nan), np.full((m, m), np.nan)
    up, down = components(np.stack([column.scores for column in columns], axis=1), present)
    areas: Floats = up.mean(axis=0)
    if patients is None:
        owner = np.arange(present.size)
    else:
        owner = np.unique(patients[~np.isnan(labels)], return_inverse=True)[1]
    return areas, _covariance((up - areas, down - areas), present, owner)


def components(scores: Floats, present: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """DeLong's structural components: (present, m) and (absent, m); ties count half."""
    n_present, n_absent = int(present.sum()), int((~present).sum())
    up, down = np.empty((n_present, scores.shape[1])), np.empty((n_absent, scores.shape[1]))
    for column, values in enumerate(scores.T):
        among_all = middle_ranks(values)
        up[:, column] = (among_all[present] - middle_ranks(values[present])) / n_absent
        down[:, column] = 1 - (among_all[~present] - middle_ranks(values[~present])) / n_present
    return up, down


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted so that all claims together err in at most one of twenty; NaN stays.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65.
    """
    wrong = [value for value in p if not math.isnan(value) and not 0 <= value <= 1]
    if wrong:
        raise EvaluationError(f"p = {wrong[0]}; expected 0 to 1")
    adjusted = [math.nan] * len(p)
    order = sorted((value, place) for place, value in enumerate(p) if not math.isnan(value))
    highest = 0.0
    for rank, (value, place) in enumerate(order):
        highest = max(highest, min(1.0, value * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted


def _covariance(
    centred: tuple[Floats, Floats], present: NDArray[np.bool_], owner: NDArray[np.intp]
) -> Floats:
    """Obuchowski's covariance of centred components; `owner` is each film's patient, from 0."""
    n_owners = int(owner.max()) + 1
    up, down = (
        _added(c, owner[rows], n_owners)
        for c, rows in zip(centred, (present, ~present), strict=True)
    )
    n_present, n_absent = int(present.sum()), int((~present).sum())
    owners_up, owners_down = (np.unique(owner[rows]).size for rows in (present, ~present))
    if owners_up < 2 or owners_down < 2:
        return np.full((up.shape[1],) * 2, np.nan)
    within_up = owners_up / (owners_up - 1) * up.T @ up / n_present**2
    within_down = owners_down / (owners_down - 1) * down.T @ down / n_absent**2
    across = n_owners / (n_owners - 1) * up.T @ down / (n_present * n_absent)
    covariance: Floats = within_up + within_down + across + across.T
    return covariance


def _added(values: Floats, owner: NDArray[np.intp], n_owners: int) -> Floats:
    sums = np.zeros((n_owners, values.shape[1]))
    np.add.at(sums, owner, values)
    return sums
