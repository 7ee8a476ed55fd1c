"""The table that undoes a de-identification."""

import csv
import resource
from pathlib import Path

import pytest

from plainfilm.deidentify.mapping import MapFile


def test_a_map_is_its_owner_s_alone_and_no_old_mode_stays(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("old")
    path.chmod(0o644)
    with MapFile(path) as mapping:
        mapping.add(Path('a "name", with all.dcm'), "film-0001.dcm")
        assert path.read_text(encoding="utf-8").count("\n") == 2  # there before the film is
        mapping.add(Path("b"), "")
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8", newline="") as rows:
        assert list(csv.reader(rows)) == [
            ["file", "film"],
            ['a "name", with all.dcm', "film-0001.dcm"],
            ["b", ""],
        ]


def test_without_a_path_nothing_is_kept() -> None:
    with MapFile(None) as mapping:
        mapping.add(Path("a"), "b")


def test_a_row_that_has_no_room_is_told_and_leaves_no_half(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with MapFile(path) as mapping:
        mapping.add(Path("a.dcm"), "film-0001.dcm")
        whole = path.read_text(encoding="utf-8")
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 9, before[1]))
        try:
            with pytest.raises(OSError, match="large"):
                mapping.add(Path("b.dcm"), "film-0002.dcm")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text(encoding="utf-8") == whole
