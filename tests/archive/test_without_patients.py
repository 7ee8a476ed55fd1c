"""A table that is given away names no file, and its map brings every name back."""

import csv
import hashlib
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest

from plainfilm.archive.run import ArchiveOptions, score_archive
from plainfilm.archive.without_patients import without_patients
from plainfilm.errors import ReportError

GIVEN = ArchiveOptions(workers=1, deidentified=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_the_same_without_what_tells_the_patient(
    bundle: Path, archive: Path, tmp_path: Path
) -> None:
    (archive / "1.png").rename(archive / "Doe Jane.png")
    (archive / "Doe Jane.txt").write_text("no film")
    shutil.copy(archive / "2004" / "a" / "1.dcm", archive / "aged.dcm")
    film = pydicom.dcmread(archive / "aged.dcm")
    film.PatientAge, film.BodyPartExamined = "057Y", "DOE JANE"
    film.save_as(archive / "aged.dcm")
    score_archive(bundle, archive, tmp_path / "whole.csv", options=ArchiveOptions(workers=1))
    score_archive(
        bundle, archive, tmp_path / "given.csv",
        options=replace(GIVEN, map_path=tmp_path / "map.csv"),
    )  # fmt: skip
    whole, given = rows(tmp_path / "whole.csv"), rows(tmp_path / "given.csv")
    told = (tmp_path / "given.csv").read_text()
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in archive.rglob("*.*")]
    assert not any(word in told for word in ("Doe", "doe", "2004", "readme", *hashes))
    assert list(given[0]) == list(whole[0])
    assert [row["age_years"] for row in whole].count("57") == 1
    assert {row["age_years"] for row in given} == {""}
    assert not any("57" in row["reason"] + row["cautions"] for row in given)
    assert "doe jane" in (tmp_path / "whole.csv").read_text()
    changed = {"path", "sha256", "age_years", "body_part", "reason", "cautions"}
    for before, after in zip(whole, given, strict=True):
        assert {k: v for k, v in before.items() if k not in changed} == {
            k: v for k, v in after.items() if k not in changed
        }
        assert bool(before["reason"]) == bool(after["reason"])
    mapped = {row["film"]: row["file"] for row in rows(tmp_path / "map.csv")}
    assert [mapped[row["path"]] for row in given] == [row["path"] for row in whole]
    assert stat.S_IMODE((tmp_path / "map.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("1: not a film, 1 byte of 11", "film-0001: not a film, 1 byte of 11"),
        ("Doe/1: a folder not opened", "film-0001: a folder not opened"),
        ("age 54, expected 1 to 5 years", "age, expected 1 to 5 years"),
        ("the film's header age 2.4, expected 6", "the film's header age, expected 6"),
        ("the age (64 years) is that when", "the age is that when"),
        ("gives an age of 140 years: the age is", "gives an age: the age is"),
        ("says age 54, the caller says 3; his", "says age, the caller says another; his"),
        ("body part hip, expected chest", "body part hip, expected chest"),
        ("body part doe jane, expected chest", "body part other, expected chest"),
        ("says body part doe jane, the caller says", "says body part other, the caller says"),
    ],
)  # fmt: skip
def test_names_ages_and_free_text_leave_the_words(words: str, given: str) -> None:
    row = {"path": "Doe/1", "reason": words, "cautions": f"grey | {words}", "body_part": "doe jane"}
    (found,) = without_patients([row])
    assert found["reason"] == given
    assert found["body_part"] == "other"
    if not words.startswith(("1", "Doe")):
        assert found["cautions"] == f"grey | {given}"
    assert row["path"] == "Doe/1"


def test_a_map_is_not_written_over_nor_without_need(
    bundle: Path, archive: Path, tmp_path: Path
) -> None:
    out, there = tmp_path / "t.csv", tmp_path / "map.csv"
    there.write_text("of before")
    with pytest.raises(ReportError, match="there already"):
        score_archive(bundle, archive, out, options=replace(GIVEN, map_path=there))
    with pytest.raises(ReportError, match="--deidentify"):
        score_archive(bundle, archive, out, options=ArchiveOptions(map_path=tmp_path / "m.csv"))
    assert there.read_text() == "of before"
    assert not list(tmp_path.glob("t.csv*"))
    (tmp_path / "t.csv.queue").mkdir()  # of a run that was cut off, but the map is not its
    with pytest.raises(ReportError, match="there already"):
        score_archive(bundle, archive, out, options=replace(GIVEN, map_path=there))
    there.write_text("file,film\n")
    score_archive(bundle, archive, out, options=replace(GIVEN, map_path=there))
    assert len(rows(there)) == len(rows(out)) == 4


def test_a_map_that_cannot_be_is_refused_before_any_film_is_read(
    bundle: Path, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "t.csv"
    for place, why in ((out, "is the table"), (tmp_path / "no" / "m.csv", "folder is missing"),
                       (archive, "the map is a folder")):  # fmt: skip
        options = replace(GIVEN, map_path=place, overwrite=True)
        with pytest.raises(ReportError, match=why):
            score_archive(bundle, archive, out, options=options)
    assert not list(tmp_path.glob("t.csv*"))


def test_without_a_map_nobody_can_tell(bundle: Path, archive: Path, tmp_path: Path) -> None:
    score_archive(bundle, archive, tmp_path / "t.csv", options=GIVEN)
    assert [row["path"] for row in rows(tmp_path / "t.csv")] == [
        f"film-{k:04}" for k in (1, 2, 3, 4)
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "t.csv"]
