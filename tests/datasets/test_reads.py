import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plainfilm.datasets.reads import NAME, count_read

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_each_read_is_a_line_and_other_splits_do_not_count(tmp_path: Path) -> None:
    assert count_read(tmp_path, "a" * 64, "one 1.0", NOW) == 1
    assert count_read(tmp_path, "b" * 64, "one 1.0", NOW) == 1
    assert count_read(tmp_path, "a" * 64, "two 1.0", NOW) == 2
    lines = [json.loads(line) for line in (tmp_path / NAME).read_text().splitlines()]
    assert [line["who"] for line in lines] == ["one 1.0", "one 1.0", "two 1.0"]
    assert lines[0]["when"] == "2026-01-31T12:00:00+00:00"


def test_reads_at_once_are_all_counted(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda i: count_read(tmp_path, "a" * 64, f"n{i}", NOW), range(40)):
            pass
    assert count_read(tmp_path, "a" * 64, "last", NOW) == 41


def test_a_line_that_a_crash_cut_off_still_counts_as_it_can(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"when": "2026')
    assert count_read(tmp_path, "a" * 64, "one", NOW) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_counts_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert count_read(tmp_path, "a" * 64, "one", NOW) is None


def test_a_folder_that_is_gone_counts_nothing(tmp_path: Path) -> None:
    assert count_read(tmp_path / "gone", "a" * 64, "one", NOW) is None
