"""The range test: which learning rate to take for a recipe, measured in a few dozen steps.

The rate rises from step to step until the loss diverges. Nothing of it stays in the network.
"""

import copy
import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from plainfilm.errors import RunError
from plainfilm.training.batches import Films, batch_positions, epoch_order, steps_per_epoch
from plainfilm.training.chance import deterministic
from plainfilm.training.checkpoint import read_state, write_state
from plainfilm.training.devices import pick_device
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe, Release
from plainfilm.training.schedule import RangeSweep, has_diverged, steepest_rate
from plainfilm.training.start import new_learner

SAVED_STEPS = 10  # a test that is killed goes on from the last so many


@dataclass(frozen=True)
class RangeCurve:
    """What a range test saw.

    Parameters
    ----------
    rates, losses
        Of every step made; the loss is that before the step.
    suggestion
        Where the loss falls fastest; None where it never falls.
    weight_decay
        That the optimiser used.
    diverged
        Whether the test stopped because the loss diverged.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggestion: float | None
    weight_decay: float
    diverged: bool


@dataclass(frozen=True)
class Halfway:
    """Where a range test keeps what it needs to go on; `identity` tells it from another's."""

    path: Path
    identity: str


def find_rate(
    recipe: Recipe,
    folder: Path,
    *,
    sweep: RangeSweep | None = None,
    device: str = "auto",
    threads: int | None = None,
    halfway: Path | None = None,
) -> RangeCurve:
    """Try learning rates on a prepared folder's training films, from the recipe's first weights.

    Parameters
    ----------
    sweep
        Which rates; None = 1e-7 to 10 in 100 steps at the recipe's `momentum_high`.
    device, threads
        As in `train`.
    halfway
        A file that a killed test goes on from, on the CPU bit for bit; removed at the end. None =
        a killed test begins anew.

    Raises
    ------
    RunError
        The films or the weights to begin with do not fit the recipe, or `halfway` is of another
        test.
    DatasetError
        The prepared folder does not hold together.
    """
    sweep = sweep or RangeSweep(momentum=recipe.optim.momentum_high)
    place, prepared = pick_device(device), Prepared.open(folder, recipe)
    threads = threads or torch.get_num_threads()
    kept = None
    if halfway is not None:
        told = replace(recipe, release=Release()).to_toml(), prepared.used, sweep, threads
        kept = Halfway(halfway, hashlib.sha256(repr(told).encode()).hexdigest())
    with deterministic(place, threads):
        learner = new_learner(recipe, prepared, place)
        return range_test(learner, prepared.train, sweep, halfway=kept)


def words_of(curve: RangeCurve) -> str:
    """What a test suggests, in words."""
    end = "the loss diverged" if curve.diverged else "the loss never diverged"
    steps = f"{len(curve.losses)} steps, {end}"
    if curve.suggestion is None:
        return f"no suggestion, the loss never falls ({steps})"
    return f"optim.lr = {curve.suggestion:.2g} ({steps})"


def curve_json(curve: RangeCurve) -> dict[str, object]:
    """The curve as plain types for JSON, which knows no NaN: such a loss is None."""
    losses = [loss if math.isfinite(loss) else None for loss in curve.losses]
    return {**asdict(curve), "losses": losses}


def range_test(
    learner: Learner, films: Films, sweep: RangeSweep, *, halfway: Halfway | None = None
) -> RangeCurve:
    """Sweep a learner's rate over its films until the loss diverges; the learner stays as it was.

    Raises
    ------
    RunError
        `halfway` is of another test, or cannot be written.
    """
    before = copy.deepcopy(_states(learner))
    try:
        losses = _resume(learner, halfway)
        _sweep(learner, films, sweep, losses, halfway)
        decay = float(learner.optimiser.param_groups[0]["weight_decay"])
    finally:
        _restore(learner, before)
    if halfway is not None:
        halfway.path.unlink(missing_ok=True)
    rates = tuple(sweep.at(step).lr for step in range(len(losses)))
    suggestion = steepest_rate(rates, losses)
    return RangeCurve(rates, tuple(losses), suggestion, decay, has_diverged(losses))


def _sweep(
    learner: Learner,
    films: Films,
    sweep: RangeSweep,
    losses: list[float],
    halfway: Halfway | None,
) -> None:
    """Append the loss of each step to `losses`."""
    optim = learner.recipe.optim
    n_steps = steps_per_epoch(len(films), optim.batch_size)
    for step in tqdm(range(len(losses), sweep.steps + 1), unit="step", disable=None):
        if has_diverged(losses):
            return
        order = epoch_order(len(films), optim.seed, step // n_steps)
        batch = films.take(batch_positions(order, step % n_steps, optim.batch_size))
        losses.append(learner.learn(batch, sweep.at(step), step))
        if halfway is not None and len(losses) % SAVED_STEPS == 0:
            content = {"identity": halfway.identity, "states": _states(learner), "losses": losses}
            write_state(halfway.path, content)


def _resume(learner: Learner, halfway: Halfway | None) -> list[float]:
    """The losses so far, the learner as it was after them."""
    if halfway is None or not halfway.path.exists():
        return []
    content = read_state(halfway.path, learner.device)
    if content.get("identity") != halfway.identity:
        raise RunError(f"{halfway.path.name}: is of another range test; remove it to begin anew.")
    _restore(learner, content["states"])
    return [float(loss) for loss in content["losses"]]


def _states(learner: Learner) -> dict[str, Any]:
    return {
        "network": learner.network.state_dict(),
        "average": learner.average.state_dict(),
        "optimiser": learner.optimiser.state_dict(),
    }


def _restore(learner: Learner, states: Mapping[str, Any]) -> None:
    learner.network.load_state_dict(states["network"])
    learner.average.load_state_dict(states["average"])
    learner.optimiser.load_state_dict(states["optimiser"])
