"""`RunRecord`: what a run folder's run.json tells of its training; and the log of its epochs.

```
run/
├── recipe.toml      the whole recipe, defaults written out
├── run.json         RunRecord: films, findings, loss, versions, hardware, time
├── checkpoint.pt    everything a killed training needs to go on
├── weights.pt       the weights the run ends with
├── log.jsonl        one row per epoch
├── log.csv          the same for a spreadsheet
└── curves.svg       the same drawn
```
"""

import errno
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from plainfilm.datasets.files import table_bytes
from plainfilm.errors import RecipeError, RunError
from plainfilm.findings import LabelSet
from plainfilm.training.recipe import Recipe
from plainfilm.training.toml import read_table
from plainfilm.whole_files import write_whole

FORMAT = "plainfilm.run/1"
RECORD_NAME = "run.json"
RECIPE_NAME = "recipe.toml"
LOG_NAMES = ("log.jsonl", "log.csv")

_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True)
class LossUsed:
    """The loss as it was computed, and on what: films per finding, in the label set's order, copies
    counted too.

    `pos_weight` and `neg_weight` are what a present and an absent finding count; () = 1 each.
    """

    words: str
    pos_weight: tuple[float, ...]
    present: tuple[int, ...]
    absent: tuple[int, ...]
    unknown: tuple[int, ...]
    neg_weight: tuple[float, ...] = ()


@dataclass(frozen=True)
class FilmsUsed:
    """The films a run was trained on, named by hashes, so that others can be told apart.

    `patients_sha256` is over the sorted keys of the training split's patients, one a line;
    `labels_sha256` over all labels; `n_patients` and `n_films` count the training split.
    """

    data_set: str
    body_part: str
    size: int
    policy: str
    split_sha256: str
    images_sha256: str
    labels_sha256: str
    patients_sha256: str
    n_patients: int
    n_films: int
    n_val_films: int


@dataclass(frozen=True)
class RunRecord:
    """What a run's folder tells of its training.

    Parameters
    ----------
    recipe
        The recipe's release name.
    init
        "scratch", or which weights it began with: folder name, SHA-256 and recipe.
    teachers
        The runs it was distilled from, named likewise.
    copies
        Which films were taken more than once, and what that may teach; "" = none.
    environment
        Versions of Python and of the packages that compute, "numpy 2.1.0" each.
    commit
        Of the code, with "+" where it had changes; "" = not known, as in a wheel.
    packages_sha256
        Over names and versions of all installed packages, see `runtime`; "" = not recorded.
    cautions
        What the recipe asks for that is seldom meant, and findings that no label teaches.
    n_weights, n_learning
        Weights of the network, and how many of them the training may change; 0 = not recorded.
    threads
        CPU threads of a process; a resumed training takes as many, else its last bits would differ.
    processes
        How many trained together last; with another number the last bits differ.
    seconds
        Of training and validating, over all resumptions.
    epochs
        Finished so far.
    ended
        How it ended, "" = not yet.
    alarms
        What went the wrong way, and in which epoch.
    kept_epoch
        The epoch, from 1, whose weights are in weights.pt; 0 = none yet.
    val_auroc
        Mean AUROC of the kept weights on the validation split; None where there is none.
    """

    recipe: str
    label_set: LabelSet
    films: FilmsUsed
    loss: LossUsed
    seed: int
    init: str
    teachers: tuple[str, ...]
    code_version: str
    torch_version: str
    hardware: str
    device: str
    threads: int
    processes: int = 1
    copies: str = ""
    environment: tuple[str, ...] = ()
    commit: str = ""
    packages_sha256: str = ""
    cautions: tuple[str, ...] = ()
    n_weights: int = 0
    n_learning: int = 0
    seconds: float = 0.0
    epochs: int = 0
    finished: bool = False
    ended: str = ""
    alarms: tuple[str, ...] = ()
    kept_epoch: int = 0
    val_auroc: float | None = None
    format: str = FORMAT


