import errno
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.files import (
    check_once,
    clear_disk_errors,
    list_folder,
    locked,
    parse_table,
    read_table,
    read_text,
    sha256_of,
    table_bytes,
)
from plainfilm.errors import DatasetError

BROKEN = gzip.compress(b"a,b\n" * 99, mtime=0)[:-9]  # no time in it: it names a test
HOLD = """
import sys, pathlib
from plainfilm.datasets.files import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_packed_text_reads_like_the_plain_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfa,b\n1,2\n"))

    assert read_table(tmp_path / "a.csv.gz") == (["a", "b"], [["1", "2"]])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", b"no gzip"),
        ("a.csv.gz", gzip.compress(b"a,b\n" * 99, mtime=0)[:-9]),
        ("a.csv", b"\xff"),
    ],
)
def test_a_broken_text_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(DatasetError, match=name):
        read_text(tmp_path / name)


def test_a_missing_text_is_named_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"a\.csv: no such file") as caught:
        read_text(tmp_path / "a.csv")

    assert str(tmp_path) not in str(caught.value)


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8")),
                      min_size=3, max_size=3), min_size=1)
)  # fmt: skip
def test_a_written_table_reads_back_cell_for_cell(rows: list[list[str]]) -> None:
    header, body = parse_table("a.csv", table_bytes(rows).decode())

    assert [header, *body] == rows


def test_blank_lines_are_no_rows_and_no_reason_to_miscount() -> None:
    assert parse_table("a.csv", "\r\na,b\r\n\r\n1,2\r\n\r\n") == (["a", "b"], [["1", "2"]])
    with pytest.raises(DatasetError, match="line 6 has 1 cells"):
        parse_table("a.csv", 'a,b\n\n"1\n1",2\n\n3\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty; expected a header line"),
        ("\n\n", "empty; expected a header line"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells; expected 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 cells; expected 2"),
        ('a\n"b\n', "not a comma-separated table"),
        ('a,b\n"1"2,3\n', "not a comma-separated table"),
    ],
)
def test_a_table_that_is_cut_off_is_refused(text: str, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        parse_table("a.csv", text)


def test_a_folder_is_listed_in_one_order(tmp_path: Path) -> None:
    for name in "bca":
        (tmp_path / name).touch()

    assert [path.name for path in list_folder(tmp_path)] == ["a", "b", "c"]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    for name in ("file", "nothing"):
        with pytest.raises(DatasetError, match=f"{name}: not a readable folder"):
            list_folder(tmp_path / name)


def test_what_the_disk_refuses_becomes_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(DatasetError, match="cannot be written to"),
        clear_disk_errors(tmp_path, "Free some space."),
    ):
        (tmp_path / "no" / "such" / "folder").mkdir()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_a_quota_and_a_file_size_limit_are_told_alike(
    tmp_path: Path, number: int
) -> None:
    words = f"^{tmp_path.name}: the disk is full. Free some space.$"

    with pytest.raises(DatasetError, match=words), clear_disk_errors(tmp_path, "Free some space."):
        raise OSError(number, os.strerror(number), str(tmp_path / "secret"))


def test_a_film_that_stands_in_a_table_twice_is_named_without_its_folder() -> None:
    check_once(["a/1.png", "b/1.png"])
    with pytest.raises(DatasetError, match=r"^1\.png stands there twice; expected each film once$"):
        check_once(["a/1.png", "b/1.png", "a/1.png"])


def test_a_second_process_finds_the_folder_held_until_the_first_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DatasetError, match="another process is writing here"), locked(tmp_path):
            pass
        holder.kill()
        holder.wait()

    with locked(tmp_path):
        pass


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")

    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea")  # FIPS 180-2, appendix B.1
