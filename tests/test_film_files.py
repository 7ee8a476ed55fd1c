"""The paths a user names, and the films they stand for."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phantoms import phantom
from plainfilm.errors import ImageError, UnreadableImage
from plainfilm.film_files import Asked, FilmFile, Reading, ReadOptions, film_files, readings
from plainfilm.findings import Prediction
from plainfilm.radiograph import View
from plainfilm.reading import Reader
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(tiny_bundle(), threads=1)


def draw(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((phantom() * 255).astype(np.uint8)).save(path)
    return path


def films(*paths: Path, recursive: bool = False) -> list[FilmFile | ImageError]:
    return film_files(Asked(paths, recursive))


def names(found: list[FilmFile | ImageError]) -> list[str]:
    return [each.name for each in found if isinstance(each, FilmFile)]


def errors(found: list[FilmFile | ImageError]) -> list[str]:
    return [str(each) for each in found if not isinstance(each, FilmFile)]


def test_a_folder_stands_for_the_files_in_it(tmp_path: Path) -> None:
    for name in ("b.png", "a.dcm", ".hidden"):
        (tmp_path / name).touch()
    found = films(tmp_path, tmp_path / "b.png")
    assert names(found) == ["a.dcm", "b.png", "b.png #2"]
    assert errors(found) == []


def test_films_of_one_name_are_told_apart_without_their_folders(tmp_path: Path) -> None:
    found = films(tmp_path / "patient 7" / "1.png", tmp_path / "patient 8" / "1.png")
    assert names(found) == ["1.png", "1.png #2"]


def test_folders_in_a_folder_are_not_left_out_in_silence(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.png").touch()
    found = films(tmp_path)
    assert names(found) == ["a.png"]
    assert "1 folder in it not opened; add --recursive" in errors(found)[0]
    (tmp_path / "other").mkdir()
    assert "2 folders in it not opened" in errors(films(tmp_path))[0]


def test_the_folders_in_a_folder_are_read_if_asked(tmp_path: Path) -> None:
    for name in ("c/1.png", "c/b/1.png", "a/b/2.png", "z.png", ".git/x.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    found = films(tmp_path, recursive=True)
    assert names(found) == ["z.png", "2.png", "1.png", "1.png #2"]
    assert errors(found) == []
    paths = [each.path.relative_to(tmp_path) for each in found if isinstance(each, FilmFile)]
    assert paths == [Path("z.png"), Path("a/b/2.png"), Path("c/1.png"), Path("c/b/1.png")]


def test_folders_that_hold_no_film_at_all_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert "an empty folder" in errors(films(tmp_path, recursive=True))[0]


def test_a_link_that_leads_back_is_told_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    (tmp_path / "a" / "back").symlink_to(tmp_path)
    found = films(tmp_path, recursive=True)
    assert names(found) == ["1.png"]
    assert "1 linked folder in it not opened; name where the link leads" in errors(found)[0]
    assert names(films(tmp_path / "a" / "back", recursive=True)) == ["1.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root opens any folder")
def test_a_closed_folder_in_a_folder_is_told_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "patient 7").mkdir(mode=0)
    found = films(tmp_path, recursive=True)
    assert errors(found) == [f"{tmp_path.name}: 1 folder in it not opened (Permission denied)"]


@pytest.mark.skipif(os.name != "posix", reason="named pipes as Unix has them")
def test_a_pipe_in_a_folder_does_not_stop_the_others(reader: Reader, tmp_path: Path) -> None:
    draw(tmp_path / "b.png")
    os.mkfifo(tmp_path / "a.png")
    first, second = readings(films(tmp_path), reader, ReadOptions())
    assert isinstance(first, UnreadableImage)
    assert isinstance(second, Reading)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert "an empty folder" in errors(films(tmp_path))[0]


def test_a_name_of_any_bytes_can_be_told(tmp_path: Path) -> None:
    assert names(films(tmp_path / "film\udcff.png")) == ["film?.png"]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    reader: Reader, tmp_path: Path
) -> None:
    good = [draw(tmp_path / name) for name in ("a.png", "c.png")]
    paths = [good[0], tmp_path / "missing.png", tmp_path / "a.png", good[1]]
    found = list(readings(films(*paths), reader, ReadOptions()))
    kinds = [type(each) for each in found]
    assert kinds == [Reading, UnreadableImage, Reading, Reading]


def test_a_reading_holds_the_file_it_was_read_from(reader: Reader, tmp_path: Path) -> None:
    """Another film may stand there a moment later."""
    path = draw(tmp_path / "a.png")
    content = path.read_bytes()
    (found,) = readings(films(path), reader, ReadOptions())
    path.unlink()
    assert isinstance(found, Reading)
    assert found.content == content


def test_a_folder_s_error_comes_in_its_turn(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / "empty", draw(tmp_path / "a.png")]
    first, second = readings(films(*paths), reader, ReadOptions())
    assert isinstance(first, UnreadableImage)
    assert isinstance(second, Reading)


def test_what_the_user_says_counts(reader: Reader, tmp_path: Path) -> None:
    film = films(draw(tmp_path / "a.png"))

    def read(options: ReadOptions) -> Prediction:
        (found,) = readings(film, reader, options)
        assert isinstance(found, Reading)
        return found.prediction

    lateral = ReadOptions(view=View.LATERAL, body_part="chest")
    assert "view LATERAL" in (read(lateral).refused or "")
    shouted = read(ReadOptions(view=View.LATERAL, body_part="chest", override_population=True))
    assert shouted.refused is None
    assert shouted.cautions[0].startswith("OUTSIDE POPULATION")
