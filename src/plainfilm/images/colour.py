"""Colours → grey: a film saved in colour is nearly grey; what is not is no film."""

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import NotARadiograph
from plainfilm.radiograph import Pixels

# A pixel counts as coloured when its strongest and weakest primary differ by this many of 255.
# A choice, with room for a tint: grey films saved as colour JPEG differ by 0 at every quality tried
# (66 films), and two everyday photographs had 27 % and 75 % of their pixels beyond it.
COLOURED = 40

# Share of coloured pixels above which a picture is refused. A marker, a ruler or an arrow drawn in
# colour covers a few percent at most.
MAX_COLOURED = 0.10

# Share above which the colours are mentioned.
_NOTICEABLE = 0.001


def grey_of_colours(colours: NDArray[np.uint8], name: str) -> tuple[Pixels, tuple[str, ...]]:
    """Luminance of `colours` over black, and a caution where there were colours.

    Parameters
    ----------
    colours
        uint8 (H, W, 4): red, green, blue, alpha (not premultiplied).
    name
        The film, for messages.

    Raises
    ------
    NotARadiograph
        More than `MAX_COLOURED` of the pixels are coloured.

    References
    ----------
    ITU-R BT.601 section 2.5.1: 0.299 red + 0.587 green + 0.114 blue.
    """
    share = coloured_share(colours)
    if share > MAX_COLOURED:
        raise NotARadiograph(
            f"{name}: a colour picture ({share:.0%} of its pixels are coloured; "
            f"expected at most {MAX_COLOURED:.0%}, as in a film)."
        )
    # In thousandths, so that a grey pixel keeps its value exactly.
    red, green, blue = (colours[..., channel].astype(np.int32) for channel in range(3))
    thousandths = 299 * red + 587 * green + 114 * blue
    luminance: Pixels = (thousandths / 255_000).astype(np.float32)
    luminance *= colours[..., 3].astype(np.float32) / np.float32(255)
    if share <= _NOTICEABLE:
        return luminance, ()
    return luminance, (
        f"The image has colours ({share:.1%} of its pixels); only its brightness was used.",
    )


def coloured_share(colours: NDArray[np.uint8]) -> float:
    """Share of the pixels that are coloured, 0 to 1; see-through ones count as black."""
    red, green, blue, alpha = (colours[..., channel] for channel in range(4))
    strongest = np.maximum(np.maximum(red, green), blue)
    weakest = np.minimum(np.minimum(red, green), blue)
    chroma = (strongest - weakest).astype(np.uint16)
    return float((chroma * alpha >= COLOURED * 255).mean())
