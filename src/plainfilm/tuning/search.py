"""Hyper-parameter search: trainings whose values a sampler chooses by what earlier ones scored.

```
OUT/
├── trials.json      every trial, failed ones too: what a stopped search goes on from
├── trials.csv       the same for a spreadsheet
├── best.toml        the recipe of the best so far, as `train` takes it
└── trial-1/ …       their runs
```

Judged on validation films only. Optuna samples (tree-structured Parzen estimators); it is told all
earlier trials anew each time, so that a search depends on nothing but its table and its seed.

References
----------
Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", NIPS.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from plainfilm.datasets.files import table_bytes
from plainfilm.errors import DatasetError, MissingExtra, PlainfilmError, RunError
from plainfilm.training.checkpoint import CHECKPOINT_NAME
from plainfilm.training.loop import train
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe, Release
from plainfilm.training.record import put, read_log, read_record
from plainfilm.tuning.held import held
from plainfilm.tuning.space import Axis, Choices, Space, Value

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.trial import TrialState, create_trial
except ImportError as error:
    raise MissingExtra("optuna", "search") from error

SCHEMA = "plainfilm.search/1"
TRIALS_NAME, TABLE_NAME, BEST_NAME = "trials.json", "trials.csv", "best.toml"

_STATES = {
    "finished": TrialState.COMPLETE,
    "failed": TrialState.FAIL,
}


@dataclass(frozen=True)
class Trial:
    """One training of a search.

    Parameters
    ----------
    number
        From 1.
    values
        By axis of the space.
    score
        What it is judged by; None = not finished, or failed.
    reason
        Why it failed; "" otherwise.
    """

    number: int
    values: Mapping[str, Value]
    state: Literal["running", "finished", "failed"] = "running"
    score: float | None = None
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Search:
    """The trials of a search, and by which score they are judged."""

    score: Literal["val_auroc", "val_loss"]
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The finished trial of the best score, of equals the first; None = none is finished."""
        sign = -1 if self.score == "val_auroc" else 1
        known = [(sign * t.score, t.number, t) for t in self.trials if t.score is not None]
        return min(known, key=lambda each: each[:2])[2] if known else None


def search(
    recipe: Recipe, folder: Path, space: Space, out: Path, *, trials: int | None = None
) -> Search:
    """Train with values from a space, again and again; the best recipe is in `out`/best.toml.

    Goes on where an earlier call was stopped, in the middle of a training too; with more trials
    than before it adds to them. The same space, recipe, films and machine give the same trials.

    Parameters
    ----------
    recipe
        What is not in the space stays as it is here.
    folder
        What `datasets.prepare` wrote, with validation films. Test films are not looked at.
    out
        New, empty, or that of the same search.
    trials
        How many in all; None = as the space says.

    Raises
    ------
    RunError
        `out` holds another search, there is no validation film, or every trial failed.
    DatasetError
        The prepared folder does not hold together.
    """
    prepared = Prepared.open(folder, recipe)
    if not len(prepared.val):
        raise RunError(f"{folder.name}: no film in split 'val'; a search is judged on some.")
    told = replace(recipe, release=Release()).to_toml(), prepared.used, space.axes, space.texts
    identity = hashlib.sha256(repr((told, space.plan.score, space.plan.seed)).encode()).hexdigest()
    with held(out, (TRIALS_NAME, TABLE_NAME, BEST_NAME, "trial-")):
        done = _read(out / TRIALS_NAME, identity)
        while _left(done, trials or space.plan.trials):
            begun = done[-1] if done and done[-1].state == "running" else None
            trial = begun or Trial(len(done) + 1, _suggest(space, done))
            done = [each for each in done if each.number != trial.number]
            _write(out, identity, space, recipe, [*done, trial])
            done.append(_try(space, recipe, folder, out, trial))
            _write(out, identity, space, recipe, done)
    found = Search(space.plan.score, tuple(done))
    if found.best is None:
        raise RunError(f"{out.name}: every trial failed; the last: {done[-1].reason}")
    return found


