"""Drawn films: X-ray-like pictures of nobody, for tests, examples and golden vectors."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def phantom(
    view: str = "PA", size: tuple[int, int] = (256, 256), seed: int = 0
) -> NDArray[np.float32]:
    """A chest-like drawing: body, two dark lungs, spine, heart, ribs, noise.

    Returns float32 (H, W) in [0, 1]; the same for the same arguments. `view` "LATERAL" draws one
    lung, "KNEE" two bright bones; anything else a frontal chest.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    picture = np.full(size, 0.05)
    if view == "KNEE":
        picture += 0.35 * (np.abs(x) < 0.75)
        picture += 0.45 * ((np.abs(x) < 0.4) & (np.abs(y) > 0.06))
    else:
        body = (x / 0.95) ** 2 + (y / 1.3) ** 2 < 1
        picture += 0.55 * body
        offsets = (0.0,) if view == "LATERAL" else (-0.42, 0.42)
        for offset in offsets:
            shift = offset + 0.03 * rng.standard_normal()
            picture -= 0.4 * (((x - shift) / 0.32) ** 2 + ((y + 0.05) / 0.68) ** 2 < 1)
        picture += 0.25 * (np.abs(x) < 0.08)
        picture += 0.22 * (((x - 0.15) / 0.3) ** 2 + ((y - 0.3) / 0.3) ** 2 < 1)
        picture += 0.05 * (np.sin(18 * y + 6 * np.abs(x)) > 0.6) * body
    picture += 0.02 * rng.standard_normal(size)
    return np.clip(picture, 0, 1).astype(np.float32)


def somebody(
    view: str = "PA", size: tuple[int, int] = (256, 256), seed: int = 0
) -> NDArray[np.float32]:
    """A phantom with soft shades of its own, so that no two seeds look like the same film."""
    rng = np.random.default_rng(seed)
    shades = Image.fromarray(rng.standard_normal((12, 12)).astype(np.float32))
    height, width = size
    own = np.asarray(shades.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return np.clip(phantom(view, size, seed) + 0.12 * own, 0, 1).astype(np.float32)
