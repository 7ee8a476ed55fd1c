"""What a training needs before its first step: a run folder that is its own, and a learner."""

import hashlib
import json
import os
import platform
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import plainfilm
from plainfilm.datasets.files import locked
from plainfilm.datasets.pixel_statistics import pixel_statistics
from plainfilm.errors import DatasetError, RunError
from plainfilm.networks import Classifier
from plainfilm.networks.normalise import PerBatch, PerPixel
from plainfilm.training.batches import Films, batch_positions, epoch_order
from plainfilm.training.cautions import cautions, one_sided
from plainfilm.training.chance import seed_torch
from plainfilm.training.checkpoint import (
    CHECKPOINT_NAME,
    load_classifier,
    weights_name,
)
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.first_weights import (
    check_start,
    first_weights_words,
    take_first_weights,
)
from plainfilm.training.freezing import Weights, count_weights, freeze
from plainfilm.training.learner import Learner, build_network
from plainfilm.training.objective import loss_used, make_target
from plainfilm.training.opinions import count_opinions
from plainfilm.training.optim_settings import Optim
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import (
    RECORD_NAME,
    RunRecord,
    read_recipe,
    read_record,
    write_recipe,
    write_record,
)
from plainfilm.training.runtime import commit, packages_sha256
from plainfilm.training.team import ALONE, Team
from plainfilm.training.toml import differences
from plainfilm.whole_files import sweep


