"""Side targets: what else a film tells, learnt beside the findings and thrown away afterwards.

With few films a body that must also tell sex, view and age learns more of a film. The extra
outputs exist in the training only: weights.pt, and so every bundle, has the findings' alone.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.manifest import Manifest, Sample

SideTarget = Literal["sex", "view", "age", "normal"]
Columns = NDArray[np.float32]

AGE_STEPS = (25.0, 40.0, 50.0, 60.0, 70.0)  # years; one column each: older than that


def side_columns(manifest: Manifest, names: Sequence[SideTarget]) -> Columns:
    """The side targets of every film.

    Parameters
    ----------
    names
        "sex": male; "view": AP and not PA; "age": a column for each of `AGE_STEPS`; "normal": no
        finding at all.

    Returns
    -------
    float32 (n, columns): 1, 0 or NaN = unknown.
    """
    rows = [[value for name in names for value in _TARGETS[name](s)] for s in manifest.samples]
    return np.array(rows, np.float32).reshape(len(rows), -1)


def _sex(sample: Sample) -> list[float]:
    return [{"M": 1.0, "F": 0.0}.get(sample.sex or "", np.nan)]


def _view(sample: Sample) -> list[float]:
    return [{"AP": 1.0, "PA": 0.0}.get(sample.view or "", np.nan)]


def _age(sample: Sample) -> list[float]:
    if sample.age is None:
        return [np.nan] * len(AGE_STEPS)
    return [float(sample.age > step) for step in AGE_STEPS]


def _normal(sample: Sample) -> list[float]:
    if (sample.labels == 1).any():
        return [0.0]
    return [np.nan if np.isnan(sample.labels).any() else 1.0]


_TARGETS: dict[SideTarget, Callable[[Sample], list[float]]] = {
    "sex": _sex,
    "view": _view,
    "age": _age,
    "normal": _normal,
}
