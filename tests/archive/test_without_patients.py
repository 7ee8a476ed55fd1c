"""A table that is given away names no file, and its map brings every name back."""

import csv
import hashlib
import stat
from dataclasses import replace
from pathlib import Path

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
    score_archive(bundle, archive, tmp_path / "whole.csv", options=ArchiveOptions(workers=1))
    score_archive(
        bundle, archive, tmp_path / "given.csv",
        options=replace(GIVEN, map_path=tmp_path / "map.csv"),
    )  # fmt: skip
    whole, given = rows(tmp_path / "whole.csv"), rows(tmp_path / "given.csv")
    told = (tmp_path / "given.csv").read_text()
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in archive.rglob("*.*")]
    assert not any(word in told for word in ("Doe", "2004", "readme", *hashes))
    assert list(given[0]) == list(whole[0])
    changed = {"path", "sha256", "age_years", "reason"}
    for before, after in zip(whole, given, strict=True):
        assert {k: v for k, v in before.items() if k not in changed} == {
            k: v for k, v in after.items() if k not in changed
        }
        assert bool(before["reason"]) == bool(after["reason"])
    mapped = {row["film"]: row["file"] for row in rows(tmp_path / "map.csv")}
    assert [mapped[row["path"]] for row in given] == [row["path"] for row in whole]
    assert stat.S_IMODE((tmp_path / "map.csv").stat().st_mode) == 0o600


def test_names_and_ages_leave_the_words() -> None:
    row = {
        "path": "Doe/1.dcm",
        "reason": "1.dcm: Doe/1.dcm holds 11.dcm; age 54, expected 1 to 5 years",
        "cautions": "by the film's header age 2.4, expected 6 to 90 years | the age (64 years) is",
    }
    (found,) = without_patients([row])
    assert found["reason"] == "film-0001: film-0001 holds 11.dcm; age, expected 1 to 5 years"
    assert found["cautions"] == "by the film's header age, expected 6 to 90 years | the age is"
    assert row["path"] == "Doe/1.dcm"


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
    (tmp_path / "t.csv.queue").mkdir()  # of a run that was cut off
    score_archive(bundle, archive, out, options=replace(GIVEN, map_path=there))
    assert len(rows(there)) == len(rows(out)) == 4
