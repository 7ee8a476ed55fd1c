"""The training loop: `train` takes a recipe and a prepared folder and leaves a run folder."""

import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from plainfilm.errors import RunError
from plainfilm.training.batches import Films, batch_positions, epoch_order, steps_per_epoch
from plainfilm.training.chance import deterministic
from plainfilm.training.checkpoint import (
    CHECKPOINT_NAME,
    Progress,
    resume,
    save_checkpoint,
    save_weights,
)
from plainfilm.training.devices import pick_device
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.ending import is_over
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.publish import publish
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import (
    EpochRow,
    RunRecord,
    number_or_none,
    pack,
    unpack,
    write_recipe,
)
from plainfilm.training.schedule import schedule_of
from plainfilm.training.start import begin, check_alike, claim, make_learner
from plainfilm.training.team import ALONE, Team
from plainfilm.training.train_head import train_head
from plainfilm.training.validate import validate


def train(
    recipe: Recipe,
    folder: Path,
    out: Path,
    *,
    device: str = "auto",
    threads: int | None = None,
    team: Team = ALONE,
) -> Path:
    """Train a network, or go on where an earlier call was stopped.

    Parameters
    ----------
    recipe
        What to do.
    folder
        What `datasets.prepare` wrote: manifest and cache.
    out
        The run folder: new or empty, that of the same training, which is then resumed, or that of
        another that learned nothing (no finished epoch, no checkpoint), which is then replaced. On
        the CPU a training that was killed and resumed ends with the same weights, bit for bit.
    device
        "cpu", "cuda", "xpu", "mps", or "auto": an accelerator where there is any.
    threads
        CPU threads; None = torch's own choice, or as many as the run began with.
    team
        What `team.join` gives where several processes train together; all call this alike, and only
        the chief writes.

    Returns
    -------
    `out`, with weights.pt and the files listed in `training.record`.

    Raises
    ------
    RunError
        Another training writes here, the folder belongs to another recipe or other films, the loss
        is not a number, or a checkpoint cannot be written.
    DatasetError
        The prepared folder does not hold together; LeakError where splits share a patient.
    """
    if recipe.network.name == ENCODER:
        return train_head(recipe, folder, out, threads=threads, team=team)
    with team.together():
        place = pick_device(device)
        prepared = Prepared.open(folder, recipe)
    check_alike(team, recipe, prepared)
    with ExitStack() as stack:
        packed = b""
        with team.together():
            if team.is_chief:
                claim(out, stack)
                packed = pack(begin(out, recipe, prepared, place, threads, team.size))
        record = unpack(team.from_chief(packed))
        if not record.finished:
            stack.enter_context(deterministic(place, record.threads))
            with team.together():
                learner = make_learner(out, recipe, prepared, place, team)
            with team.alike():
                _run(learner, prepared, out, record)
    return out


def _run(learner: Learner, prepared: Prepared, out: Path, record: RunRecord) -> None:
    """From the checkpoint, or the start, to the last epoch."""
    optim = learner.recipe.optim
    progress = resume(out, learner)
    if learner.team.is_chief:
        write_recipe(out, learner.recipe)
    _publish(out, record, progress, learner)
    total = optim.epochs * steps_per_epoch(len(prepared.train), optim.batch_size)
    hidden = None if learner.team.is_chief else True
    with tqdm(total=total, initial=progress.step, unit="step", disable=hidden) as bar:
        while not is_over(optim, progress.val_losses):
            progress = _learn_epoch(learner, prepared.train, out, progress, bar)
            progress = _close_epoch(learner, prepared, out, progress)
            _publish(out, record, progress, learner)


def _learn_epoch(
    learner: Learner, films: Films, out: Path, progress: Progress, bar: "tqdm[NoReturn]"
) -> Progress:
    """The steps of the present epoch that are still to be done."""
    optim, epoch = learner.recipe.optim, len(progress.rows)
    n_steps = steps_per_epoch(len(films), optim.batch_size)
    schedule = schedule_of(optim, n_steps, progress.val_losses)
    order = epoch_order(len(films), optim.seed, epoch)
    for step in range(progress.step, (epoch + 1) * n_steps):
        begun = time.perf_counter()
        positions = batch_positions(order, step - epoch * n_steps, optim.batch_size)
        batch = films.take(positions, learner.needed(len(positions), step))
        loss = learner.learn(batch, schedule.at(step), step)
        if not math.isfinite(loss):
            found = f"the loss became {loss} in epoch {epoch + 1}, step {step + 1}"
            place = ", in another folder" if (out / CHECKPOINT_NAME).exists() else ""
            advice = f"Lower optim.lr, or set optim.clip_norm = 1{place}."
            raise RunError(f"{out.name}: {found}. {advice}")
        progress = progress.after_step(loss, time.perf_counter() - begun)
        bar.set_postfix(epoch=epoch + 1, loss=f"{loss:.4f}", refresh=False)
        bar.update()
        if optim.checkpoint_steps and progress.step % optim.checkpoint_steps == 0:
            save_checkpoint(out, learner, progress)
    return progress


def _close_epoch(learner: Learner, prepared: Prepared, out: Path, progress: Progress) -> Progress:
    """Validate, add the epoch to the log, keep its weights if the recipe says so, save all."""
    optim = learner.recipe.optim
    begun = time.perf_counter()
    verdict = validate(learner, prepared.val)
    n_steps = steps_per_epoch(len(prepared.train), optim.batch_size)
    row = EpochRow(
        epoch=len(progress.rows) + 1,
        loss=progress.loss_sum / n_steps,
        val_loss=number_or_none(verdict.loss),
        val_auroc=number_or_none(verdict.auroc),
        lr=schedule_of(optim, n_steps, progress.val_losses).at(progress.step - 1).lr,
        seconds=progress.learn_seconds + time.perf_counter() - begun,
        films_per_s=n_steps * min(optim.batch_size, len(prepared.train)) / progress.learn_seconds,
    )
    progress = progress.after_epoch(
        row, kept=optim.keep == "last" or row.is_better_than(progress.kept)
    )
    if progress.kept is row and learner.team.is_chief:
        save_weights(out, learner.average, len(prepared.manifest.label_set))
    save_checkpoint(out, learner, progress)
    return progress


def _publish(out: Path, record: RunRecord, progress: Progress, learner: Learner) -> None:
    if learner.team.is_chief:
        publish(out, record, progress, learner.recipe.optim)
