"""Pictures of films without what is attached."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.deidentify.raster import MAY_SHOW_TEXT, deidentified_raster
from plainfilm.errors import UnreadableImage
from plainfilm.images import read_radiograph_bytes
from plainfilm.images.content import Kind

GREY = Image.fromarray((phantom(size=(60, 50)) * 255).astype(np.uint8))


def picture(kind: Kind, orientation: int, image: Image.Image = GREY) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "MILLER"
    exif[0x0112] = orientation
    file = BytesIO()
    image.save(file, kind.upper(), exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.JPEG, Kind.TIFF])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_reads_as_before_whichever_way_it_is_turned(kind: Kind, orientation: int) -> None:
    """S3-34."""
    content = picture(kind, orientation)
    film = deidentified_raster(content, kind, "film 1")
    before = read_radiograph_bytes(content, "film")
    np.testing.assert_array_equal(before.pixels, read_radiograph_bytes(film.content, "film").pixels)
    assert b"MILLER" not in film.content
    turned = orientation > 1 and kind is not Kind.TIFF
    assert film.ending == ("png" if turned else {"png": "png", "jpeg": "jpg", "tiff": "tif"}[kind])
    assert film.cautions == (MAY_SHOW_TEXT,)


def test_a_turned_picture_of_four_inks_keeps_its_grey() -> None:
    content = picture(Kind.JPEG, 6, GREY.convert("CMYK"))
    film = deidentified_raster(content, Kind.JPEG, "film 1")
    np.testing.assert_array_equal(
        read_radiograph_bytes(content, "film").pixels,
        read_radiograph_bytes(film.content, "film").pixels,
    )


def test_several_pictures_and_damaged_ones_are_refused() -> None:
    file = BytesIO()
    GREY.save(file, "TIFF", save_all=True, append_images=[GREY])
    with pytest.raises(UnreadableImage, match=r"^film 1: several"):
        deidentified_raster(file.getvalue(), Kind.TIFF, "film 1")
    one = BytesIO()
    GREY.save(one, "TIFF")
    lost = bytearray(one.getvalue())
    at = 10 + 12 * lost[8]  # says where the next page is: in the samples
    lost[at : at + 4] = (len(lost) // 2).to_bytes(4, "little")
    with pytest.raises(UnreadableImage, match=r"^film 1: "):
        deidentified_raster(bytes(lost), Kind.TIFF, "film 1")
    for kind in (Kind.PNG, Kind.JPEG, Kind.TIFF):
        content = picture(kind, 1)
        with pytest.raises(UnreadableImage, match=r"^film 1: "):
            deidentified_raster(content[: len(content) // 2], kind, "film 1")
