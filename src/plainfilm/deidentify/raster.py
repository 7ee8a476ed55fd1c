"""PNG, JPEG, TIFF → the same pixels without anything attached to them."""

from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageOps

from plainfilm.deidentify.cleaned import LOOK, Cleaned
from plainfilm.deidentify.jpeg import stripped_jpeg
from plainfilm.deidentify.png import stripped_png
from plainfilm.deidentify.tiff import stripped_tiff
from plainfilm.errors import UnreadableImage
from plainfilm.images.content import Kind
from plainfilm.images.guard import check_size, refusing

MAY_SHOW_TEXT = f"A picture has no header that says whether text is in its pixels: {LOOK}."

_WRITERS: dict[Kind, tuple[str, Callable[[bytes, str], bytes]]] = {
    Kind.PNG: ("png", stripped_png),
    Kind.JPEG: ("jpg", stripped_jpeg),
    Kind.TIFF: ("tif", stripped_tiff),
}
_ORIENTATION = 0x0112
_UPRIGHT = 1
_PNG_MODES = ("1", "L", "LA", "I", "I;16", "P", "RGB", "RGBA")


def deidentified_raster(content: bytes, kind: Kind, name: str) -> Cleaned:
    """The picture with the parts of its file alone that its pixels are made of.

    They are copied, not coded anew. Where a JPEG or a PNG file is to be shown turned, and only its
    EXIF says so, the turned picture is written as PNG, so that no pixel changes its value.

    Raises
    ------
    UnreadableImage
        The file is damaged, too large, or holds several pictures.
    """
    turned = _turned(content, kind, name)
    if turned is not None:
        return Cleaned(stripped_png(turned, name), "png", (MAY_SHOW_TEXT,))
    ending, strip = _WRITERS[kind]
    stripped = strip(content, name)
    with refusing(name, "its pixels are damaged"):
        Image.open(BytesIO(stripped), formats=[kind.upper()]).load()
    return Cleaned(stripped, ending, (MAY_SHOW_TEXT,))


def _turned(content: bytes, kind: Kind, name: str) -> bytes | None:
    """The picture upright, as PNG; None where nothing that will be stripped turns it."""
    with refusing(name, "the image is damaged or breaks off"):
        image = Image.open(BytesIO(content), formats=[kind.upper()])
    with image:
        check_size(name, image.height, image.width)
        with refusing(name, "the image is damaged or breaks off"):
            if kind is not Kind.JPEG and getattr(image, "n_frames", 1) > 1:
                raise UnreadableImage(f"{name}: several pictures in one file; expected one.")
            image.load()
            if kind is Kind.TIFF or image.getexif().get(_ORIENTATION, _UPRIGHT) == _UPRIGHT:
                return None
            upright = ImageOps.exif_transpose(image)
            upright = upright if upright.mode in _PNG_MODES else upright.convert("RGB")
            file = BytesIO()
            upright.save(file, "PNG")
            return file.getvalue()
