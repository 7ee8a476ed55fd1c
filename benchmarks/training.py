"""Films learnt a second: our loop beside a plain PyTorch loop that decodes in each epoch.

    python benchmarks/training.py RECIPE PREPARED [--steps 60] [--rounds 3] [--set KEY=VALUE]

Both have the same network, first weights, batch size, loss and optimiser, no change of films
(augmentation off), and one thread for the arithmetic. The plain loop is a `DataLoader` over the
original files, decoded with Pillow and resized to the same side, in the process or in one worker
of its own. Rounds take turns. Told too: the share of a loop's time that goes by waiting for films
(the target is 5 % at most), of ours also with the recipe's own changes of films; by the clock, and
by the time of the processor, which a busy machine does not distort (a loop that is put aside while
it fetches waits for the processor, not for films); and the processor's milliseconds a film, the
loop's own process only. results/training.txt is the last run.

fast.ai's own loop, on the same network and loss, is among them where it is installed, as by

    pip install --target PEERS --no-deps fastai fastcore fastprogress fasttransform cloudpickle \
        plum-dispatch beartype rich fastdownload python-fasthtml starlette fastlite apswutils apsw \
        httpx oauthlib itsdangerous python-multipart beautifulsoup4 soupsieve anyio uvicorn \
        python-dateutil six

and `PYTHONPATH=PEERS`: its learner alone, without torchvision, whose wheel does not load beside a
CPU build of torch.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

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
from plainfilm.training.schedule import Pace
from plainfilm.training.start import new_learner
from plainfilm.tuning.rehearsal import without_changes

CPU = torch.device("cpu")


class Speed(NamedTuple):
    """Films a second; the share of time spent waiting for them, by the clock and by the processor;
    processor milliseconds a film.
    """

    rate: float
    waiting: float
    fetching: float
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
    if importlib.util.find_spec("fastai"):
        loops["fast.ai, decoding in the process"] = lambda: _fastai(
            bare, chosen.prepared, chosen.steps
        )
    else:
        print("fast.ai is not installed, and so not compared")
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
            f"{name:33}{middle.rate:7.1f} films/s ({min(rates):.1f} to {max(rates):.1f}), "
            f"waiting {middle.waiting:5.1%} by the clock, {middle.fetching:5.1%} by the processor; "
            f"{middle.milliseconds:6.2f} ms a film of the processor's, "
            f"{middle.milliseconds / first.milliseconds:.2f} of the first"
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


def _fastai(recipe: Recipe, folder: Path, steps: int) -> Speed:
    """fast.ai's learner, which decodes as the plain loop does."""
    from fastai.data.core import DataLoaders
    from fastai.data.load import DataLoader as FastLoader
    from fastai.learner import Learner as FastLearner
    from fastai.optimizer import Adam

    prepared = Prepared.open(folder, recipe)
    ours, size = new_learner(recipe, prepared, CPU), recipe.optim.batch_size
    films = Originals(prepared.manifest, recipe.data.size)
    loader = FastLoader(films, bs=size, shuffle=True, drop_last=True, num_workers=0)
    watch = _watch(steps)
    learner = FastLearner(
        DataLoaders(loader, loader, device=CPU), ours.network, ours.target.plain_loss,
        opt_func=Adam, lr=recipe.optim.lr / 10, cbs=[watch],
    )  # fmt: skip
    with learner.no_logging():
        learner.fit(1 + steps // len(loader))
    return watch.clock.speed(steps * size)


def _watch(steps: int) -> Any:
    """A callback of fast.ai's that times as `_time` does, and ends the training."""
    from fastai.callback.core import Callback, CancelFitException

    class Watch(Callback):
        def __init__(self) -> None:
            self.clock, self.done = Clock(), -1

        def before_batch(self) -> None:
            if self.done >= 0:
                self.clock.fetched()

        def after_batch(self) -> None:
            self.done += 1
            if self.done == 0:  # one to warm up
                self.clock = Clock()
            self.clock.asks()
            if self.done == steps:
                raise CancelFitException

    return Watch()


class Clock:
    """Time since the start, and how much of it went by while films were asked for."""

    def __init__(self) -> None:
        self.begun = self.asked = self._now()
        self.waited = (0.0, 0.0)

    def asks(self) -> None:
        self.asked = self._now()

    def fetched(self) -> None:
        now, (clock, processor) = self._now(), self.waited
        self.waited = (clock + now[0] - self.asked[0], processor + now[1] - self.asked[1])

    def speed(self, n_films: int) -> Speed:
        """Up to the last time that films were asked for."""
        seconds, spent = (end - begun for end, begun in zip(self.asked, self.begun, strict=True))
        return Speed(
            n_films / seconds,
            self.waited[0] / seconds,
            self.waited[1] / spent,
            1000 * spent / n_films,
        )

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def _time(learner: Learner, batches: Iterator[Batch], steps: int) -> Speed:
    """Of `steps` steps after one to warm up."""
    pace = Pace(learner.recipe.optim.lr / 10, learner.recipe.optim.momentum_high)
    learner.learn(next(batches), pace, 0)
    clock, n_films = Clock(), 0
    for step, batch in enumerate(islice(batches, steps), start=1):
        clock.fetched()
        learner.learn(batch, pace, step)
        n_films += len(batch.labels)
        clock.asks()
    return clock.speed(n_films)


if __name__ == "__main__":
    main()
