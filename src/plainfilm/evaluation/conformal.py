"""Answers that may be "uncertain": a set of labels that holds the true one nine times in ten.

Split conformal prediction for each class by itself. A label's strangeness is how little the score
speaks for it (for "present" the less, the lower the score; for "absent" the other way round). A
label is in the set unless it is stranger than 90 % of the calibration films of that class. The sets
are {absent}, {present}, both ("uncertain"), or neither ("unlike both").

That promise holds for films like the calibration films, drawn as they were; at another hospital it
does not. Here each film is judged by quantiles of other patients' films (five folds), so the
coverage measured is one on held-out patients.

References
----------
Vovk 2012, Asian Conference on Machine Learning 25:475 (class by class); Angelopoulos and Bates
2023, Foundations and Trends in Machine Learning 16:494.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import PatientDraws, interval
from plainfilm.evaluation.calibration import patient_folds
from plainfilm.evaluation.metrics import Floats, Labels, Scores, known

ALPHA = 0.1
FOLDS = 5
SETS = ("neither", "absent", "present", "both")


@dataclass(frozen=True)
class Quantiles:
    """From `present_from` on "present" is in the set, up to `absent_to` "absent" is.

    Infinite where the calibration has too few films of the class to leave its label out ever.
    """

    present_from: float
    absent_to: float

    def sets(self, scores: Scores) -> NDArray[np.intp]:
        """Which of `SETS` each film gets, (n,): 0 neither, 1 absent, 2 present, 3 both."""
        absent, present = scores <= self.absent_to, scores >= self.present_from
        return absent.astype(np.intp) + 2 * present.astype(np.intp)


def fit_quantiles(scores: Scores, labels: Labels, alpha: float = ALPHA) -> Quantiles:
    """The quantiles of calibration films, scores and labels (n,), NaN labels left out.

    Each is the ceil((n + 1) (1 - alpha))-th strangest of the n films of its class.

    Raises
    ------
    EvaluationError
        `alpha` is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise EvaluationError(f"alpha is {alpha}; expected a number between 0 and 1")
    films = known(scores, labels)
    lowest = -_quantile(-films.scores[films.present], alpha)
    return Quantiles(lowest, _quantile(films.scores[~films.present], alpha))


def conformal_numbers(answers: Answers, draws: PatientDraws, seed: int) -> dict[str, object]:
    """Per finding: quantiles of all films, and coverage and sets on held-out patients.

    A finding that fewer than five patients have, or lack, says so as `hidden`.
    """
    numbers: dict[str, object] = {}
    for column, finding in enumerate(answers.table.about.findings):
        scores, labels = answers.table.scores[:, column], answers.labels[:, column]
        try:
            sets = held_out_sets(scores, labels, answers.table.patient, seed)
        except EvaluationError as error:
            numbers[finding] = {"hidden": str(error)}
            continue
        fitted = fit_quantiles(scores[~np.isnan(labels)], labels[~np.isnan(labels)])
        numbers[finding] = {
            "present_from": fitted.present_from,
            "absent_to": fitted.absent_to,
            **_measured(sets, labels, draws),
        }
    return {"alpha": ALPHA, "promise": 1 - ALPHA, "findings": numbers}


def held_out_sets(
    scores: Scores, labels: Labels, patients: NDArray[np.str_], seed: int
) -> NDArray[np.intp]:
    """Each film's set by quantiles of other patients' films; -1 where its label is unknown."""
    rows = np.flatnonzero(~np.isnan(labels))
    folds = patient_folds(labels[rows], patients[rows], FOLDS, seed)
    sets = np.full(labels.shape, -1, dtype=np.intp)
    for fold in range(FOLDS):
        inside, outside = rows[folds == fold], rows[folds != fold]
        sets[inside] = fit_quantiles(scores[outside], labels[outside]).sets(scores[inside])
    return sets


def _measured(sets: NDArray[np.intp], labels: Floats, draws: PatientDraws) -> dict[str, object]:
    use, present = sets >= 0, labels == 1
    covered = np.where(present, sets & 2, sets & 1).astype(bool) & use
    columns = [covered & present, present, covered & ~present, use & ~present, use]
    columns += [use & (sets == number) for number in range(len(SETS))]
    cells = np.stack(columns, axis=1).astype(np.float64)
    whole, drawn = cells.sum(axis=0)[None], draws.sums(cells)

    def share(part: int, of: int) -> object:
        with np.errstate(invalid="ignore", divide="ignore"):
            return interval(
                float((whole[:, part] / whole[:, of])[0]), drawn[:, part] / drawn[:, of]
            )

    return {
        "coverage_present": share(0, 1),
        "coverage_absent": share(2, 3),
        "sets": {name: share(5 + number, 4) for number, name in enumerate(SETS)},
    }


def _quantile(strangeness: Floats, alpha: float) -> float:
    rank = math.ceil((strangeness.size + 1) * (1 - alpha) - 1e-9)
    return math.inf if rank > strangeness.size else float(np.sort(strangeness)[rank - 1])
