"""A finished run made again from what it recorded, and compared with itself.

On a CPU, with the same packages and the same commit, every metric and every weight is the same;
where one is not, what was different then stands beside it.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from plainfilm.errors import RunError
from plainfilm.training.checkpoint import load_weights
from plainfilm.training.loop import train
from plainfilm.training.record import RunRecord, read_log, read_recipe, read_record

SCHEMA = "plainfilm.repeat/1"

# What may differ between two runs of one recipe, and explain other numbers.
_CIRCUMSTANCES = (
    "code_version", "commit", "torch_version", "packages_sha256", "hardware", "device", "processes",
)  # fmt: skip
_CLOCKS = ("seconds", "films_per_s")


@dataclass(frozen=True)
class Repeat:
    """How a second run compares with the first.

    Parameters
    ----------
    n_epochs
        In the first run's log.
    metrics
        Where the logs differ, a sentence each: ± 0 is the same, nothing less.
    same_weights
        Whether the weights that the runs end with are equal, bit for bit.
    circumstances
        What else was different: versions, commit, packages, hardware; and that the code had
        changes beside its commit, which the record does not tell apart.
    """

    n_epochs: int
    metrics: tuple[str, ...]
    same_weights: bool
    circumstances: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether all metrics and weights are the same."""
        return self.same_weights and not self.metrics


def repeat(run: Path, folder: Path, out: Path) -> Repeat:
    """Train by a finished run's recipe, into another folder, and compare; goes on if cut off.

    Parameters
    ----------
    run
        What `train` left.
    folder
        The prepared folder it learned from.
    out
        New or empty, or where an earlier call was stopped.

    Raises
    ------
    RunError
        The run is not finished, the folder has other films, or the training cannot be done.
    """
    told, recipe = read_record(run), read_recipe(run)
    if not told.finished:
        raise RunError(f"{run.name}: not finished yet; expected a run to repeat. Train it first.")
    if out.resolve() == run.resolve():
        raise RunError(f"{out.name}: is the run to repeat; give another folder.")
    train(recipe, folder, out, device=told.device, threads=told.threads)
    found = read_record(out)
    if found.films != told.films:
        raise RunError(f"{run.name}: learned from other films; give the folder it learned from.")
    return Repeat(
        n_epochs=told.epochs,
        metrics=tuple(_metrics(run, out)),
        same_weights=_same_weights(run, out),
        circumstances=tuple(_circumstances(told, found)),
    )


def text_of(found: Repeat) -> str:
    """What was found, for people."""
    same = f"the same: {found.n_epochs} epochs, every metric ± 0, every weight bit for bit"
    weights = [] if found.same_weights else ["the weights differ"]
    lines = [same] if found.holds else [*found.metrics, *weights]
    return "\n".join([*lines, *found.circumstances])


def json_of(found: Repeat) -> dict[str, object]:
    """The same, for programs."""
    return {"schema": SCHEMA, "holds": found.holds, **asdict(found)}


def _metrics(run: Path, again: Path) -> list[str]:
    logs = [[asdict(row) for row in read_log(each)] for each in (run, again)]
    if len(logs[0]) != len(logs[1]):
        return [f"epochs: {len(logs[0])} and {len(logs[1])}"]
    return [
        f"epoch {a['epoch']}: {key} {a[key]} and {b[key]}"
        for a, b in zip(*logs, strict=True)
        for key in a
        if key not in _CLOCKS and a[key] != b[key]
    ]


def _same_weights(run: Path, again: Path) -> bool:
    a, b = load_weights(run), load_weights(again)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def _circumstances(told: RunRecord, found: RunRecord) -> list[str]:
    then, now = asdict(told), asdict(found)
    found_apart = [
        f"other {key}: {then[key]} and {now[key]}"
        for key in _CIRCUMSTANCES
        if then[key] != now[key]
    ]
    changed = any(record.commit.endswith("+") for record in (told, found))
    unknown = "the code had changes beside its commit (+): it may not have been the same"
    return [*found_apart, *([unknown] if changed else [])]
