"""What another network said of the training films, from a table of its probabilities.

A published table of predictions (as `evaluate --compare` reads it) tells more of a film than labels
mined from reports do, and needs no weights of that network. Only training films' rows are used.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError, RunError
from plainfilm.evaluation.calibration import fit_platt
from plainfilm.evaluation.comparison import read_published

_LEAST = 1e-6  # probabilities are kept this far from 0 and 1 before their logits are taken


def read_opinions(path: Path, train: Manifest) -> NDArray[np.float32]:
    """Another network's opinion of each training film, at the training films' prevalence.

    Parameters
    ----------
    path
        As `evaluation.comparison.read_published` reads it.
    train
        The training split alone.

    Returns
    -------
    float32 (n, K) in [0, 1]: the table's probabilities after Platt's method on those training
    films that have both an opinion and a label; NaN where the table has none, and for a finding
    that is not both present and absent on them.

    Raises
    ------
    RunError
        The table cannot be read, or has none of the findings or none of the films.
    """
    images = [sample.image for sample in train.samples]
    try:
        found = read_published(path, images, train.label_set.names)
    except EvaluationError as error:
        raise RunError(f"network.distil_table: {error}") from error
    opinions = np.full(found.shape, np.nan, np.float32)
    for k in range(found.shape[1]):
        labels = np.where(np.isnan(found[:, k]), np.nan, train.labels[:, k])
        if {0.0, 1.0} <= set(labels.tolist()):
            inside = found[:, k].clip(_LEAST, 1 - _LEAST)
            logits = np.log(inside / (1 - inside))
            opinions[:, k] = fit_platt(logits, labels).apply(logits)
    return opinions


def count_opinions(opinions: NDArray[np.float32]) -> int:
    """How many films have an opinion on any finding."""
    return int((~np.isnan(opinions)).any(axis=1).sum())
