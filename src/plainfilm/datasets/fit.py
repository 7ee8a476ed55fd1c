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

    The same square as the graph of a bundle makes (`training.graph.Fit`), rounded to 8 bit. Both
    directions are resized with the triangle filter, widened where the film shrinks (Pillow's
    BILINEAR, torch's antialiased bilinear); a film that has the size already stays as it is.

    Parameters
    ----------
    pixels
        float32 (H, W) in [0, 1].
    size
        Side of the square, in pixels.
    policy
        "squash" gives up the aspect ratio; "pad" keeps it and first adds black at both sides of
        the short side; "crop" keeps it and first takes the central square. Where the sides differ
        by an odd number, pad adds the odd line below or at the right, crop cuts it off above or at
        the left.
    """
    film = pixels if policy == "squash" else _squared(pixels, policy)
    resized = Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR)
    return np.rint(np.clip(np.asarray(resized, np.float32), 0, 1) * 255).astype(np.uint8)


def _squared(pixels: Pixels, policy: FitPolicy) -> Pixels:
    height, width = pixels.shape
    if policy == "crop":
        side = min(height, width)
        top, left = (height - side + 1) // 2, (width - side + 1) // 2
        return np.ascontiguousarray(pixels[top : top + side, left : left + side])
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side), np.float32)
    square[top : top + height, left : left + width] = pixels
    return square
