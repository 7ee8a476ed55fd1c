"""Many films into one folder, without their patients."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.deidentify import DeidentifyOptions, NewUids, Written, deidentified, deidentify
from plainfilm.errors import DeidentifyError, UnreadableImage

WORDS = (phantom(size=(40, 30)) * 4095).astype(np.uint16)


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    """A DICOM film, a text, a picture, and a file that is not there; all named for a patient."""
    paths = [tmp_path / f"MILLER {n}" for n in range(4)]
    paths[0].write_bytes(dicom_file(WORDS, PatientName="MILLER", PatientID="713"))
    paths[1].write_text("MILLER")
    Image.fromarray((WORDS // 16).astype(np.uint8)).save(paths[2], "PNG")
    return paths


def test_names_are_numbers_and_failures_do_not_stop_the_rest(
    films: list[Path], tmp_path: Path
) -> None:
    """S3-34."""
    out = tmp_path / "out"
    found = list(deidentify(films, out))
    names = [film.name if isinstance(film, Written) else str(film) for film in found]
    assert names[0::2] == ["film-0001.dcm", "film-0003.png"]
    assert names[1].startswith("film 2: not a film (found text")
    assert names[3] == "film 4: no such file, or no file at all."
    assert sorted(path.name for path in out.iterdir()) == ["film-0001.dcm", "film-0003.png"]
    told = " ".join(names) + "".join(path.read_bytes().decode("latin-1") for path in out.iterdir())
    assert "MILLER" not in told


def test_the_same_secret_gives_the_same_ids_in_another_run(
    films: list[Path], tmp_path: Path
) -> None:
    secrets = [b"s" * 16, b"s" * 16, b"t" * 16]
    ids = []
    for n, secret in enumerate(secrets):
        list(deidentify(films[:1], tmp_path / f"out{n}", DeidentifyOptions(NewUids(secret))))
        new = pydicom.dcmread(tmp_path / f"out{n}" / "film-0001.dcm")
        ids.append((new.SOPInstanceUID, new.PatientID))
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])


def test_nothing_is_replaced_unasked_and_an_earlier_run_as_a_whole(
    films: list[Path], tmp_path: Path
) -> None:
    out, force = tmp_path / "out", DeidentifyOptions(overwrite=True)
    list(deidentify(films, out))
    (out / "notes.txt").write_text("mine")
    with pytest.raises(DeidentifyError, match="holds 3 files"):
        list(deidentify(films, out))
    list(deidentify(films[2:3], out, force))
    assert sorted(path.name for path in out.iterdir()) == ["film-0001.png", "notes.txt"]
    with pytest.raises(DeidentifyError, match="lies in the folder"):
        list(deidentify([out / "film-0001.png"], out, force))
    with pytest.raises(DeidentifyError, match="is a file"):
        list(deidentify(films, films[0], force))
    assert (out / "film-0001.png").is_file()


def test_a_map_is_not_replaced_unasked(films: list[Path], tmp_path: Path) -> None:
    there = tmp_path / "map.csv"
    there.write_text("mine")
    with pytest.raises(DeidentifyError, match="map"):
        list(deidentify(films, tmp_path / "out", DeidentifyOptions(map_path=there)))
    assert there.read_text() == "mine"
    assert not (tmp_path / "out").exists()


def test_bytes_of_no_film_are_refused() -> None:
    for content, words in ((b"", "empty"), (b"%PDF-1.7", "a PDF")):
        with pytest.raises(UnreadableImage, match=words):
            deidentified(content, "film 1", NewUids())


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    (found,) = deidentify([tmp_path / "pipe"], tmp_path / "out")
    assert isinstance(found, UnreadableImage)


def test_a_folder_that_takes_no_more_films_is_told_with_what_to_do(
    films: list[Path], tmp_path: Path
) -> None:
    """Of a full disk was said "No space left on device", and no more."""
    out = tmp_path / "out"
    written = deidentify([films[0], films[2]], out)
    assert isinstance(next(written), Written)
    shutil.rmtree(out)

    with pytest.raises(DeidentifyError, match=r"^film-0002\.png: cannot be written \(.+--force"):
        next(written)
