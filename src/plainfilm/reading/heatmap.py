"""A map of the graph in, a heatmap over the film and its colours out.

The colours are one ramp, even to the eye: dark violet over red to light yellow. A bundle fixes
its scale (`MapScale.display_max`), so the same colour means the same on every film it reads.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from plainfilm.findings import FeatureMap
from plainfilm.radiograph import Pixels
from plainfilm.reading.header_parts import FitPolicy

RGB = NDArray[np.uint8]

OPACITY = 0.6  # of the colours where the heatmap is at full strength
N_COLOURS = 256

# The ramp in Oklab: lightness and hue (degrees) move evenly at one chroma, so every step looks as
# large as the next. This chroma is the most that stays inside sRGB all the way.
_LIGHTNESS = (0.35, 0.93)
_HUE = (-45.0, 105.0)
_CHROMA = 0.16


def heatmap(
    values: FeatureMap, shape: tuple[int, int], policy: FitPolicy = FitPolicy.SQUASH
) -> Pixels:
    """The map laid over the film it was made from, bilinear between the centres of its cells.

    Parameters
    ----------
    values
        The map: float32 (h, w), signed.
    shape
        Height and width of the film.
    policy
        How the film was brought to the network's square: with `PAD` the map covers the film and
        its padding, with `CROP` only the film's middle; outside, the heatmap is 0.

    Returns
    -------
    float32 (H, W), signed, in the map's own units: no value beyond the map's. Where the film's
    sides are multiples of the map's (squash), the average is the map's.
    """
    height, width = shape
    square = {FitPolicy.PAD: max(shape), FitPolicy.CROP: min(shape)}.get(policy)
    above, below, down, inside_y = _cells(values.shape[0], height, square or height)
    left, right, across, inside_x = _cells(values.shape[1], width, square or width)
    rows = values[above] * (1 - down[:, None]) + values[below] * down[:, None]
    heat = rows[:, left] * (1 - across) + rows[:, right] * across
    return np.asarray(heat * inside_y[:, None] * inside_x, dtype=np.float32)


def overlay(pixels: Pixels, heat: Pixels, display_max: float) -> RGB:
    """The film in grey with the heatmap's colours over it.

    Parameters
    ----------
    pixels, heat
        float32 (H, W): the film in [0, 1], and its heatmap.
    display_max
        The heat drawn at full strength; negative heat (evidence against) is not drawn.

    Returns
    -------
    uint8 (H, W, 3), sRGB. Where the heat is 0 or less, the film unchanged; the colours' opacity
    grows with the heat up to `OPACITY`.
    """
    strength = np.clip(heat / np.float32(display_max), 0, 1)
    steps = np.rint(strength * (N_COLOURS - 1)).astype(np.uint8)
    opacity = np.linspace(0, OPACITY, N_COLOURS, dtype=np.float32)
    grey = pixels * 255 * (1 - opacity)[steps]
    painted = np.empty((*pixels.shape, 3), np.uint8)
    for channel, colours in enumerate(ramp().T):
        painted[..., channel] = np.rint(grey + (colours * opacity)[steps])
    return painted


def added(pixels: Pixels, heat: Pixels, display_max: float, strength: float = 0.5) -> RGB:
    """The film with the rainbow's colours of the heatmap added to it, pixel by pixel.

    As earlier works drew it; `overlay` is easier to read. The brightest film stays as bright: what
    is over white is cut off, and never wraps around.

    Parameters
    ----------
    pixels, heat, display_max
        As for `overlay`.
    strength
        Of the colours, in [0, 1].

    Returns
    -------
    uint8 (H, W, 3), sRGB: most heat red, none blue. Where no heat is positive at all, the film
    unchanged.
    """
    grey = np.repeat(np.rint(pixels * 255)[..., None], 3, axis=2)
    if float(heat.max()) > 0:
        share = np.clip(heat / np.float32(display_max), 0, 1)[..., None]
        peaks = np.array([3, 2, 1], np.float32)  # red, green, blue: where along the rainbow, in /4
        grey = grey + strength * 255 * np.clip(1.5 - np.abs(4 * share - peaks), 0, 1)
    return np.asarray(np.clip(np.rint(grey), 0, 255), dtype=np.uint8)


@cache
def ramp() -> RGB:
    """The colours, weakest first: uint8 (256, 3), sRGB.

    References
    ----------
    Ottosson 2020, "A perceptual color space for image processing" (Oklab to linear sRGB);
    IEC 61966-2-1 (sRGB's transfer curve).
    """
    lightness = np.linspace(*_LIGHTNESS, N_COLOURS)
    hue = np.deg2rad(np.linspace(*_HUE, N_COLOURS))
    a, b = _CHROMA * np.cos(hue), _CHROMA * np.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    linear = np.clip(np.stack([red, green, blue], axis=1), 0, 1)
    curve = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours = np.asarray(np.rint(255 * curve), dtype=np.uint8)
    colours.setflags(write=False)
    return colours


def _cells(
    n_cells: int, length: int, square: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Pixels, Pixels]:
    # For each pixel along a side: the cell before, the cell after, the share of the latter, and
    # whether the map covers the pixel. The square lies centred on the film (or the film in it), to
    # whole pixels as the graph pads and crops.
    centre = np.arange(length) + 0.5 + (square - length) // 2
    place = np.clip(centre * n_cells / square - 0.5, 0, n_cells - 1)
    before = np.floor(place).astype(np.intp)
    share = (place - before).astype(np.float32)
    inside = ((centre > 0) & (centre < square)).astype(np.float32)
    return before, np.minimum(before + 1, n_cells - 1), share, inside
