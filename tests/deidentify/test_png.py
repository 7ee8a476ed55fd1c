"""PNG files without what is attached."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plainfilm.deidentify.png import stripped_png
from plainfilm.errors import UnreadableImage


def png(image: Image.Image) -> bytes:
    """A PNG file with a text of each kind, a profile, EXIF, and something after its end."""
    texts = PngInfo()
    texts.add_text("Comment", "MILLER")
    texts.add_text("Packed", "MILLER " * 50, zip=True)
    texts.add_itxt("Title", "MILLER")
    exif = Image.Exif()
    exif[0x010E] = "MILLER"
    file = BytesIO()
    image.save(file, "PNG", pnginfo=texts, exif=exif, icc_profile=b"MILLER", dpi=(300, 300))
    return file.getvalue() + b"MILLER"


@pytest.mark.parametrize("mode", ["1", "L", "I;16", "P", "RGB", "RGBA", "LA"])
def test_pixels_stay_and_all_else_goes(mode: str) -> None:
    """S3-34."""
    image = Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100)
    image = image if mode == "I;16" else Image.fromarray(np.asarray(image).astype(np.uint8))
    content = png(image if mode == "I;16" else image.convert(mode))
    stripped = stripped_png(content, "film 1")
    before, after = Image.open(BytesIO(content)), Image.open(BytesIO(stripped))
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))
    assert (before.mode, before.getpalette()) == (after.mode, after.getpalette())
    assert b"MILLER" not in stripped
    assert set(after.info) <= {"transparency"}
    chunks = [
        stripped.find(name) for name in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP", b"pHYs")
    ]
    assert chunks == [-1] * 6


def test_what_is_seen_through_stays_so() -> None:
    file = BytesIO()
    Image.new("L", (5, 4), 7).save(file, "PNG", transparency=7)
    assert Image.open(BytesIO(stripped_png(file.getvalue(), "film 1"))).info == {"transparency": 7}


def test_a_file_that_breaks_off_is_refused() -> None:
    content = png(Image.new("L", (5, 4)))[:-6]
    for size in range(8, len(content), 7):
        with pytest.raises(UnreadableImage, match=r"^film 1: "):
            stripped_png(content[:size], "film 1")