def json_of(found: Search) -> dict[str, object]:
    """The trials for programs."""
    best = found.best
    return {
        "schema": SCHEMA,
        "score": found.score,
        "best": best and best.number,
        "trials": [asdict(trial) for trial in found.trials],
    }


def text_of(found: Search) -> str:
    """The trials for people: one line each, then the best."""
    lines = [f"trial {trial.number}: {_words(trial)}  ({_values(trial)})" for trial in found.trials]
    if found.best is not None:
        lines.append(f"best: trial {found.best.number}, {found.score} {found.best.score:.4f}")
    return "\n".join(lines)


def _words(trial: Trial) -> str:
    if trial.score is not None:
        return f"{trial.score:.4f}"
    return f"{trial.state}: {trial.reason}" if trial.reason else trial.state


def _values(trial: Trial) -> str:
    return ", ".join(
        f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in trial.values.items()
    )


def _left(done: Sequence[Trial], wanted: int) -> bool:
    return len(done) < wanted or (bool(done) and done[-1].state == "running")


def _suggest(space: Space, done: Sequence[Trial]) -> dict[str, Value]:
    """Values for the next trial, a function of the seed and the trials before."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    axes = {key: _distribution(axis) for key, axis in space.axes.items()}
    seed = (space.plan.seed * 100_003 + len(done)) % 2**32
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=seed),
        direction="maximize" if space.plan.score == "val_auroc" else "minimize",
    )
    for trial in done:
        study.add_trial(
            create_trial(
                state=_STATES[trial.state],
                params=dict(trial.values),
                distributions=axes,
                value=trial.score,
            )
        )
    return dict(study.ask(axes).params)


def _distribution(axis: Axis) -> BaseDistribution:
    if isinstance(axis, Choices):
        return CategoricalDistribution(axis.values)
    if axis.is_whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(axis.low, axis.high, log=axis.log)


def _try(space: Space, recipe: Recipe, folder: Path, out: Path, trial: Trial) -> Trial:
    """The trial after its training; what the recipe or the training refuses is kept as a reason."""
    run = out / f"trial-{trial.number}"
    try:
        record = read_record(train(space.recipe(recipe, trial.values), folder, run))
    except DatasetError:
        raise  # of the films, and so of every trial
    except PlainfilmError as error:
        return replace(trial, state="failed", reason=str(error))
    (run / CHECKPOINT_NAME).unlink(missing_ok=True)  # the run is finished, and this is most of it
    kept = next(row for row in read_log(run) if row.epoch == record.kept_epoch)
    score = kept.val_auroc if space.plan.score == "val_auroc" else kept.val_loss
    if score is None:
        words = f"{space.plan.score} is not known: the validation films lack a class"
        return replace(trial, state="failed", seconds=record.seconds, reason=words)
    return replace(trial, state="finished", score=score, seconds=record.seconds)


def _read(path: Path, identity: str) -> list[Trial]:
    """The trials of an earlier call; none where there was none."""
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_bytes())
        trials = [Trial(**each) for each in content["trials"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path.name}: cannot be read ({error}); give a new folder.") from error
    if content.get("identity") != identity:
        words = "is of another search (space, recipe or films); give a new folder for this one"
        raise RunError(f"{path.parent.name}: {words}.")
    return trials


def _write(out: Path, identity: str, space: Space, recipe: Recipe, trials: Sequence[Trial]) -> None:
    found = Search(space.plan.score, tuple(trials))
    content = {**json_of(found), "identity": identity}
    put(out / TRIALS_NAME, (json.dumps(content, indent=1) + "\n").encode())
    heads = ["trial", "state", found.score, "seconds", *space.axes, "reason"]
    rows = ([_cell(cell) for cell in _row(trial, space)] for trial in trials)
    put(out / TABLE_NAME, table_bytes([heads, *rows]))
    if found.best is not None:
        put(out / BEST_NAME, space.recipe(recipe, found.best.values).to_toml().encode())


def _row(trial: Trial, space: Space) -> list[Value | None]:
    values = [trial.values[key] for key in space.axes]
    return [trial.number, trial.state, trial.score, trial.seconds, *values, trial.reason]


def _cell(value: Value | None) -> str:
    return "" if value is None else str(value)
