"""Weights of films that take a selection's habits out of a training.

A sample of a data set may hold a finding mostly on films taken standing (PA) and its absence mostly
on films taken lying (AP) by nothing but how the sample was drawn. A network then reads the view
instead of the finding. Weighted, films with and without the finding have the same make-up.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.manifest import Sample

Attribute = Literal["view", "sex"]

PSEUDO_FILMS = 10  # added to each count: a cell of three films must not weigh like thirty


def film_weights(
    samples: Sequence[Sample], labels: NDArray[np.float32], attributes: Sequence[Attribute]
) -> NDArray[np.float32]:
    """What each film counts for each finding, so that labels and attributes go separate ways.

    Parameters
    ----------
    samples
        n films.
    labels
        float32 (n, K): 1, 0 or NaN = unknown.
    attributes
        Films with the same values in all of them form a group; "not known" is a value too.

    Returns
    -------
    float32 (n, K), above 0: (expected + m) / (found + m), where m is `PSEUDO_FILMS`, `found` counts
    the films of the same label and group, and `expected` is what it would be if label and group
    were independent. 1 where the label is unknown, or without attributes.

    References
    ----------
    Kamiran and Calders 2012, Knowledge and Information Systems 33:1, section 4.2 (reweighing);
    the pseudo-films are ours.
    """
    weights = np.ones_like(labels)
    if not attributes:
        return weights
    keys = np.array(["|".join(_VALUE[name](s) for name in attributes) for s in samples])
    for group in np.unique(keys):
        inside = (keys == group)[:, None]
        for label in (0.0, 1.0):
            known, same = ~np.isnan(labels), labels == label
            found = (inside & same).sum(axis=0)
            share = (inside & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
            weight = (same.sum(axis=0) * share + PSEUDO_FILMS) / (found + PSEUDO_FILMS)
            weights = np.where(inside & same, weight.astype(np.float32), weights)
    return weights


_VALUE: dict[Attribute, Callable[[Sample], str]] = {
    "view": lambda sample: sample.view or "",
    "sex": lambda sample: sample.sex or "",
}
