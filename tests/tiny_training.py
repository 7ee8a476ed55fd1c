"""Tiny prepared folders of drawn films, and recipes that train on them in a second."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from phantoms import phantom
from plainfilm.datasets.cache import CacheContent, write_cache
from plainfilm.datasets.manifest import Manifest, Sample
from plainfilm.findings import Finding, LabelSet
from plainfilm.training.recipe import Recipe

SIZE = 32
LABEL_SET = LabelSet((Finding("square", "White square"), Finding("stripe", "Black stripe")))

TINY = f"""
[data]
size = {SIZE}
[optim]
epochs = 2
batch_size = 8
lr = 0.003
ema_decay = 0.9
[loss]
label_smoothing = 0.1
[release]
name = "tiny"
"""


def tiny_recipe(*settings: str) -> Recipe:
    return Recipe.from_toml(TINY, settings=settings)


def draw_film(number: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A phantom, uint8 (48, 48), and its two labels; each fifth film's second one is unknown."""
    rng = np.random.default_rng(number)
    film = phantom(size=(48, 48), seed=number)
    labels = np.array([number % 2, (number // 2) % 2], np.float32)
    if labels[0]:
        down, across = rng.integers(6, 30, 2)
        film[down : down + 12, across : across + 12] = 1.0
    if labels[1]:
        film[14:22] = 0.0
    if number % 5 == 4:
        labels[1] = np.nan
    return (film * 255).astype(np.uint8), labels


def write_prepared(
    folder: Path, *, n_train: int = 40, n_val: int = 16, first: int = 0, size: int = SIZE
) -> Path:
    """A prepared folder of n_train + n_val films, one patient for each two films."""
    images = folder / "images"
    images.mkdir(parents=True)
    samples = []
    for i in range(n_train + n_val):
        film, labels = draw_film(first + i)
        Image.fromarray(film).save(images / f"{i:03}.png")
        split = "train" if i < n_train else "val"
        patient = f"patient-{split}-{i // 2}"
        sex, age = "MF"[i // 2 % 2], 20 + i // 2 % 60
        samples.append(Sample(f"{i:03}.png", patient, patient, "PA", sex, age, split, labels))
    manifest = Manifest(LABEL_SET, tuple(samples), "drawn", images, {}, "chest")
    manifest.save(folder)
    write_cache(manifest, folder, CacheContent.of(manifest, size, "squash"))
    return folder


def resplit(folder: Path, split: str) -> None:
    """Put the first film into another split."""
    manifest = Manifest.load(folder)
    first, *others = manifest.samples
    replace(manifest, samples=(replace(first, split=split), *others)).save(folder)


def same_weights(left: Path, right: Path) -> bool:
    a, b = (torch.load(run / "weights.pt", weights_only=True) for run in (left, right))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)
