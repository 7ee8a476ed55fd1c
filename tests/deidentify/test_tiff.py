"""TIFF files without what is attached."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from phantoms import phantom
from plainfilm.deidentify.tiff import stripped_tiff
from plainfilm.errors import UnreadableImage
from plainfilm.images import read_radiograph_bytes

GREY = Image.fromarray((phantom(size=(60, 50)) * 255).astype(np.uint8))
DEEP = Image.fromarray((phantom(size=(60, 50)) * 65535).astype(np.uint16))


def tiff(image: Image.Image, **how: Any) -> bytes:
    fields = ImageFileDirectory_v2()
    for tag in (270, 305, 306, 315, 316, 33432):
        fields[tag] = "MILLER"
    fields[274] = 6
    file = BytesIO()
    image.save(file, "TIFF", tiffinfo=fields, icc_profile=b"MILLER" * 3, dpi=(99, 99), **how)
    return file.getvalue()


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("image", [GREY, DEEP, *map(GREY.convert, ("RGB", "P", "1"))])
def test_samples_stay_and_all_else_goes(image: Image.Image, compression: str) -> None:
    """S3-34."""
    content = tiff(image, compression=compression)
    stripped = stripped_tiff(content, "film 1")
    assert b"MILLER" in content
    assert b"MILLER" not in stripped
    after = Image.open(BytesIO(stripped))
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(content))), np.asarray(after))
    assert not {270, 282, 305, 306, 315, 316, 33432, 34675} & set(after.tag_v2)


@pytest.mark.parametrize("how", [{}, {"big_tiff": True}, {"compression": "tiff_deflate"}], ids=str)
def test_a_film_reads_as_before_turned_as_before(how: dict[str, Any]) -> None:
    content = tiff(DEEP, **how)
    before = read_radiograph_bytes(content, "film")
    after = read_radiograph_bytes(stripped_tiff(content, "film"), "film")
    assert before.pixels.shape == (50, 60)
    np.testing.assert_array_equal(before.pixels, after.pixels)


def test_many_strips_and_the_other_byte_order_are_copied() -> None:
    words = np.asarray(DEEP).astype(">u2")
    fields = [(256, 4, 50), (257, 4, 60), (258, 3, 16 << 16), (259, 3, 1 << 16), (262, 3, 1 << 16),
              (273, 4, 8), (277, 3, 1 << 16), (278, 4, 60), (279, 4, words.nbytes),
              (305, 2, 0x4D494C00)]  # fmt: skip
    table = len(fields).to_bytes(2, "big") + b"".join(
        tag.to_bytes(2, "big") + kind.to_bytes(2, "big")
        + (4 if kind == 2 else 1).to_bytes(4, "big") + value.to_bytes(4, "big")
        for tag, kind, value in fields
    )  # fmt: skip
    content = b"MM\0*" + (8 + words.nbytes).to_bytes(4, "big") + words.tobytes() + table + bytes(4)
    stripped = stripped_tiff(content, "film")
    assert b"MIL" not in stripped[-200:]
    np.testing.assert_array_equal(
        read_radiograph_bytes(content, "film").pixels,
        read_radiograph_bytes(stripped, "film").pixels,
    )


def test_a_file_that_breaks_off_is_refused() -> None:
    content = tiff(GREY, compression="tiff_lzw")
    (at,) = (int.from_bytes(content[4:8], "little"),)
    sizes = [6, 9, at + 1, at + 20, len(content) // 2] if at > 100 else [6, 9, at + 20, at + 60]
    for size in sizes:
        with pytest.raises(UnreadableImage, match=r"^film 1: "):
            stripped_tiff(content[:size], "film 1")
