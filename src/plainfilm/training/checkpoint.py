"""What a killed training needs to go on, and the weights a run ends with.

Files are torch's, hold only tensors and plain values, and are loaded with `weights_only=True`:
nothing in them is ever executed. They are written aside, flushed to the disk and renamed.
"""

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from plainfilm.errors import RecipeError, RunError
from plainfilm.networks import Classifier
from plainfilm.training.encoder_network import build_on_encoder
from plainfilm.training.encoder_settings import NAME as ENCODER
from plainfilm.training.learner import Learner, build_network
from plainfilm.training.record import EpochRow, put, read_recipe, read_record
from plainfilm.training.toml import read_table

CHECKPOINT_NAME = "checkpoint.pt"
WEIGHTS_NAME = "weights.pt"
FORMAT = "plainfilm.checkpoint/1"


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Parameters
    ----------
    step
        Steps done, over all epochs.
    loss_sum, learn_seconds
        Of the present epoch, so far.
    rows
        The log: one row per finished epoch.
    kept
        The epoch whose weights are in weights.pt; None = none yet.
    """

    step: int = 0
    loss_sum: float = 0.0
    learn_seconds: float = 0.0
    rows: tuple[EpochRow, ...] = ()
    kept: EpochRow | None = None

    @property
    def val_losses(self) -> tuple[float | None, ...]:
        """Of the finished epochs."""
        return tuple(row.val_loss for row in self.rows)

    def after_step(self, loss: float, seconds: float) -> "Progress":
        """One step further."""
        return replace(
            self,
            step=self.step + 1,
            loss_sum=self.loss_sum + loss,
            learn_seconds=self.learn_seconds + seconds,
        )

    def after_epoch(self, row: EpochRow, *, kept: bool) -> "Progress":
        """One finished epoch further, its weights kept or not."""
        return Progress(self.step, rows=(*self.rows, row), kept=row if kept else self.kept)


def save_checkpoint(folder: Path, learner: Learner, progress: Progress) -> None:
    """Write checkpoint.pt; where that fails, the one before stays as it was.

    Of a team the chief writes, the others do nothing.

    Raises
    ------
    RunError
        The disk is full or refuses.
    """
    if learner.team.is_chief:
        write_state(folder / CHECKPOINT_NAME, _state(learner, progress))


def _state(learner: Learner, progress: Progress) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "network": learner.network.state_dict(),
        "average": learner.average.state_dict(),
        "optimiser": learner.optimiser.state_dict(),
        "progress": asdict(progress),
    }


def resume(folder: Path, learner: Learner) -> Progress:
    """Put the learner where the folder's checkpoint left it; the start where there is none.

    In a team all are put where the chief is, by its folder; the others need none.

    Raises
    ------
    RunError
        The checkpoint is broken or of another network.
    """
    path, team = folder / CHECKPOINT_NAME, learner.team
    with team.together():
        packed = path.read_bytes() if team.is_chief and path.exists() else b""
    if team.is_chief and not packed and team.size > 1:
        packed = _packed(_state(learner, Progress()))
    packed = team.from_chief(packed)
    if not packed:
        return Progress()
    content = _unpacked(packed, path.name, learner.device)
    try:
        learner.network.load_state_dict(content["network"])
        learner.average.load_state_dict(content["average"])
        learner.optimiser.load_state_dict(content["optimiser"])
        return read_table(Progress, content["progress"])
    except (KeyError, TypeError, ValueError, RuntimeError, RecipeError) as error:
        advice = "remove it to begin this run anew"
        raise RunError(f"{CHECKPOINT_NAME}: not a checkpoint of this run; {advice}.") from error


def save_weights(folder: Path, classifier: Classifier, n_findings: int) -> None:
    """Write weights.pt, the state dict a run ends with, without the side targets' outputs.

    Raises
    ------
    RunError
        The disk refuses.
    """
    weights = {name: value.detach().cpu() for name, value in classifier.state_dict().items()}
    for name in (*classifier.logit_keys, *classifier.fact_keys):
        weights[name] = weights[name][:n_findings].clone()
    write_state(folder / WEIGHTS_NAME, weights)


def load_weights(folder: Path) -> Mapping[str, Tensor]:
    """The state dict in weights.pt, on the CPU.

    Raises
    ------
    RunError
        It is missing or broken.
    """
    path = folder / WEIGHTS_NAME
    if not path.exists():
        raise RunError(f"{folder.name}: {WEIGHTS_NAME} is missing; finish the training first.")
    return read_state(path, torch.device("cpu"))


def load_classifier(folder: Path) -> Classifier:
    """The network of a finished run, in evaluation mode, on the CPU.

    Raises
    ------
    RunError
        No run is here, it is not finished, or its weights are missing or broken.
    """
    record, recipe = read_record(folder), read_recipe(folder)
    if not record.finished:
        found = f"{record.epochs} of {recipe.optim.epochs} epochs are done"
        raise RunError(f"{folder.name}: not finished, {found}. Run the same training again.")
    with torch.random.fork_rng(devices=[]):  # building draws weights that are then replaced
        build = build_on_encoder if recipe.network.name == ENCODER else build_network
        classifier = build(recipe, len(record.label_set))
    try:
        classifier.load_state_dict(load_weights(folder))
    except RuntimeError as error:
        raise RunError(f"{folder.name}: {WEIGHTS_NAME} is of another network.") from error
    return classifier.eval()


def weights_name(folder: Path) -> str:
    """How records call the weights of a run: its folder's name and their SHA-256."""
    path = folder / WEIGHTS_NAME
    if not path.exists():
        raise RunError(f"{folder.name}: {WEIGHTS_NAME} is missing; finish the training first.")
    return f"{folder.name} ({hashlib.sha256(path.read_bytes()).hexdigest()})"


def write_state(path: Path, content: object) -> None:
    """Write tensors and plain values, whole or not at all; RunError where the disk refuses."""
    # Through memory: torch's own file writer hides which error the disk gave.
    put(path, _packed(content))


def _packed(content: object) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """What `write_state` wrote; RunError where it is cut off or altered."""
    try:
        return _unpacked(path.read_bytes(), path.name, device)
    except OSError as error:
        raise RunError(f"{path.name}: cannot be read ({error.strerror}).") from error


def _unpacked(packed: bytes, name: str, device: torch.device) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(
            io.BytesIO(packed), map_location=device, weights_only=True
        )
    except (RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise RunError(f"{name}: cannot be read; it is cut off or altered.") from error
    return content