def claim(out: Path, stack: ExitStack) -> None:
    """Make the run folder and hold it for this process until the stack closes.

    Raises
    ------
    RunError
        It holds something else than a run, cannot be made, or another training writes into it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        strangers = [path.name for path in out.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise RunError(f"{out.name}: cannot be a run folder ({error.strerror}).") from error
    if strangers and RECORD_NAME not in strangers and set(strangers) != {"recipe.toml"}:
        found = f"holds {len(strangers)} other files and no {RECORD_NAME}"
        raise RunError(f"{out.name}: {found}; give a new or empty folder, or that of a run.")
    hold(out, "training", stack)


def hold(out: Path, who: str, stack: ExitStack) -> None:
    """Keep a folder for this process until the stack closes; clear it of what killed writes left.

    Raises
    ------
    RunError
        Another one writes into it; `who` is what that one is called.
    """
    try:
        stack.enter_context(locked(out))
    except DatasetError as error:
        advice = "wait for it, or give another folder"
        raise RunError(f"{out.name}: another {who} is writing here; {advice}.") from error
    sweep(out)


def begin(
    out: Path,
    recipe: Recipe,
    prepared: Prepared,
    device: torch.device,
    threads: int | None,
    processes: int = 1,
) -> RunRecord:
    """The run's record: a new one, or the one that stands there if it is of the same training.

    A new one is not written yet: a training that cannot be made leaves no mark. A run that stands
    there with no finished epoch and no checkpoint has learned nothing: another may take its place.

    Raises
    ------
    RunError
        The folder's run has another recipe, other films or another thread count; all are named.
    """
    standing = read_record(out) if (out / RECORD_NAME).exists() else None
    found = _differences(out, standing, recipe, prepared, threads) if standing else []
    if standing is None or (found and not _has_learned(out, standing)):
        record = _new_record(recipe, prepared, device, threads or torch.get_num_threads())
        return replace(record, processes=processes)
    if found:
        raise RunError(
            f"{out.name}: the run here is another training. Its own and the asked for differ in "
            f"{'; '.join(found)}. Give another folder for this one."
        )
    write_recipe(out, recipe)  # its [release] may have changed
    record = replace(standing, recipe=recipe.release.name, processes=processes)
    write_record(out, record)
    return record


def check_alike(team: Team, recipe: Recipe, prepared: Prepared) -> None:
    """Refuse a team whose processes would not do the same training.

    Raises
    ------
    RunError
        Versions, recipes or films differ, a batch has fewer films than there are processes, or
        its parts are not shared evenly.
    """
    told = {
        "versions": [plainfilm.__version__, torch.__version__],
        "recipe": hashlib.sha256(recipe.to_toml().encode()).hexdigest(),
        "films": hashlib.sha256(repr(prepared.used).encode()).hexdigest(),
    }
    alls = [json.loads(text) for text in team.everyones(json.dumps(told))]
    batch = min(recipe.optim.batch_size, len(prepared.train))
    with team.alike():
        for name in told:
            for rank, each in enumerate(alls):
                if each[name] != alls[0][name]:
                    words = f"process {rank} of {team.size}: its {name} are not the chief's"
                    raise RunError(f"{words}; give every machine the same.")
        if recipe.optim.micro_batch % team.size:
            found = f"{recipe.optim.micro_batch} films at a time and {team.size} processes"
            raise RunError(f"optim.micro_batch: {found}; expected a multiple.")
        if batch < team.size:
            found = f"{batch} films a step and {team.size} processes"
            raise RunError(f"optim.batch_size: {found}; expected at least one film for each.")


def make_learner(
    out: Path, recipe: Recipe, prepared: Prepared, device: torch.device, team: Team = ALONE
) -> Learner:
    """The learner at the start of the training (resume comes after).

    Raises
    ------
    RunError
        The run to begin with, or a teacher, is missing, unfinished or does not fit.
    """
    follows = not team.is_chief or (out / CHECKPOINT_NAME).exists()
    return new_learner(recipe, prepared, device, resumed=follows, team=team)


def new_learner(
    recipe: Recipe,
    prepared: Prepared,
    device: torch.device,
    *,
    resumed: bool = False,
    team: Team = ALONE,
) -> Learner:
    """A learner with the weights that the recipe begins with; raises as `make_learner`.

    `resumed` leaves `network.init` unread: weights of a checkpoint or of the chief will follow.
    """
    names = prepared.manifest.label_set.names
    seed_torch(recipe.optim.seed, "weights")
    network = build_network(recipe, prepared.n_logits)
    if not resumed:
        _tell_statistics(network, prepared, recipe.optim)
        take_first_weights(network, recipe, names)
    teachers = [_teacher(Path(run), names).to(device) for run in recipe.network.distil_from]
    target = replace(make_target(recipe, prepared.train, names, device), teachers=tuple(teachers))
    return Learner(recipe, network, target, device, team)


def _tell_statistics(network: Classifier, prepared: Prepared, optim: Optim) -> None:
    """What the network's normalisation asks for, of the training films as they are.

    Mean and deviation of every pixel, a film that is taken more than once counting once; or of the
    first batch's films.
    """
    if isinstance(network.normalise, PerPixel):
        found = pixel_statistics(prepared.cache.pixels, np.unique(prepared.train.rows))
        mean, deviation = (torch.from_numpy(each / 255) for each in (found.mean, found.deviation))
        network.normalise.tell(mean, deviation)
    if isinstance(network.normalise, PerBatch):
        order = epoch_order(len(prepared.train), optim.seed, 0)
        first = batch_positions(order, 0, optim.batch_size)
        network.normalise.tell(prepared.train.take(first).films)


def _teacher(run: Path, names: tuple[str, ...]) -> Classifier:
    known = read_record(run).label_set.names
    if known != names:
        words = f"knows {', '.join(known)}; expected {', '.join(names)}"
        raise RunError(f"network.distil_from: {run.name} {words}.")
    teacher = load_classifier(run).requires_grad_(False)
    if teacher.facts is not None:
        words = "was told facts of the films, and a teacher is shown films alone"
        raise RunError(f"network.distil_from: {run.name} {words}; take another teacher.")
    return teacher


def _teachers(recipe: Recipe, films: Films) -> tuple[str, ...]:
    network = recipe.network
    teachers = [weights_name(Path(run)) for run in network.distil_from]
    if films.opinions is not None:
        table = Path(network.distil_table)
        digest = hashlib.sha256(table.read_bytes()).hexdigest()
        teachers.append(f"{table.name} ({digest}), {count_opinions(films.opinions)} films")
    return tuple(teachers)


def _has_learned(out: Path, record: RunRecord) -> bool:
    return record.epochs > 0 or (out / CHECKPOINT_NAME).exists()


def _differences(
    out: Path, record: RunRecord, recipe: Recipe, prepared: Prepared, threads: int | None
) -> list[str]:
    found = read_recipe(out).differences(recipe) + differences(record.films, prepared.used, "films")
    if record.label_set.names != prepared.manifest.label_set.names:
        found.append("findings")
    if not (out / CHECKPOINT_NAME).exists():  # it begins anew, with the weights as they are now
        init = first_weights_words(recipe, record.label_set.names, prepared.n_logits)
        found += [] if init == record.init else [f"network.init: {record.init} and {init}"]
    if threads not in (None, record.threads):
        found.append(f"threads: {record.threads} and {threads}")
    return found


def _new_record(
    recipe: Recipe, prepared: Prepared, device: torch.device, threads: int
) -> RunRecord:
    check_start(recipe, prepared.used)
    label_set = prepared.manifest.label_set
    weights = _weights(recipe, prepared.n_logits)
    loss = loss_used(recipe, prepared.train, label_set.names)
    return RunRecord(
        recipe=recipe.release.name,
        label_set=label_set,
        films=prepared.used,
        loss=loss,
        seed=recipe.optim.seed,
        init=first_weights_words(recipe, label_set.names, prepared.n_logits),
        teachers=_teachers(recipe, prepared.train),
        code_version=plainfilm.__version__,
        torch_version=torch.__version__,
        hardware=_hardware(device),
        device=device.type,
        threads=threads,
        copies=prepared.copies_words(recipe),
        environment=_environment(),
        commit=commit(),
        packages_sha256=packages_sha256(),
        cautions=(*cautions(recipe), *one_sided(loss, label_set.names)),
        n_weights=weights.total,
        n_learning=weights.learning,
    )


def _weights(recipe: Recipe, n_logits: int) -> Weights:
    if recipe.network.name == ENCODER:
        return Weights(0, 0)  # told where it is opened
    with torch.device("meta"):  # without values, for counting
        network = build_network(recipe, n_logits)
    freeze(network, recipe.network.frozen_before)
    return count_weights(network)


def _environment() -> tuple[str, ...]:
    packages = (f"{name} {version(name)}" for name in ("numpy", "pillow", "torch"))
    return (f"python {platform.python_version()}", *packages)


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    cores = f"{os.cpu_count()} CPU cores ({platform.machine()})"
    return cores if device.type == "cpu" else f"{device.type.upper()} beside {cores}"