@dataclass(frozen=True)
class EpochRow:
    """One row of the log.

    `epoch` counts from 1. `loss` is the mean over the epoch's steps, with augmentation, smoothing
    and weights; `val_loss` plain, on unchanged films; `val_auroc` the mean over findings. None =
    no validation film, or none of a class. `lr` is the last step's. `seconds` of the whole epoch;
    `films_per_s` of its training part.
    """

    epoch: int
    loss: float
    val_loss: float | None
    val_auroc: float | None
    lr: float
    seconds: float
    films_per_s: float

    def is_better_than(self, other: "EpochRow | None") -> bool:
        """Whether its mean AUROC is known and higher; any row is better than none."""
        if other is None or other.val_auroc is None:
            return True
        return self.val_auroc is not None and self.val_auroc > other.val_auroc


def write_record(folder: Path, record: RunRecord) -> None:
    """Write run.json, whole or not at all."""
    put(folder / RECORD_NAME, pack(record))


def pack(record: RunRecord) -> bytes:
    """What stands in run.json."""
    return (json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n").encode()


def unpack(content: bytes) -> RunRecord:
    """The record that `pack` packed; ValueError or RecipeError where it is none."""
    table = json.loads(content)
    return read_table(RunRecord, table if isinstance(table, dict) else {})


def read_record(folder: Path) -> RunRecord:
    """The run.json of a run folder.

    Raises
    ------
    RunError
        There is none, or it is broken or of another format.
    """
    try:
        record = unpack((folder / RECORD_NAME).read_bytes())
    except FileNotFoundError as error:
        raise RunError(f"{folder.name}: no run here ({RECORD_NAME} is missing).") from error
    except (OSError, ValueError, RecipeError) as error:
        raise RunError(f"{folder.name}: {RECORD_NAME} cannot be read ({error}).") from error
    if record.format != FORMAT:
        found = f"format {record.format!r}; expected {FORMAT!r}"
        raise RunError(f"{folder.name}: {RECORD_NAME} has {found}. Train it again.")
    return record


def read_recipe(folder: Path) -> Recipe:
    """The recipe of a run folder; RecipeError where it cannot be read."""
    return Recipe.load(folder / RECIPE_NAME)


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write recipe.toml, whole or not at all."""
    put(folder / RECIPE_NAME, recipe.to_toml().encode())


def write_log(folder: Path, rows: Sequence[EpochRow]) -> None:
    """Write log.jsonl and log.csv anew from all rows, so that no epoch stands there twice."""
    lines = "".join(json.dumps(asdict(row)) + "\n" for row in rows)
    names = [field.name for field in fields(EpochRow)]
    cells = ([_cell(value) for value in asdict(row).values()] for row in rows)
    put(folder / LOG_NAMES[0], lines.encode())
    put(folder / LOG_NAMES[1], table_bytes([names, *cells]))


def read_log(folder: Path) -> tuple[EpochRow, ...]:
    """The rows of a run's log.

    Raises
    ------
    RunError
        There is none, or it is broken.
    """
    try:
        lines = (folder / LOG_NAMES[0]).read_text(encoding="utf-8").splitlines()
        return tuple(read_table(EpochRow, json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError, RecipeError) as error:
        raise RunError(f"{folder.name}: {LOG_NAMES[0]} cannot be read ({error}).") from error


def put(path: Path, content: bytes) -> None:
    """Write a file of a run, whole or not at all.

    Raises
    ------
    RunError
        The disk is full or refuses; the file that was there before is still there.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        size = f"{len(content) / 1e6:.1f} MB are needed"
        kept = "the one before is whole" if path.exists() else "nothing was lost"
        advice = "Allow writing there" if error.errno in _REFUSED else "Make room"
        raise RunError(
            f"{path.name}: could not be written ({error.strerror}; {size}); {kept}. "
            f"{advice} and run the same command again: it goes on where it was."
        ) from error


def number_or_none(value: float) -> float | None:
    """The number, or None for NaN, which JSON cannot say."""
    return None if math.isnan(value) else value


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)
