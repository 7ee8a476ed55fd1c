"""Films, or studies, and what the bundle says of them that knows nothing of their labels."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.operating import refit_across
from plainfilm.evaluation.table import Predictions


@dataclass(frozen=True, eq=False)
class Answers:
    """A table of films, or of studies, with an honest answer for each row and finding.

    Parameters
    ----------
    table
        Labels as the data set has them, of refused rows too.
    fits
        Per finding, from `honest_answers`.
    """

    table: Predictions
    fits: tuple[CrossFit | None, ...]

    @property
    def labels(self) -> Floats:
        """Labels float64 (n, K); NaN where unknown or refused, so that these rows count nowhere."""
        return answered(self.table).labels

    @property
    def present_refused(self) -> NDArray[np.intp]:
        """How many refused rows show each finding, (K,)."""
        counts: NDArray[np.intp] = (self.table.labels[self.table.refused != ""] == 1).sum(axis=0)
        return counts

    def rows(self, keep: NDArray[Any]) -> "Answers":
        """Some of the rows, by a mask or by their numbers."""
        fits = (f and CrossFit(f.probability[keep], f.threshold[keep]) for f in self.fits)
        return Answers(self.table.rows(keep), tuple(fits))


def answers_of(table: Predictions, seed: int) -> Answers:
    """The films of a table with their honest answers."""
    counted = answered(table)
    columns = range(len(table.about.findings))
    return Answers(table, tuple(honest_answers(counted, column, seed) for column in columns))


def answered(table: Predictions) -> Predictions:
    """The table with no label known for refused films, so that they count nowhere."""
    refused = table.refused != ""
    return replace(table, labels=np.where(refused[:, None], np.nan, table.labels))


def honest_answers(table: Predictions, column: int, seed: int) -> CrossFit | None:
    """Probabilities and thresholds of one finding that know nothing of the film they judge.

    As shipped; refitted across patients where calibrator and threshold were fitted on these films;
    None where too few patients have the finding for that.
    """
    probability, labels = table.probabilities[:, column], table.labels[:, column]
    if table.about.refit_rule is None:
        return CrossFit(probability, np.full(labels.shape, table.about.thresholds[column]))
    scores, rule = table.scores[:, column], table.about.refit_rule
    return refit_across(scores, labels, table.patient, rule, seed)
