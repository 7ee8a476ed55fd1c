"""Which findings come together: the co-occurrence matrix, and class weights beside it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.files import table_bytes
from plainfilm.datasets.sample import Labels
from plainfilm.errors import DatasetError
from plainfilm.whole_files import write_whole

Counts = NDArray[np.int64]
Weights = NDArray[np.float64]


def cooccurrence(labels: Labels) -> Counts:
    """int64 (K, K): films that show both findings; on the diagonal, films that show the one.

    Parameters
    ----------
    labels
        float32 (n, K): 1 present, 0 absent, NaN unknown (counts as not shown).
    """
    shown = (labels == 1).astype(np.float64)  # exact to 2**53, and many times faster than int64
    both: Counts = (shown.T @ shown).astype(np.int64)
    return both


def negative_ratio(labels: Labels) -> Weights:
    """float64 (K,): films without the finding per film with it, N / P; unknown ones left out.

    Raises
    ------
    DatasetError
        A finding is on no film.
    """
    ratio: Weights = (labels == 0).sum(axis=0) / _present(labels)
    return ratio


def balanced_weights(labels: Labels) -> Weights:
    """float64 (K,): n / (K n_k), so that the weights times the counts add up to n.

    Raises
    ------
    DatasetError
        A finding is on no film.

    References
    ----------
    King and Zeng 2001, Political Analysis 9:137; scikit-learn calls it "balanced".
    """
    weights: Weights = len(labels) / (labels.shape[1] * _present(labels))
    return weights


def companion_ratio(labels: Labels) -> Weights:
    """float64 (K,): films with the finding per finding beside it; seen in use as class weights.

    It says how lonely a finding is, not how rare: kept for comparison, not advised.

    Raises
    ------
    DatasetError
        A finding is on no film, or never comes with another.
    """
    present, matrix = _present(labels), cooccurrence(labels)
    beside = matrix.sum(axis=1) - np.diag(matrix)
    if not bool(beside.all()):
        raise DatasetError("class weights: a finding never comes with another; no ratio to give")
    ratio: Weights = present / beside
    return ratio


def weight_table(labels: Labels, names: Sequence[str]) -> str:
    """The matrix with three class weightings beside it, one line per finding, for reading."""
    weights = (negative_ratio(labels), balanced_weights(labels), companion_ratio(labels))
    wide = max(len(name) for name in names)
    titles = ("N/P", "n/(K n_k)", "companions")
    lines = [" " * wide + "".join(f"{title:>11}" for title in titles) + "  films with both"]
    for name, row, *line in zip(names, cooccurrence(labels), *weights, strict=True):
        numbers = "".join(f"{weight:11.4f}" for weight in line)
        lines.append(f"{name:<{wide}}{numbers} " + "".join(f"{count:6d}" for count in row))
    return "\n".join(lines)


def write_cooccurrence(path: Path, labels: Labels, names: Sequence[str]) -> None:
    """Write the matrix as a comma-separated table: a header of names, a name before each row."""
    rows = zip(names, cooccurrence(labels).tolist(), strict=True)
    write_whole(path, table_bytes([["finding", *names], *([name, *row] for name, row in rows)]))


def _present(labels: Labels) -> Weights:
    present: Weights = (labels == 1).sum(axis=0).astype(np.float64)
    if not bool(present.all()):
        place = int(np.flatnonzero(present == 0)[0])
        raise DatasetError(f"class weights: finding {place + 1} of {len(present)} is on no film")
    return present
