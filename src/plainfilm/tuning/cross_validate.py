"""Cross-validation: one training for each fold, none of which has seen the films it is judged by.

```
OUT/
├── folds.json       scores of the finished folds, their mean and spread
└── fold-1/ …
    ├── films/       the same films in this fold's split: a prepared folder like any other
    └── run/         its training
```
"""

import json
import math
import os
import shutil
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from plainfilm.datasets import cache
from plainfilm.datasets.cache_record import RECORD_NAME as CACHE_RECORD
from plainfilm.datasets.manifest import RECORD_NAME, Manifest
from plainfilm.datasets.resplit import with_fold
from plainfilm.errors import DatasetError, RunError
from plainfilm.training.loop import train
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import RunRecord, put, read_log, read_record
from plainfilm.tuning.held import held

SCHEMA = "plainfilm.folds/1"
DEFAULT_FOLDS = 5
TABLE_NAME = "folds.json"


@dataclass(frozen=True)
class FoldScore:
    """One finished fold; `val_auroc` and `val_loss` are of the kept epoch on the fold's films.

    None = not known: the fold has no film, or no finding with both classes.
    """

    fold: int
    n_films: int
    n_val_films: int
    n_patients: int
    kept_epoch: int
    val_auroc: float | None
    val_loss: float | None
    seconds: float


@dataclass(frozen=True)
class Spread:
    """Mean of the folds' scores, standard deviation (n - 1), lowest, highest; None = not known."""

    mean: float | None
    deviation: float | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True)
class CrossValidation:
    """What the folds scored, those that are finished."""

    k: int
    seed: int
    folds: tuple[FoldScore, ...]

    @property
    def auroc(self) -> Spread:
        """Of the mean AUROC over the findings."""
        return spread_of([fold.val_auroc for fold in self.folds])

    @property
    def loss(self) -> Spread:
        """Of the plain loss."""
        return spread_of([fold.val_loss for fold in self.folds])


def cross_validate(
    recipe: Recipe, folder: Path, out: Path, *, k: int = DEFAULT_FOLDS, seed: int = 0
) -> CrossValidation:
    """Train k times, each time on k - 1 folds of the films outside test, and score the k-th.

    Every fold begins with the recipe's first weights; none learns from another. Goes on where an
    earlier call was stopped: a finished fold is not trained again.

    Parameters
    ----------
    recipe
        What to do in each fold.
    folder
        What `datasets.prepare` wrote. Its train and validation films are dealt out anew, by
        patient; test films are not touched.
    out
        New, empty, or that of the same cross-validation.
    seed
        Of the dealing.

    Raises
    ------
    DatasetError
        Fewer than two folds, fewer patients than folds, or the folder does not hold together.
    RunError
        `out` holds another cross-validation, or a fold cannot be trained; see `train`.
    """
    manifest = Manifest.load(folder)
    if k < 2:
        raise DatasetError(f"{k} folds; expected at least 2")
    with_fold(manifest, 1, k, seed=seed)  # refused before anything is written
    found: list[FoldScore] = []
    with held(out, (TABLE_NAME, "fold-")):
        for number in range(1, k + 1):
            place = out / f"fold-{number}"
            fold = with_fold(manifest, number, k, seed=seed)
            deal_films(fold, folder, place / "films")
            record = read_record(train(recipe, place / "films", place / "run"))
            found.append(_score(number, fold, record, place / "run"))
            scored = CrossValidation(k, seed, tuple(found))
            put(out / TABLE_NAME, (json.dumps(json_of(scored), indent=1) + "\n").encode())
    return scored


def deal_films(fold: Manifest, folder: Path, out: Path) -> None:
    """A prepared folder of the same films in another split; the pixels are linked where possible.

    Raises
    ------
    RunError
        Films in yet another split are there.
    """
    if (out / RECORD_NAME).exists():
        if Manifest.load_without_images(out).split_sha256 != fold.split_sha256:
            words = "holds films of another deal (data, number of folds or seed)"
            raise RunError(f"{out.parent.parent.name}: {words}; give a new folder for this one.")
        return
    out.mkdir(parents=True, exist_ok=True)
    for name in (cache.PIXELS_NAME, CACHE_RECORD):
        (out / name).unlink(missing_ok=True)
        try:
            os.link(folder / name, out / name)
        except OSError:  # another disk, or one without links
            shutil.copyfile(folder / name, out / name)
    fold.save(out)


def spread_of(scores: Sequence[float | None]) -> Spread:
    """Mean and spread of scores; all None where one of them is not known."""
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if not known or len(known) < len(scores):
        return Spread(None, None, None, None)
    deviation = statistics.stdev(known) if len(known) > 1 else None
    return Spread(statistics.fmean(known), deviation, min(known), max(known))


def json_of(scored: CrossValidation) -> dict[str, object]:
    """The scores for programs."""
    return {
        "schema": SCHEMA,
        "k": scored.k,
        "seed": scored.seed,
        "folds": [asdict(fold) for fold in scored.folds],
        "val_auroc": asdict(scored.auroc),
        "val_loss": asdict(scored.loss),
    }


def text_of(scored: CrossValidation) -> str:
    """The scores for people: a line for each fold, and the mean."""
    lines = [
        f"fold {fold.fold}/{scored.k}: AUROC {_number(fold.val_auroc)}, loss "
        f"{_number(fold.val_loss)} on {fold.n_val_films:,} films; learned from {fold.n_films:,} of "
        f"{fold.n_patients:,} patients"
        for fold in scored.folds
    ]
    words = (f"{what} {_spread(each)}" for what, each in _measures(scored))
    return "\n".join([*lines, f"mean: {'; '.join(words)}"])


def _measures(scored: CrossValidation) -> Iterator[tuple[str, Spread]]:
    yield "AUROC", scored.auroc
    yield "loss", scored.loss


def _spread(spread: Spread) -> str:
    if spread.mean is None:
        return "not known"
    around = "" if spread.deviation is None else f" ± {spread.deviation:.4f}"
    return f"{spread.mean:.4f}{around} ({_number(spread.lowest)} to {_number(spread.highest)})"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.4f}"


def _score(number: int, fold: Manifest, record: RunRecord, run: Path) -> FoldScore:
    kept = next(row for row in read_log(run) if row.epoch == record.kept_epoch)
    return FoldScore(
        fold=number,
        n_films=record.films.n_films,
        n_val_films=record.films.n_val_films,
        n_patients=len(fold.patients("train")),
        kept_epoch=record.kept_epoch,
        val_auroc=kept.val_auroc,
        val_loss=kept.val_loss,
        seconds=record.seconds,
    )
