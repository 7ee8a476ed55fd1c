"""`examine`: is a recipe fit to be trained on these films? A checklist, before hours of work.

| check | what is tried | it holds when |
|---|---|---|
| labels | the training films' labels | each is 1, 0 or unknown; every finding has both kinds |
| shapes | one batch through the new network | one finite score per film and finding |
| overfit | 16 films learnt by heart, in 200 steps at most | loss below 0.1, every film right |
| plateau | the loss of that | it does not stand still above that bound |
| collapse | the answers to those films | no finding has one answer for every film |
| numbers | 40 steps of the recipe as it is | every loss is a finite number |
| decline | the losses of those | they do not rise |
| waiting | the time of those | a quarter of it at most goes by waiting for films |

A network that cannot learn sixteen films by heart will not learn thousands: something is broken
between film and loss.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plainfilm.training.batches import Films
from plainfilm.training.chance import deterministic
from plainfilm.training.devices import pick_device
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.start import new_learner
from plainfilm.tuning.rehearsal import (
    OVERFIT_LOSS,
    Overfit,
    Watch,
    overfit,
    watch,
    without_changes,
)

SCHEMA = "plainfilm.doctor/1"
STANDS_STILL = 0.95  # last quarter's mean loss beside the first's; above, nothing is learnt
COLLAPSED = 0.99  # share of the films with the same answer
COIN_LOSS = math.log(2)
RISES = 1.5  # last quarter's mean loss beside the first's; batches differ, hence the slack
WAITING_SHARE = 0.25


@dataclass(frozen=True)
class Check:
    """One line of the checklist; `advice` says what to do, "" where it holds."""

    name: str
    holds: bool
    found: str
    advice: str


@dataclass(frozen=True)
class Diagnosis:
    """The whole checklist, and where it was gone through ("cpu", "cuda" …)."""

    device: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)


def examine(
    recipe: Recipe, folder: Path, *, device: str = "auto", threads: int | None = None
) -> Diagnosis:
    """Go through the checklist with a recipe and a prepared folder.

    Parameters
    ----------
    device, threads
        As in `train`.

    Raises
    ------
    RunError
        The films, or the weights to begin with, do not fit the recipe.
    DatasetError
        The prepared folder does not hold together; LeakError where splits share a patient.
    """
    place, still = pick_device(device), without_changes(recipe)
    prepared, plain = Prepared.open(folder, recipe), Prepared.open(folder, still)
    names = prepared.manifest.label_set.names
    with deterministic(place, threads or torch.get_num_threads()):
        shapes = check_shapes(new_learner(recipe, prepared, place), prepared.train)
        learnt = overfit(new_learner(still, plain, place), plain.train)
        watched = watch(new_learner(recipe, prepared, place), prepared.train)
    checks = (
        check_labels(prepared.train.labels, names),
        shapes,
        check_overfit(learnt),
        check_plateau(learnt),
        check_collapse(learnt, names),
        check_numbers(watched.losses),
        check_decline(watched.losses),
        check_waiting(watched),
    )
    return Diagnosis(place.type, checks)


def text_of(diagnosis: Diagnosis) -> str:
    """The checklist for people, one line a check, and what to do under each that failed."""
    lines = [f"device: {diagnosis.device}"]
    for check in diagnosis.checks:
        lines.append(f"{'ok' if check.holds else 'failed':8}{check.name:10}{check.found}")
        lines += [f"{'':18}-> {check.advice}"] if check.advice else []
    return "\n".join(lines)


def json_of(diagnosis: Diagnosis) -> dict[str, object]:
    """The checklist for programs."""
    return {"schema": SCHEMA, "holds": diagnosis.holds, **asdict(diagnosis)}


def check_labels(labels: NDArray[np.float32], names: Sequence[str]) -> Check:
    """Labels (n, K) are 1, 0 or NaN, and each finding is present here and absent there."""
    odd = int((~np.isnan(labels) & (labels != 0) & (labels != 1)).sum())
    present, absent = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    one_sided = [
        f"{name} {present[k]} present, {absent[k]} absent"
        for k, name in enumerate(names)
        if not (present[k] and absent[k])
    ]
    rarest = int(np.argmin(np.minimum(present, absent)))
    fewest = f"{min(present[rarest], absent[rarest]):,}"
    found = [f"{odd} labels beside 0, 1 and unknown"] if odd else []
    found += one_sided or [f"at least {fewest} films of either kind ({names[rarest]})"]
    advice = "Look at the label file and its reader; prepare again, or leave that finding out."
    return _check("labels", not odd and not one_sided, "; ".join(found), advice)


def check_shapes(learner: Learner, films: Films) -> Check:
    """One batch gives one finite score per film and output."""
    batch = films.take(np.arange(min(len(films), learner.recipe.optim.batch_size)))
    logits = learner.judge(batch.films, batch.facts)
    low, high = float(batch.films.min()), float(batch.films.max())
    n_weights = sum(weight.numel() for weight in learner.network.parameters())
    found = (
        f"films {_shape(batch.films)} in [{low:.2f}, {high:.2f}], scores {_shape(logits)}, "
        f"{n_weights:,} weights"
    )
    holds = (
        logits.shape == batch.labels.shape
        and bool(torch.isfinite(logits).all())
        and 0 <= low < high <= 1
    )
    advice = "Look at some films of the cache and at the network's head, or at its first weights."
    return _check("shapes", holds, found, advice)


def check_overfit(learnt: Overfit) -> Check:
    """The few films are known by heart."""
    found = (
        f"loss {learnt.loss:.3g} (below {OVERFIT_LOSS:g} wanted) and {learnt.share_right:.0%} "
        f"right on {len(learnt.labels)} films after {len(learnt.losses)} steps"
    )
    holds = learnt.loss < OVERFIT_LOSS and learnt.share_right == 1
    advice = "Try optim.lr ten times lower and higher; then look for films with wrong labels."
    return _check("overfit", holds, found, advice)


def check_plateau(learnt: Overfit) -> Check:
    """The loss of learning by heart moved, or needed not to."""
    first, last = _quarters(learnt.losses)
    found = f"loss from {first:.3g} to {last:.3g}"
    holds = learnt.loss < OVERFIT_LOSS or last < STANDS_STILL * first
    advice = "Gradients do not reach the weights, or optim.lr is far off: see network.init, too."
    return _check("plateau", holds, found, advice)


def check_collapse(learnt: Overfit, names: Sequence[str]) -> Check:
    """No finding gets one answer for nearly all films, where films of both kinds were learnt."""
    collapsed = []
    for k, name in enumerate(names):
        known = ~torch.isnan(learnt.labels[:, k])
        labels, called = learnt.labels[known, k], learnt.logits[known, k] > 0
        share = float(called.float().mean()) if len(labels) else 0.5
        if {0.0, 1.0} <= set(labels.tolist()) and max(share, 1 - share) >= COLLAPSED:
            collapsed.append(f"{name} {'present' if share > 0.5 else 'absent'}")
    found = ", ".join(collapsed) + " on every film" if collapsed else "both answers are given"
    advice = 'Lower optim.lr, or set loss.pos_weight = "balanced".'
    return _check("collapse", not collapsed, found, advice)


def check_numbers(losses: Sequence[float]) -> Check:
    """Every loss of the recipe as it is was finite."""
    holds = all(math.isfinite(loss) for loss in losses)
    found = f"loss {losses[-1]:.3g} after {len(losses)} steps"
    return _check("numbers", holds, found, "Lower optim.lr, or set optim.clip_norm = 1.")


def check_decline(losses: Sequence[float]) -> Check:
    """The losses of the recipe as it is do not rise above their first quarter, nor a coin's.

    A rate far too high has its harm done within the first steps, which would hide it.
    """
    first, last = _quarters(losses)
    most = RISES * min(first, max(losses[0], COIN_LOSS))
    found = f"loss from {losses[0]:.3g} to {last:.3g} in {len(losses)} steps (at most {most:.3g})"
    return _check("decline", last <= most, found, "Lower optim.lr.")


def check_waiting(watched: Watch) -> Check:
    """The device seldom waits for films."""
    share = watched.fetching / max(watched.fetching + watched.learning, 1e-9)
    found = f"the device waits for films {share:.0%} of the time (at most {WAITING_SHARE:.0%})"
    advice = "Put the prepared folder on a faster disk, or into memory; or prepare smaller films."
    return _check("waiting", share <= WAITING_SHARE, found, advice)


def _check(name: str, holds: bool, found: str, advice: str) -> Check:
    return Check(name, holds, found, "" if holds else advice)


def _quarters(losses: Sequence[float]) -> tuple[float, float]:
    """Mean loss of the first and of the last quarter; NaN where there is none."""
    n = max(1, len(losses) // 4)
    if not losses:
        return math.nan, math.nan
    return sum(losses[:n]) / n, sum(losses[-n:]) / n


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))
