"""A row for each path, with the numbers that a reader gives, whatever the path leads to."""

import hashlib
import os
from pathlib import Path

import pytest

from plainfilm.archive.scoring import columns, score_films
from plainfilm.errors import CorruptBundle
from plainfilm.film_files import ReadOptions
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader


def test_a_row_has_the_reader_s_numbers(bundle: Path, archive: Path) -> None:
    (row,) = score_films(bundle, [archive / "1.png"])
    reader = Reader(bundle, threads=1)
    prediction = reader.read(read_radiograph(archive / "1.png"))
    for result in prediction.results:
        assert row[f"probability:{result.finding.name}"] == result.probability
        assert row[f"present:{result.finding.name}"] == result.present
    assert row["outcome"] == "read"
    assert row["sha256"] == hashlib.sha256((archive / "1.png").read_bytes()).hexdigest()
    assert set(row) == set(columns(reader.bundle.header.label_set))


def test_what_cannot_be_read_is_a_row_with_the_reason(bundle: Path, archive: Path) -> None:
    os.mkfifo(archive / "pipe")
    names = ["2004/slice.dcm", "readme.txt", "missing.png", "pipe", "2004"]
    rows = score_films(bundle, [archive / name for name in names])
    assert [row["outcome"] for row in rows] == ["error"] * 5
    assert "a CT image" in str(rows[0]["reason"])
    assert all(str(archive) not in str(row["reason"]) for row in rows)


def test_what_the_bundle_refuses_is_a_row_with_the_reason(bundle: Path, archive: Path) -> None:
    (row,) = score_films(bundle, [archive / "1.png"], options=ReadOptions(body_part="knee"))
    assert row["outcome"] == "refused"
    assert "knee" in str(row["reason"])
    assert row["body_part"] == "knee"
    assert not [key for key in row if key.startswith("probability")]


def test_no_bundle_no_row(archive: Path) -> None:
    with pytest.raises(CorruptBundle):
        score_films("nothing-here", [archive / "1.png"])
