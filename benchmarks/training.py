"""Films learnt a second: our loop beside a plain PyTorch loop that decodes in each epoch.

    python benchmarks/training.py RECIPE PREPARED [--steps 60] [--rounds 3] [--set KEY=VALUE]

Both have the same network, first weights, batch size, loss and optimiser, no change of films
(augmentation off), and one thread for the arithmetic. The plain loop is a `DataLoader` over the
original files, decoded with Pillow and resized to the same side, in the process or in one worker
of its own. Rounds take turns. Told too: the share of a loop's time that goes by waiting for films
(the target is 5 % at most), of ours also with the recipe's own changes of films; and the time of
the processor for a film, the loop's own process only, which a busy machine does not distort as it
does the films a second. benchmarks/training.txt is the last run.

fast.ai's loop is not among them: it needs torchvision, whose wheel does not load beside a CPU build
of torch, and its step is the plain loop's with callbacks around it.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from plainfilm.datasets.manifest import Manifest
from plainfilm.training.batches import Batch, batch_positions, epoch_order, steps_per_epoch
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.rehearsal import without_changes
from plainfilm.training.schedule import Pace
from plainfilm.training.start import new_learner

CPU = torch.device("cpu")


class Speed(NamedTuple):
    """Films a second, the share of time spent waiting for them, processor milliseconds a film."""

    rate: float
    waiting: float
    milliseconds: float


class Originals(Dataset[tuple[Tensor, Tensor]]):
    """The training films as their files are, decoded whenever one is asked for."""

    def __init__(self, manifest: Manifest, side: int) -> None:
        self.films = manifest.split("train")
        self.side = side

    def __len__(self) -> int:
        return len(self.films)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        sample = self.films.samples[place]
        with Image.open(self.films.root / sample.image) as picture:
            grey = picture.convert("L").resize((self.side, self.side), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(grey)).unsqueeze(0).float() / 255
        return pixels, torch.from_numpy(sample.labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--steps", type=int, default=60, help="of each loop in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", dest="settings", action="append", default=[])
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    recipe = Recipe.load(chosen.recipe, settings=chosen.settings)
    bare = without_changes(recipe)
    loops: dict[str, Callable[[], Speed]] = {
        "ours, films as they are": lambda: _ours(bare, chosen.prepared, chosen.steps),
        "plain, decoding in the process": lambda: _plain(bare, chosen.prepared, chosen.steps, 0),
        "plain, decoding in one worker": lambda: _plain(bare, chosen.prepared, chosen.steps, 1),
        "ours, films changed": lambda: _ours(recipe, chosen.prepared, chosen.steps),
    }
    found: dict[str, list[Speed]] = {name: [] for name in loops}
    for _ in range(chosen.rounds):
        for name, loop in loops.items():
            found[name].append(loop())
    _tell(recipe, found, chosen.rounds, chosen.steps)


def _tell(recipe: Recipe, found: dict[str, list[Speed]], rounds: int, steps: int) -> None:
    optim = recipe.optim
    print(f"{recipe.network.name}, {recipe.data.size} pixels, batches of {optim.batch_size}")
    print(f"{rounds} rounds of {steps} steps, one thread; the medians:")
    first = _middle(next(iter(found.values())))
    for name, each in found.items():
        middle = _middle(each)
        rates = [speed.rate for speed in each]
        print(
            f"{name:32}{middle.rate:7.1f} films/s ({min(rates):.1f} to {max(rates):.1f}), "
            f"waiting {middle.waiting:5.1%}, {middle.milliseconds:6.2f} ms a film of the "
            f"processor's, {middle.milliseconds / first.milliseconds:.2f} of the first"
        )


def _middle(each: list[Speed]) -> Speed:
    return Speed(*(statistics.median(column) for column in zip(*each, strict=True)))


def _ours(recipe: Recipe, folder: Path, steps: int) -> Speed:
    """Of the films in the cache."""
    prepared = Prepared.open(folder, recipe)
    return _time(new_learner(recipe, prepared, CPU), _our_batches(recipe, prepared), steps)


def _our_batches(recipe: Recipe, prepared: Prepared) -> Iterator[Batch]:
    films, size = prepared.train, recipe.optim.batch_size
    n_steps, epoch = steps_per_epoch(len(films), size), 0
    while True:
        order = epoch_order(len(films), recipe.optim.seed, epoch)
        yield from (films.take(batch_positions(order, step, size)) for step in range(n_steps))
        epoch += 1


def _plain(recipe: Recipe, folder: Path, steps: int, workers: int) -> Speed:
    """The same for files decoded when they are needed, in turn or in a process beside."""
    prepared = Prepared.open(folder, recipe)
    loader = DataLoader(
        Originals(prepared.manifest, recipe.data.size),
        recipe.optim.batch_size,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        persistent_workers=workers > 0,
    )
    return _time(new_learner(recipe, prepared, CPU), _plain_batches(loader), steps)


def _plain_batches(loader: "DataLoader[tuple[Tensor, Tensor]]") -> Iterator[Batch]:
    while True:
        yield from (Batch(films, labels) for films, labels in loader)


def _time(learner: Learner, batches: Iterator[Batch], steps: int) -> Speed:
    """Of `steps` steps after one to warm up."""
    pace = Pace(learner.recipe.optim.lr / 10, learner.recipe.optim.momentum_high)
    learner.learn(next(batches), pace, 0)
    n_films, waiting, begun, spent = 0, 0.0, time.perf_counter(), time.process_time()
    asked = begun
    for step, batch in enumerate(islice(batches, steps), start=1):
        waiting += time.perf_counter() - asked
        learner.learn(batch, pace, step)
        n_films += len(batch.labels)
        asked = time.perf_counter()
    seconds = asked - begun
    spent = time.process_time() - spent
    return Speed(n_films / seconds, waiting / seconds, 1000 * spent / n_films)


if __name__ == "__main__":
    main()
