"""Drawn radiographs of nobody, whose outputs a bundle carries so that it can prove itself."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Golden
from plainfilm.reading.facts import Facts, Vector, facts_vector
from plainfilm.training.onnx_file import Outputs

Floats = NDArray[np.float64]

# What is known of the drawn films, where a graph is told it: nothing, all, all else, a part.
PATIENTS: tuple[Facts, ...] = (
    {},
    {"age": 30.0, "sex": "F", "view": "PA"},
    {"age": 71.5, "sex": "M", "view": "AP"},
    {"age": 50.0},
)

# Height and width beside S x S: one shrinks both ways, one is small, odd and not square.
SIZES = ((300, 250), (97, 141))


def draw_radiographs(size: int) -> tuple[Pixels, ...]:
    """Drawn films: a chest of S x S, one of each of `SIZES`, and a flat wedge of S x S.

    The wedge has no noise and black borders: it finds a graph that divides by no contrast.
    """
    shapes = ((size, size), *SIZES)
    chests = tuple(draw_chest(shape, seed) for seed, shape in enumerate(shapes))
    return (*chests, draw_wedge((size, size)))


def draw_chest(shape: tuple[int, int], seed: int = 0) -> Pixels:
    """A chest-like drawing float32 (H, W) in [0, 1]: body, lungs, spine, heart, ribs, grain."""
    grain = np.random.default_rng(seed)
    y, x = _grid(shape)
    body = (x / 0.95) ** 2 + (y / 1.3) ** 2 < 1
    picture = 0.05 + 0.55 * body
    for side in (-0.42, 0.42):
        middle = side + 0.03 * grain.standard_normal()
        picture -= 0.4 * (((x - middle) / 0.32) ** 2 + ((y + 0.05) / 0.68) ** 2 < 1)
    picture += 0.25 * (np.abs(x) < 0.08)
    picture += 0.22 * (((x - 0.15) / 0.3) ** 2 + ((y - 0.3) / 0.3) ** 2 < 1)
    picture += 0.05 * (np.sin(18 * y + 6 * np.abs(x)) > 0.6) * body
    picture += 0.02 * grain.standard_normal(shape)
    return _luminance(picture)


def draw_wedge(shape: tuple[int, int]) -> Pixels:
    """Eight flat steps from dark to bright between black borders, float32 (H, W)."""
    y, x = _grid(shape)
    steps = np.floor((x + 0.5) * 8) / 8
    inside = (np.abs(x) < 0.5) & (np.abs(y) < 0.8)
    return _luminance(np.where(inside, steps, 0.0))


def draw_facts(names: Sequence[str]) -> tuple[Vector, ...]:
    """What a graph is told of the drawn films, one for each; () where it is told nothing."""
    return tuple(facts_vector(names, facts) for facts in PATIENTS) if names else ()


def make_golden(size: int, run: Callable[[Pixels], Outputs]) -> Golden:
    """The drawn radiographs and what `run` says of each."""
    films = draw_radiographs(size)
    return Golden(films, tuple(run(film) for film in films))


def _luminance(picture: NDArray[np.floating[Any]]) -> Pixels:
    pixels: Pixels = np.clip(picture, 0, 1).astype(np.float32)
    return pixels


def _grid(shape: tuple[int, int]) -> tuple[Floats, Floats]:
    height, width = shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return y, x
