"""Calibrators and thresholds from one's own films, and what such a fit says of other patients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.calibration import CrossFit, Platt
from plainfilm.evaluation.metrics import Floats
from plainfilm.training.calibrate import (
    Seen,
    Thresholds,
    calibrate,
    calibrate_choice,
    choice_probabilities,
    choose_thresholds,
    prevalence,
    probabilities,
)
from plainfilm.training.graph import Link

FOLDS = 5


@dataclass(frozen=True)
class Fitted:
    """One calibrator and threshold per finding, and in plain words how they were fitted."""

    platts: tuple[Platt, ...]
    method: str
    thresholds: Thresholds
    prevalence: dict[str, float]


Judge = Callable[[NDArray[np.bool_]], tuple[Floats, Fitted]]


def fit(seen: Seen, names: Sequence[str], link: Link, rule: str) -> Fitted:
    """Calibrators, then thresholds by a rule, both from the same films.

    Raises
    ------
    RunError
        No finding is both present and absent, or a film of a choice shows none or several.
    EvaluationError
        There is no such rule.
    """
    found = (calibrate_choice if link == "softmax" else calibrate)(seen, names)
    thresholds = choose_thresholds(seen, speak(seen, found.platts, link), names, rule)
    return Fitted(found.platts, found.method, thresholds, prevalence(seen, names))


def fit_across(
    seen: Seen, patients: NDArray[np.str_], names: Sequence[str], link: Link, rule: str
) -> CrossFit:
    """Probabilities and thresholds (n, K) of films by fits that saw other patients only.

    Raises
    ------
    EvaluationError
        Fewer than five patients.
    RunError
        As `fit`, without a fifth of the patients.
    """

    def judged(inside: NDArray[np.bool_]) -> tuple[Floats, Fitted]:
        """What a fit of the others says of the films inside."""
        fitted = fit(_rows(seen, ~inside), names, link, rule)
        return speak(_rows(seen, inside), fitted.platts, link), fitted

    return each_fold(deal_patients(seen.labels, patients), names, judged)


def each_fold(folds: NDArray[np.intp], names: Sequence[str], judged: Judge) -> CrossFit:
    """Probabilities and thresholds (n, K) of films, fold by fold.

    Parameters
    ----------
    folds
        The fold of each film, as `deal_patients` deals.
    judged
        Told which films are inside, a mask (n,), gives their probabilities and the fit that
        judges them, which saw none of them.
    """
    probability = np.full((folds.size, len(names)), np.nan)
    threshold = np.full((folds.size, len(names)), np.nan)
    for fold in range(FOLDS):
        inside = folds == fold
        probability[inside], fitted = judged(inside)
        threshold[inside] = [fitted.thresholds.values[name] for name in names]
    return CrossFit(probability, threshold)


def speak(seen: Seen, platts: Sequence[Platt], link: Link) -> Floats:
    """Calibrated probabilities float64 (n, K) of films' scores."""
    return (choice_probabilities if link == "softmax" else probabilities)(seen, platts)


def deal_patients(
    labels: NDArray[np.float32], patients: NDArray[np.str_], seed: int = 0
) -> NDArray[np.intp]:
    """The fold of each film: a patient's films stay together, rare findings are spread.

    Patients are dealt out class by class; a patient's class is the rarest finding that one of the
    patient's films shows.

    Raises
    ------
    EvaluationError
        Fewer patients than folds.
    """
    names, index = np.unique(patients, return_inverse=True)
    if names.size < FOLDS:
        found = f"{names.size} patients for {FOLDS} folds"
        raise EvaluationError(f"cannot cross-fit: {found}; adapting needs films of more patients")
    rarest = np.zeros(names.size, dtype=np.intp)
    by_count = np.argsort(-(labels == 1).sum(axis=0), kind="stable")
    for rank, finding in enumerate(by_count, start=1):  # the rarest finding comes last and counts
        rarest[index[labels[:, finding] == 1]] = rank
    shuffled = np.random.default_rng(seed).permutation(names.size)
    ordered = shuffled[np.argsort(rarest[shuffled], kind="stable")]
    fold = np.empty(names.size, dtype=np.intp)
    fold[ordered] = np.arange(names.size) % FOLDS
    return fold[index]


def _rows(seen: Seen, rows: NDArray[np.bool_]) -> Seen:
    return Seen(seen.scores[rows], seen.familiarity[rows], seen.labels[rows], seen.map_peak)
