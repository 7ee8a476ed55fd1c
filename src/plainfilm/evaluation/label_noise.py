"""The films whose label and answer contradict each other most: the first to look at again.

Labels taken from reports are wrong on many films. Where a sound bundle is sure of the opposite, one
of the two is wrong; which one, only a look at the film tells.
"""

import math

import numpy as np

from plainfilm.evaluation.answers import Answers

SHARE = 0.01
MOST = 100  # films of a finding


def contradictions(answers: Answers) -> dict[str, object]:
    """Per finding the most contradictory 1 % of its films (at least one, at most 100).

    Returns
    -------
    Per finding, the most contradictory first: `film` (its row in predictions.parquet, from 0: no
    name, no patient), `label` 0 or 1, and the `probability` of the finding.
    """
    found: dict[str, object] = {}
    for column, finding in enumerate(answers.table.about.findings):
        fit, labels = answers.fits[column], answers.labels[:, column]
        films = np.flatnonzero(~np.isnan(labels))
        if fit is None or films.size == 0:
            continue
        gap = np.abs(fit.probability[films] - labels[films])
        n = min(MOST, max(1, math.ceil(SHARE * films.size)))
        worst = films[np.argsort(-gap, kind="stable")[:n]]
        found[finding] = [
            {
                "film": int(row),
                "label": int(labels[row]),
                "probability": float(fit.probability[row]),
            }
            for row in worst
        ]
    return found
