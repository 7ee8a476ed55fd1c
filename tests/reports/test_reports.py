"""Writing a report: the ending picks the writer, nothing is lost."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from phantoms import phantom
from plainfilm.errors import ReportError
from plainfilm.findings import Finding, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reading.bundle import Bundle
from plainfilm.reports import (
    WRITERS,
    Report,
    check_can_hold,
    check_not_a_film,
    check_path,
    keepsake,
    only,
    source_for,
    write,
)
from srs import film_of

STARTS = {
    ".json": b"[", ".csv": b"name,", ".html": b"<!DOCTYPE html>", ".png": b"\x89PNG",
    ".dcm": bytes(128) + b"DICM",
}  # fmt: skip


@pytest.mark.parametrize("ending", [*STARTS, ".JSON"])
def test_the_ending_picks_the_writer(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"seen{ending}"
    write(Report((answered,), (film,), bundle.header, source=film_of()), path)
    assert path.read_bytes().startswith(STARTS[ending.lower()])
    assert set(STARTS) == set(WRITERS)


@pytest.mark.parametrize("name", ["seen.pdf", "seen", "json"])
def test_an_unknown_ending_is_refused_with_the_known_ones(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path, name: str
) -> None:
    with pytest.raises(ReportError, match=r"expected \.csv, \.dcm, \.html, \.json, \.png"):
        write(Report((answered,), (film,), bundle.header), tmp_path / name)


def test_nothing_is_overwritten_unasked(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path
) -> None:
    path = tmp_path / "seen.json"
    path.write_text("precious")
    with pytest.raises(ReportError, match=r"seen\.json: already there"):
        write(Report((answered,), (film,), bundle.header), path)
    assert path.read_text() == "precious"
    write(Report((answered,), (film,), bundle.header), path, overwrite=True)
    assert json.loads(path.read_text())[0]["name"] == "film.png"


def test_what_was_there_stays_where_the_new_one_cannot_be_made(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path
) -> None:
    path = tmp_path / "seen.json"
    path.write_text("precious")
    broken = replace(answered, results=(replace(answered.results[0], score=float("nan")),))
    with pytest.raises(ReportError, match="score"):
        write(Report((broken,), (film,), bundle.header), path, overwrite=True)
    assert path.read_text() == "precious"


@contextmanager
def full_disk(n_bytes: int) -> Iterator[None]:
    """No file may grow over `n_bytes`: the system itself refuses, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_refuses_is_told_in_one_line_and_nothing_is_left(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path
) -> None:
    path = tmp_path / "seen.json"
    path.write_text("precious")
    with (
        full_disk(100),
        pytest.raises(ReportError, match=r"^seen\.json: cannot be written \(File too large\)$"),
    ):
        write(Report((answered,), (film,), bundle.header), path, overwrite=True)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "seen.json").mkdir()
    with pytest.raises(ReportError, match="a folder is there"):
        check_path(tmp_path / "seen.json", overwrite=True)
    with pytest.raises(ReportError, match="'nowhere' is not there"):
        check_path(tmp_path / "nowhere" / "seen.json", overwrite=False)


@pytest.mark.parametrize(("ending", "most"), [("png", 16), ("HTML", 100)])
def test_more_films_than_a_report_holds_are_refused_with_what_does(
    make_report: Callable[..., Report], answered: Prediction, tmp_path: Path, ending: str, most: int
) -> None:
    path = tmp_path / f"r.{ending}"
    check_can_hold(path, most)
    with pytest.raises(ReportError, match=rf"at most {most} films; found {most + 1}\. Write \.csv"):
        write(make_report(*[answered] * (most + 1)), path)
    assert not path.exists()


def test_a_report_goes_anywhere_but_over_its_films(tmp_path: Path) -> None:
    film, other = tmp_path / "film.png", tmp_path / "other.png"
    film.write_bytes(b"film")
    other.write_bytes(b"film")
    check_not_a_film(other, [film, tmp_path / "missing.png"])
    check_not_a_film(tmp_path / "new.png", [film])
    with pytest.raises(ReportError, match=r"film\.png: a film that is to be read"):
        check_not_a_film(tmp_path / "." / "film.png", [other, film])


def test_a_table_holds_any_number_of_films(tmp_path: Path) -> None:
    check_can_hold(tmp_path / "r.csv", 1_000_000)
    check_can_hold(tmp_path / "r.json", 1_000_000)


def test_a_caller_may_allow_fewer_endings(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"seen\.json: cannot be written as '\.json'"):
        check_path(tmp_path / "seen.json", overwrite=False, endings=(".png",))


@pytest.mark.skipif(os.name != "posix", reason="permissions as Unix has them")
def test_a_report_is_readable_as_any_other_new_file(
    answered: Prediction, film: Radiograph, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "usual").touch()
    write(Report((answered,), (film,), bundle.header), tmp_path / "seen.csv")
    assert (tmp_path / "seen.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_one_finding_can_be_taken_alone(answered: Prediction) -> None:
    assert [r.finding.name for r in only(answered, "atelectasis").results] == ["atelectasis"]


@pytest.mark.parametrize("said", ["effusion", "EFFUSION", "Pleural effusion", " pleural  Effusion"])
def test_a_finding_may_be_called_as_reports_show_it(answered: Prediction, said: str) -> None:
    shown = Finding("effusion", "Pleural effusion")
    results = (replace(answered.results[0], finding=shown), *answered.results[1:])
    (found,) = only(replace(answered, results=results), said).results
    assert found.finding == shown


def test_what_cannot_be_explained_is_refused(answered: Prediction, refused: Prediction) -> None:
    with pytest.raises(ReportError, match=r"knee\.png: refused"):
        only(refused, "pneumonia")
    with pytest.raises(ReportError, match=r"'gout' is no finding of tiny; expected one of pneum"):
        only(answered, "gout")


@pytest.mark.parametrize(("name", "side"), [("a.html", 1024), ("a.PNG", 1024), ("a.csv", 1)])
def test_only_what_a_report_needs_of_a_film_is_kept(name: str, side: int) -> None:
    film = Radiograph(phantom(size=(1500, 1500)), "film.png")
    assert keepsake(film, Path(name)).pixels.shape == (side, side)
    assert keepsake(film, None).pixels.shape == (1, 1)


@pytest.mark.parametrize(("name", "kept"), [("seen.dcm", b"film"), ("seen.DCM", b"film"),
                                            ("seen.html", None), ("seen", None)])  # fmt: skip
def test_the_film_s_file_is_kept_only_for_the_report_that_needs_it(
    name: str, kept: bytes | None
) -> None:
    assert source_for(Path(name), b"film") == kept
    assert source_for(None, b"film") is None
