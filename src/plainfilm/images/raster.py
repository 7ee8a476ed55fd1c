"""PNG, JPEG, TIFF → Radiograph: grey and near-grey pictures of films, 8 or 16 bit.

The rule from samples to luminance is that of docs/concepts/displayed-pixels.md.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from plainfilm.errors import NotARadiograph, UnreadableImage
from plainfilm.images.colour import grey_of_colours
from plainfilm.images.guard import check_size, refusing
from plainfilm.radiograph import Pixels, Radiograph

_FORMATS = ("PNG", "JPEG", "TIFF")
_PHOTOMETRIC = 262  # TIFF tags
_BITS_PER_SAMPLE = 258
_WHITE_IS_ZERO = 0

# Below a quarter of 16 bits nothing is brighter than dark grey: no film is displayed like that, but
# 8-, 10-, 12- and 14-bit films are often stored like that.
_FEWER_BITS = 14


def read_raster(content: bytes, name: str) -> Radiograph:
    """The film in a PNG, JPEG or TIFF file, upright.

    Parameters
    ----------
    content
        The file.
    name
        What messages, reports and logs call the film.

    Raises
    ------
    NotARadiograph
        A picture in colour, or several pictures.
    UnreadableImage
        The file is damaged or breaks off, is too large, or has samples that are no grey levels.
    """
    problem = "the image is damaged or breaks off"
    with refusing(name, problem):
        try:
            image = Image.open(BytesIO(content), formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise UnreadableImage(
                f"{name}: says it has several hundred million pixels, which no film has."
            ) from error
    with image:
        check_size(name, image.height, image.width)
        with refusing(name, problem):
            _check_single(image, name)
            depth = _bits_per_sample(image, content)
            white_is_zero = (
                image.format == "TIFF" and _tag(image, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO
            )
            image.load()
            upright = ImageOps.exif_transpose(image)
        pixels, cautions = _luminance(upright, depth, name)
    if white_is_zero and upright.mode not in ("1", "L"):  # those two Pillow inverts itself
        pixels = np.float32(1) - pixels
    return Radiograph(pixels=pixels, name=name, cautions=cautions)


def _check_single(image: Image.Image, name: str) -> None:
    """Refuse several pictures; the preview that phones add to a JPEG file does not count."""
    if image.format not in ("PNG", "TIFF"):
        return
    try:
        image.seek(1)
    except EOFError:
        return
    raise NotARadiograph(f"{name}: several pictures in one file; expected a single film.")


def _bits_per_sample(image: Image.Image, content: bytes) -> int:
    if image.format == "PNG":
        return content[24]  # in IHDR, always the first chunk
    if image.format == "TIFF":
        return _tag(image, _BITS_PER_SAMPLE, 1)
    return 8


def _tag(image: Image.Image, number: int, default: int) -> int:
    """A TIFF tag's first value, an integer."""
    value = image.tag_v2.get(number, default)  # type: ignore[attr-defined]
    return int(value[0] if isinstance(value, tuple) else value)


def _luminance(image: Image.Image, depth: int, name: str) -> tuple[Pixels, tuple[str, ...]]:
    """Luminance of an upright, decoded image, and cautions."""
    if image.mode in ("1", "L") and "transparency" not in image.info:
        with refusing(name, "the image is damaged"):
            return _of_bytes(np.asarray(image.convert("L"))), ()
    if image.mode.startswith("I"):
        return _of_words(image, depth, name)
    if image.mode == "F":
        return _of_floats(np.asarray(image), name), ()
    with refusing(name, f"its colours ({image.mode}) cannot be turned into grey"):
        colours = np.asarray(image.convert("RGBA"))
    return grey_of_colours(colours, name)


def _of_bytes(samples: NDArray[np.uint8]) -> Pixels:
    return samples.astype(np.float32) / np.float32(255)


def _of_words(image: Image.Image, depth: int, name: str) -> tuple[Pixels, tuple[str, ...]]:
    samples = np.asarray(image).astype(np.int64)
    if not 8 < depth <= 16 or samples.min() < 0:
        raise UnreadableImage(
            f"{name}: grey levels of {depth} bits"
            + (", some negative" if samples.min() < 0 else "")
            + "; expected 8 or 16 bits without a sign. Save it as 16-bit PNG."
        )
    see_through = image.info.get("transparency")
    if isinstance(see_through, int):
        samples[samples == see_through] = 0
    used = int(samples.max()).bit_length()
    cautions: tuple[str, ...] = ()
    if depth == 16 and used <= _FEWER_BITS:
        depth = max(used, 8)
        cautions = (
            f"The 16-bit file uses only its lowest {depth} bits: read as a {depth}-bit film.",
        )
    return (samples / ((1 << depth) - 1)).astype(np.float32), cautions


def _of_floats(samples: NDArray[np.float32], name: str) -> Pixels:
    if not (samples.min() >= 0 and samples.max() <= 1):  # written so that NaN is refused
        raise UnreadableImage(
            f"{name}: floating-point grey levels from {samples.min():g} to {samples.max():g}; "
            "expected 0 (black) to 1 (white). Save it as 16-bit PNG."
        )
    return samples.astype(np.float32)
