"""Films of any size fitted into the square that a network is trained on."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.radiograph import Pixels

FitPolicy = Literal["squash", "pad", "crop"]
POLICIES: tuple[FitPolicy, ...] = ("squash", "pad", "crop")


def fit(pixels: Pixels, size: int, policy: FitPolicy = "squash") -> NDArray[np.uint8]:
    """uint8 (size, size): the film in a square; 0 black, 255 white.

    Both directions are resized with the triangle filter, widened where the film shrinks (Pillow's
    BILINEAR, torch's antialiased bilinear); a film that has the size already stays as it is.

    Parameters
    ----------
    pixels
        float32 (H, W) in [0, 1].
    size
        Side of the square, in pixels.
    policy
        "squash" gives up the aspect ratio; "pad" keeps it and adds black at both sides of the
        short side; "crop" keeps it and takes the centre.
    """
    height, width = pixels.shape
    film = Image.fromarray(pixels)
    if policy == "squash":
        square = _resize(film, size, size)
    elif policy == "crop":
        side = min(height, width)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        square = np.asarray(film.resize((size, size), Image.Resampling.BILINEAR, box))
    else:
        scale = size / max(height, width)
        tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (size - tall) // 2, (size - wide) // 2
        square = np.zeros((size, size), np.float32)
        square[top : top + tall, left : left + wide] = _resize(film, tall, wide)
    return np.rint(np.clip(square, 0, 1) * 255).astype(np.uint8)


def _resize(film: Image.Image, height: int, width: int) -> Pixels:
    return np.asarray(film.resize((width, height), Image.Resampling.BILINEAR), np.float32)
