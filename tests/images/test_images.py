"""Any file in: a radiograph or a refusal with its reason comes out."""

import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dicoms import dicom_file
from plainfilm.errors import ImageError, NotARadiograph, UnreadableImage
from plainfilm.images import MAX_FILE_BYTES, read_radiograph, read_radiograph_bytes

Refusal = Callable[[bytes], ImageError]


def png(samples: NDArray[np.uint8]) -> bytes:
    file = BytesIO()
    Image.fromarray(samples).save(file, "PNG")
    return file.getvalue()


def test_the_ending_does_not_matter(tmp_path: Path, film8: NDArray[np.uint8]) -> None:
    (tmp_path / "film.jpg").write_bytes(png(film8))
    (tmp_path / "film").write_bytes(dicom_file(film8))
    from_png = read_radiograph(tmp_path / "film.jpg")
    from_dicom = read_radiograph(str(tmp_path / "film"))
    np.testing.assert_array_equal(from_png.pixels, from_dicom.pixels)
    assert (from_png.name, from_dicom.name) == ("film.jpg", "film")


def test_a_given_name_is_used(tmp_path: Path, film8: NDArray[np.uint8]) -> None:
    (tmp_path / "secret.png").write_bytes(png(film8))
    assert read_radiograph(tmp_path / "secret.png", name="film 1").name == "film 1"


def test_a_text_file_named_png_is_refused_as_text(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("Chest PA, 12 March.\n")
    with pytest.raises(
        UnreadableImage,
        match=r"^notes.png: not a film \(found text; expected PNG, JPEG, TIFF or DICOM\)\.$",
    ):
        read_radiograph(tmp_path / "notes.png")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone.png", "gone.png: no such file."),
        (".", "a folder; expected one PNG, JPEG, TIFF or DICOM file."),
        ("film.png/film.png", "film.png: cannot be opened (Not a directory)."),
        ("a\0b", "cannot be opened (not a usable path)."),
    ],
)
def test_a_path_that_is_no_file_is_refused(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / "film.png").write_bytes(b"")
    with pytest.raises(UnreadableImage) as caught:
        read_radiograph(tmp_path / path)
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="named pipes as Unix has them")
def test_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "film.png")
    for path in (tmp_path / "film.png", Path("/dev/zero")):
        program = "import sys; from plainfilm.images import *; read_radiograph(sys.argv[1])"
        command = [sys.executable, "-c", program, str(path)]
        found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert f"{path.name}: no file but a pipe, a socket or a device; expected" in found.stderr


def test_an_empty_file_is_refused(refusal: Refusal) -> None:
    assert "the file is empty" in str(refusal(b""))


def test_a_huge_file_is_refused_before_it_is_looked_at(refusal: Refusal) -> None:
    assert "which no plain film has" in str(refusal(bytes(MAX_FILE_BYTES + 1)))


def test_a_png_film_is_read_without_importing_the_dicom_parser(
    tmp_path: Path, film8: NDArray[np.uint8]
) -> None:
    (tmp_path / "film.png").write_bytes(png(film8))
    program = (
        "import sys; from plainfilm.images import read_radiograph; "
        "read_radiograph(sys.argv[1]); "
        "sys.exit(any(name in sys.modules for name in ('pydicom', 'gdcm', 'openjpeg', 'torch')))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "film.png")]
    assert subprocess.run(command, check=False).returncode == 0


def test_a_refusal_says_whether_it_was_an_image(film8: NDArray[np.uint8]) -> None:
    with pytest.raises(NotARadiograph):
        read_radiograph_bytes(dicom_file(film8, Modality="CT"), "film")
    with pytest.raises(UnreadableImage):
        read_radiograph_bytes(b"GIF89a", "film")
