"""What a child answers: the film, or the error's name and words, whatever the file raises."""

import io
import struct
import subprocess
import sys

import numpy as np
import pytest

from bombs import FILM, saved
from dicoms import dicom_file
from plainfilm.images import read_radiograph_bytes
from plainfilm.serve import decoding_child
from plainfilm.serve.decoding_child import answer
from plainfilm.serve.film_wire import SIZES, header_of


def test_a_film_is_its_header_and_its_pixels() -> None:
    header, pixels = answer(saved(FILM, "PNG"), "film")
    assert header["shape"] == [48, 40]
    assert set(header) == {
        "shape", "view", "body_part", "spacing_mm", "age_years", "laterality", "cautions", "sex"
    }  # fmt: skip
    np.testing.assert_array_equal(np.round(np.frombuffer(pixels, np.float32) * 255), FILM.ravel())


def test_a_refusal_is_told_by_its_name() -> None:
    assert answer(b"", "film")[0]["error"] == "UnreadableImage"
    assert answer(dicom_file(FILM, Modality="CT"), "film")[0]["error"] == "NotARadiograph"


@pytest.mark.parametrize("error", [MemoryError("Doe"), KeyError("Doe")])
def test_any_other_error_is_a_refusal_without_its_words(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(content: bytes, name: str) -> None:
        raise error

    monkeypatch.setattr(decoding_child, "read_radiograph_bytes", fail)
    header, pixels = answer(b"", "film")
    assert header["error"] == "UnreadableImage"
    assert "Doe" not in str(header)
    assert pixels == b""


def test_films_are_answered_in_turn_until_the_input_ends() -> None:
    """Through the pipe alone, as where no memory is shared."""
    content = saved(FILM, "PNG")
    film = SIZES.pack(4, len(content)) + b"film" + content
    command = [sys.executable, "-m", "plainfilm.serve.decoding_child", str(2**30), "10", "-1"]
    done = subprocess.run(command, input=film * 2, capture_output=True, check=True)
    answers, n_answers = io.BytesIO(done.stdout), 0
    while sizes := answers.read(SIZES.size):
        n_header, n_pixels = struct.unpack("<QQ", sizes)
        answers.read(n_header)
        assert len(answers.read(n_pixels)) == (4 * FILM.size if n_answers else 0)
        n_answers += 1
    assert n_answers == 3  # the first says what is enforced


def test_a_header_holds_nothing_but_what_a_radiograph_carries() -> None:
    film = read_radiograph_bytes(dicom_file(FILM, PatientName="Doe^Jane"), "film")
    assert "Doe" not in str(header_of(film))
