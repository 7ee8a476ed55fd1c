"""JPEG files without what is attached."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.deidentify.jpeg import stripped_jpeg
from plainfilm.errors import UnreadableImage

GREY = Image.fromarray((phantom(size=(60, 50)) * 255).astype(np.uint8))


def jpeg(image: Image.Image = GREY, **how: Any) -> bytes:
    """A JPEG file with EXIF, a comment, a profile, and something after its end."""
    exif = Image.Exif()
    exif[0x010E] = "MILLER"
    file = BytesIO()
    image.save(file, "JPEG", exif=exif, comment="MILLER", icc_profile=b"MILLER" * 9, **how)
    return file.getvalue() + b"\xff\xd8MILLER"


@pytest.mark.parametrize(
    "how",
    [{}, {"progressive": True}, {"restart_marker_blocks": 2}, {"quality": 100}, {"optimize": True}],
    ids=str,
)
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_pixels_stay_and_all_else_goes(mode: str, how: dict[str, Any]) -> None:
    """S3-34."""
    content = jpeg(GREY.convert(mode), **how)
    stripped = stripped_jpeg(content, "film 1")
    before, after = Image.open(BytesIO(content)), Image.open(BytesIO(stripped))
    assert before.mode == after.mode
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))
    assert b"MILLER" not in stripped
    assert not {"exif", "comment", "icc_profile"} & set(after.info)
    assert stripped_jpeg(stripped, "again") == stripped


def test_colours_that_are_told_by_adobe_s_segment_alone_stay() -> None:
    content = jpeg(Image.merge("RGB", (GREY, GREY, GREY.rotate(90))), keep_rgb=True)
    before, after = (
        np.asarray(Image.open(BytesIO(each))) for each in (content, stripped_jpeg(content, "film"))
    )
    np.testing.assert_array_equal(before, after)


def test_a_file_that_breaks_off_is_refused() -> None:
    content = jpeg()
    end = content.rindex(b"\xff\xd9")
    for size in (3, 20, 200, end - 50, end - 1, end):
        with pytest.raises(UnreadableImage, match=r"^film 1: "):
            stripped_jpeg(content[:size], "film 1")


def test_padding_between_segments_is_allowed_and_noise_is_not() -> None:
    content = jpeg()
    padded = content[:2] + b"\xff\xff\xff" + content[2:]
    assert stripped_jpeg(padded, "film 1") == stripped_jpeg(content, "film 1")
    with pytest.raises(UnreadableImage, match="damaged"):
        stripped_jpeg(content[:2] + b"MILLER" + content[2:], "film 1")
