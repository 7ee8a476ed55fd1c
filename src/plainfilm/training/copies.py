"""Training films taken more than once, until both classes of a finding have as many.

Either films of the rarer class are repeated, and `[augment]` changes films of both alike; or copies
of the rarer class alone are changed, as published experiments did. The second lets a network learn
"changed, so of that class" instead of the finding: `shortcut` says how well.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from plainfilm.errors import RunError

Equalise = Literal["no", "repeat", "changed-copies"]

AS_IT_IS, MIRRORED, CROPPED = 0, 1, 2
CROP = 0.9  # of the side, about the middle
WORDS = {AS_IT_IS: "unchanged", MIRRORED: "mirrored", CROPPED: "cropped"}


@dataclass(frozen=True, eq=False)
class Copies:
    """Which films are taken again, and how.

    Parameters
    ----------
    positions
        int64 (m,), places in the training split.
    changes
        int8 (m,): `AS_IT_IS`, `MIRRORED` or `CROPPED`.
    of_present
        Whether they are films with the finding.
    """

    positions: NDArray[np.int64]
    changes: NDArray[np.int8]
    of_present: bool


def plan_copies(labels: NDArray[np.float32], how: Equalise) -> Copies:
    """What is to be taken again of films with these labels.

    Parameters
    ----------
    labels
        float32 (n, 1): 1, 0 or NaN = unknown, which is never taken again.
    how
        "repeat": each film of the rarer class in turn, as it is. "changed-copies": each of them
        mirrored, then each cropped, until there are enough.

    Raises
    ------
    RunError
        More than one finding, a class without films, or one so rare that two copies are too few.

    References
    ----------
    Buluttekin 2020, section 3.4, and its published code; that has a third change, of saturation,
    which leaves a grey film as it is and is never reached.
    """
    if labels.shape[1] != 1:
        found = f"found {labels.shape[1]} findings; it needs one"
        raise RunError(f"data.equalise: {found}. Prepare with --only, or set loss.pos_weight.")
    classes = [np.flatnonzero(labels[:, 0] == label) for label in (0, 1)]
    of_present = len(classes[1]) < len(classes[0])
    rarer, n = classes[of_present], abs(len(classes[0]) - len(classes[1]))
    if not len(rarer):
        raise RunError(f"data.equalise: no film {_with(of_present)} the finding to copy.")
    turns, order = np.divmod(np.arange(n), len(rarer))
    changes = np.zeros(n, np.int8)
    if how == "changed-copies":
        if n > 2 * len(rarer):
            most = f"{2 * len(rarer):,} copies of {len(rarer):,} films can be made, of {n:,}"
            raise RunError(f'data.equalise: {most} needed. Take "repeat".')
        changes = np.where(turns == 0, MIRRORED, CROPPED).astype(np.int8)
    return Copies(rarer[order].astype(np.int64), changes, of_present)


def copies_words(copies: Copies, labels: NDArray[np.float32]) -> str:
    """What was taken again, counted by change, and what a network may make of it."""
    n, kind = len(copies.positions), _with(copies.of_present)
    if not n:
        return "no copy: there are as many films with as without the finding"
    counts = ", ".join(
        f"{int((copies.changes == change).sum()):,} {word}"
        for change, word in WORDS.items()
        if (copies.changes == change).any()
    )
    n_before = int((labels == copies.of_present).sum())
    words = f"{n:,} copies of the {n_before:,} films {kind} the finding: {counts}; no other film"
    found = shortcut(copies, labels)
    if not found:
        return words
    return (
        f"{words}. Shortcut: every changed film is one {kind} the finding (correlation of "
        f"being changed with the finding {found:.2f}), which a network may learn instead of it"
    )


def shortcut(copies: Copies, labels: NDArray[np.float32]) -> float:
    """Correlation, in [-1, 1], of being changed with the finding, over films and copies.

    0 where nothing is changed, and so nothing is told.
    """
    known = labels[~np.isnan(labels)]
    present = np.concatenate([known, np.full(len(copies.positions), float(copies.of_present))])
    changed = np.concatenate([np.zeros(len(known)), copies.changes != AS_IT_IS])
    return float(np.corrcoef(changed, present)[0, 1]) if changed.any() else 0.0


def changed(films: Tensor, changes: NDArray[np.int8]) -> Tensor:
    """Films (N, 1, S, S) with each one's change carried out; a new tensor where there is any."""
    if not changes.any():
        return films
    which, side = torch.from_numpy(changes).view(-1, 1, 1, 1), films.shape[-1]
    edge = round((1 - CROP) / 2 * side)
    inner = films[..., edge : side - edge, edge : side - edge]
    cropped = F.interpolate(inner, (side, side), mode="bilinear", align_corners=False)
    films = torch.where(which == MIRRORED, films.flip(-1), films)
    return torch.where(which == CROPPED, cropped, films)


def _with(present: bool) -> str:
    return "with" if present else "without"
