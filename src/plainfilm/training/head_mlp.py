"""A head with a hidden layer on frozen embeddings: small batches, by the recipe's [optim]."""

import time

import torch

from plainfilm.networks.heads import HeadPlan, make_layers
from plainfilm.training.batches import batch_positions, epoch_order, steps_per_epoch
from plainfilm.training.chance import seed_torch
from plainfilm.training.ending import end_words, is_over
from plainfilm.training.head_fit import Bench, FittedHead, Layers, State, copied
from plainfilm.training.learner import make_optimiser
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import EpochRow
from plainfilm.training.schedule import Pace, schedule_of


def fit_mlp(bench: Bench, recipe: Recipe, plan: HeadPlan) -> FittedHead:
    """A head by the recipe's schedule; `optim.keep` says which epoch's weights are kept.

    The log has a row for each epoch. All chance is a function of `optim.seed`.

    Raises
    ------
    RunError
        A loss is not finite.
    """
    optim, n_findings = recipe.optim, bench.train.labels.shape[1]
    seed_torch(optim.seed, "weights")
    layers = make_layers(plan, bench.seen.shape[1], n_findings, recipe.network.dropout)
    optimiser = make_optimiser(layers, optim)
    rows: list[EpochRow] = []
    kept: EpochRow | None = None
    state: State = {}
    while not is_over(optim, [row.val_loss for row in rows]):
        begun = time.perf_counter()
        loss, lr = _learn_epoch(layers, optimiser, bench, recipe, rows)
        rows.append(bench.row(len(rows) + 1, loss, lr, layers.eval(), begun))
        if kept is None or optim.keep == "last" or rows[-1].is_better_than(kept):
            kept, state = rows[-1], copied(layers)
    ended = end_words(optim, [row.val_loss for row in rows])
    return FittedHead(bench.folded(state), tuple(rows), kept or rows[-1], ended)


def _learn_epoch(
    layers: Layers,
    optimiser: torch.optim.Optimizer,
    bench: Bench,
    recipe: Recipe,
    rows: list[EpochRow],
) -> tuple[float, float]:
    """One epoch's steps; the mean loss, and the last step's rate."""
    optim, n_films, epoch = recipe.optim, len(bench.train), len(rows)
    n_steps = steps_per_epoch(n_films, optim.batch_size)
    schedule = schedule_of(optim, n_steps, [row.val_loss for row in rows])
    order = epoch_order(n_films, optim.seed, epoch)
    layers.train()
    total, pace = 0.0, schedule.at(epoch * n_steps)
    for place in range(n_steps):
        step = epoch * n_steps + place
        pace = schedule.at(step)
        seed_torch(optim.seed, "dropout", step)
        chosen = batch_positions(order, place, optim.batch_size)
        optimiser.zero_grad()
        logits = layers(bench.seen[torch.from_numpy(chosen)].float())
        loss = bench.target.loss(logits, bench.train.batch(chosen))
        loss.backward()  # type: ignore[no-untyped-call]
        _step(optimiser, pace, optim.second_beta)
        total += float(loss.detach())
    return total / n_steps, pace.lr


def _step(optimiser: torch.optim.Optimizer, pace: Pace, second_beta: float) -> None:
    for group in optimiser.param_groups:
        group["lr"], group["betas"] = pace.lr, (pace.momentum, second_beta)
    optimiser.step()
