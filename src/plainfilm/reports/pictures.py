"""Pixels for the reports: small films, heat as a see-through layer, the bar that explains it."""

import io
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.findings import FeatureMap
from plainfilm.radiograph import Pixels, Radiograph
from plainfilm.reading.header import BundleHeader
from plainfilm.reading.heatmap import N_COLOURS, OPACITY, added, heatmap, overlay, ramp

LONGEST = 1024  # pixels; the longer side of a film in a report
FAINTEST = 0.1  # of the scale; heat below has an opacity under 6 %, and nobody sees it
_LAYER = 320  # pixels; the longer side of a see-through layer

Rgb = NDArray[np.uint8]


def thumbnail(radiograph: Radiograph, longest: int = LONGEST) -> Radiograph:
    """The same radiograph with no side over `longest` pixels; if it shrank, without spacing."""
    height, width = radiograph.pixels.shape
    if max(height, width) <= longest:
        return radiograph
    return replace(radiograph, pixels=fitted(radiograph.pixels, longest), spacing_mm=None)


def fitted(pixels: Pixels, longest: int) -> Pixels:
    """A film resized so that its longer side is `longest` pixels, proportions kept, antialiased.

    float32 in [0, 1]; the shorter side has at least one pixel.
    """
    height, width = pixels.shape
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # BILINEAR is Pillow's triangle filter: antialiased, and it never overshoots
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    return np.clip(np.asarray(small, dtype=np.float32), 0.0, 1.0)


def film_png(pixels: Pixels) -> bytes:
    """A film as an 8-bit grey PNG."""
    return png(Image.fromarray(grey(pixels)))


def overlaid(
    pixels: Pixels, values: FeatureMap, header: BundleHeader, *, is_added: bool = False
) -> Rgb:
    """A film with one of its bundle's maps drawn over it: uint8 (H, W, 3)."""
    draw = added if is_added else overlay
    return draw(pixels, _heat(values, pixels.shape, header), _display_max(header))


def heat_png(values: FeatureMap, shape: tuple[int, int], header: BundleHeader) -> bytes:
    """A map as a see-through PNG; stretched over its film of `shape` = (H, W) like `overlaid`.

    Heat is smooth, so few pixels do.
    """
    strength = np.clip(_heat(values, _layer(shape), header) / _display_max(header), 0, 1)
    colours = ramp()[np.rint(strength * (N_COLOURS - 1)).astype(np.intp)]
    opacity = np.rint(255 * OPACITY * strength).astype(np.uint8)
    return png(Image.fromarray(np.dstack([colours, opacity])))


def is_visible(values: FeatureMap, shape: tuple[int, ...], header: BundleHeader) -> bool:
    """Whether a map's heat over its film of `shape` = (H, W) can be seen on the bundle's scale."""
    return float(_heat(values, _layer(shape), header).max()) >= FAINTEST * _display_max(header)


def scale_bar(header: BundleHeader, shape: tuple[int, int], *, is_added: bool = False) -> Rgb:
    """The colours from no heat (left) to full strength (right), over a mid-grey film.

    uint8 (H, W, 3), `shape` = (H, W).
    """
    heat = np.tile(np.linspace(0, _display_max(header), shape[1], dtype=np.float32), (shape[0], 1))
    draw = added if is_added else overlay
    return draw(np.full(shape, 0.5, np.float32), heat, _display_max(header))


def grey(pixels: Pixels) -> NDArray[np.uint8]:
    """A film in 8 bit, (H, W)."""
    return np.rint(pixels * 255).astype(np.uint8)


def png(picture: Image.Image) -> bytes:
    """The PNG file of a picture."""
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return content.getvalue()


def _layer(shape: tuple[int, ...]) -> tuple[int, int]:
    scale = min(1.0, _LAYER / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def _heat(values: FeatureMap, shape: tuple[int, ...], header: BundleHeader) -> Pixels:
    return heatmap(values, (shape[0], shape[1]), header.input.policy)


def _display_max(header: BundleHeader) -> float:
    if header.map is None:
        raise ValueError(f"{header.name} has no maps")
    return header.map.display_max
