"""Pictures that are no films: noise, clouds, gradients, shapes, photographs; for gate.py."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.radiograph import Pixels

SIDE = 224

Chance = np.random.Generator


def noise(chance: Chance) -> Pixels:
    """White noise, uniform or normal."""
    if chance.random() < 0.5:
        return chance.random((SIDE, SIDE), np.float32)
    return _clipped(chance.normal(0.5, 0.2, (SIDE, SIDE)))


def clouds(chance: Chance) -> Pixels:
    """Noise whose amplitude falls as 1/f^b, b from .8 to 2.2: the statistics of natural scenes."""
    down, across = np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None]
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1
    waves = np.fft.fft2(chance.normal(size=(SIDE, SIDE))) / frequency ** chance.uniform(0.8, 2.2)
    return _stretched(np.fft.ifft2(waves).real)


def gradient(chance: Chance) -> Pixels:
    """A ramp in any direction with a little grain."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    angle = chance.uniform(0, 2 * np.pi)
    return _stretched(np.cos(angle) * x + np.sin(angle) * y + chance.normal(0, 0.02, (SIDE, SIDE)))


def shapes(chance: Chance) -> Pixels:
    """Five to forty ellipses and rectangles of any grey: a coloured drawing turned grey."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.full((SIDE, SIDE), chance.random())
    for _ in range(chance.integers(5, 40)):
        left, top, wide, tall = chance.random(4) * (1, 1, 0.3, 0.3)
        round_one = ((x - left) / (wide + 0.02)) ** 2 + ((y - top) / (tall + 0.02)) ** 2 < 1
        square_one = (np.abs(x - left) < wide) & (np.abs(y - top) < tall)
        picture[round_one if chance.random() < 0.5 else square_one] = chance.random()
    return _clipped(picture)


def constant(chance: Chance) -> Pixels:
    """One grey."""
    return np.full((SIDE, SIDE), chance.random(), np.float32)


SYNTHETIC: dict[str, Callable[[Chance], Pixels]] = {
    "white noise": noise,
    "clouds (1/f noise)": clouds,
    "gradients": gradient,
    "drawn shapes": shapes,
    "one grey": constant,
}


def photographs(n_crops: int = 100) -> Iterator[Pixels]:
    """Crops of the two photographs that scikit-learn carries (a temple, a flower), in grey."""
    from sklearn.datasets import load_sample_images

    chance = np.random.default_rng(5)
    pictures = [Image.fromarray(image).convert("L") for image in load_sample_images().images]
    for i in range(n_crops):
        picture = pictures[i % 2]
        side = int(chance.integers(150, 400))
        left = int(chance.integers(0, picture.width - side))
        top = int(chance.integers(0, picture.height - side))
        crop = picture.crop((left, top, left + side, top + side))
        yield np.asarray(crop, np.float32) / np.float32(255)


def _stretched(picture: NDArray[np.float64]) -> Pixels:
    low, high = np.percentile(picture, [1, 99])
    return _clipped((picture - low) / (high - low + 1e-9))


def _clipped(picture: NDArray[np.float64]) -> Pixels:
    return np.clip(picture, 0, 1).astype(np.float32)
