"""Folders and zips: only known names, only so many bytes, all or nothing."""

import errno
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.reading.container import (
    check_place,
    read_folder,
    read_zip,
    read_zip_file,
    save_file,
    save_folder,
    write_zip,
)

LIMITS = {"a": 100, "b": 100}
FILES = {"a": b"first", "b": b"second"}


def read(content: bytes, total: int = 1000) -> dict[str, bytes]:
    return read_zip(io.BytesIO(content), "x.zip", LIMITS, total)


def zipped(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def patched(content: bytes, field: str, value: int) -> bytes:
    """A zip of one member with a field of its central directory entry set (APPNOTE 4.3.12)."""
    offset, form = {"flags": (8, "<H"), "method": (10, "<H"), "size": (24, "<L")}[field]
    entry = content.index(b"PK\x01\x02")
    changed = bytearray(content)
    struct.pack_into(form, changed, entry + offset, value)
    return bytes(changed)


def test_what_is_zipped_is_read_again() -> None:
    assert read(write_zip(FILES)) == FILES


def test_the_same_content_is_the_same_bytes() -> None:
    assert write_zip(FILES) == write_zip(dict(FILES))
    assert b"first" in write_zip(FILES), "stored as it is, so that any reader finds it"


def test_a_zip_packed_by_another_program_is_read() -> None:
    assert read(zipped(list(FILES.items()))) == FILES


@pytest.mark.parametrize("name", ["c", "../a", "/a", "sub/a", "a/", "A", "a?b"])
def test_an_unknown_name_or_path_in_a_zip_is_refused(name: str) -> None:
    with pytest.raises(CorruptBundle, match="no file of this format"):
        read(zipped([(name, b"")]).replace(b"?", b"\0"))  # a NUL ends the name for some readers


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_in_a_zip_is_refused() -> None:
    with pytest.raises(CorruptBundle, match="a is in it twice"):
        read(zipped([("a", b"1"), ("a", b"2")]))


def test_more_members_than_there_are_names_are_refused_unread() -> None:
    with pytest.raises(CorruptBundle, match="3 files; expected at most 2"):
        read(zipped([("a", b""), ("b", b""), ("c", b"")]))


def test_a_list_of_members_that_would_fill_the_memory_is_refused_unread() -> None:
    content = bytearray(write_zip(FILES))
    struct.pack_into("<L", content, len(content) - 22 + 12, 2**31)

    with pytest.raises(CorruptBundle, match="expected at most 2"):
        read(bytes(content))


def test_a_member_above_its_limit_is_refused() -> None:
    with pytest.raises(CorruptBundle, match="a: 101 bytes; expected at most 100"):
        read(zipped([("a", bytes(101))]))


def test_members_together_above_the_total_are_refused() -> None:
    with pytest.raises(CorruptBundle, match=r"x.zip: 120 bytes; expected at most 110"):
        read(zipped([("a", bytes(60)), ("b", bytes(60))]), total=110)


def test_a_zip_larger_than_all_its_files_could_be_is_refused() -> None:
    with pytest.raises(CorruptBundle, match="expected at most 10"):
        read(bytes(10_000), total=10)


@pytest.mark.parametrize("size", [10, 10_000])
def test_a_bomb_that_understates_its_size_is_refused(size: int) -> None:
    bomb = patched(zipped([("a", bytes(size))]), "size", 5)

    with pytest.raises(CorruptBundle, match=r"x.zip: a damaged zip|a: not as long"):
        read(bomb)


def test_a_member_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(CorruptBundle, match=r"a: not as long|damaged"):
        read(patched(zipped([("a", b"abc")]), "size", 50))


def test_an_encrypted_or_oddly_packed_member_is_refused() -> None:
    content = zipped([("a", b"abc")])

    for changed in (patched(content, "flags", 1), patched(content, "method", 12)):
        with pytest.raises(CorruptBundle, match="encrypted or packed oddly"):
            read(changed)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"text" * 100,
        write_zip(FILES)[:-1],
        write_zip(FILES)[10:],
        write_zip(FILES).replace(b"first", b"fisrt"),
        write_zip(FILES) + b"tail",
    ],
)
def test_a_damaged_zip_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptBundle, match=r"x\.zip"):
        read(content)


def test_a_zip64_is_refused() -> None:
    plain = write_zip(FILES)
    locator = b"PK\x06\x07" + bytes(16)

    with pytest.raises(CorruptBundle, match="no zip64"):
        read(plain[:-22] + locator + plain[-22:])


def test_a_zip_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match=r"^no\.zip: cannot be read \(No such file"):
        read_zip_file(tmp_path / "no.zip", LIMITS, 1000)


@pytest.mark.parametrize("stranger", ["README", ".hidden", "a.py"])
def test_another_file_in_a_folder_is_refused_and_named(tmp_path: Path, stranger: str) -> None:
    (tmp_path / "a").write_bytes(b"1")
    assert read_folder(tmp_path, LIMITS) == {"a": b"1"}
    (tmp_path / stranger).write_bytes(b"1")

    with pytest.raises(CorruptBundle, match=f"holds '{stranger}', .*expected only a, b. Remove it"):
        read_folder(tmp_path, LIMITS)


def test_a_file_above_its_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(101))

    with pytest.raises(CorruptBundle, match="a: 101 bytes; expected at most 100"):
        read_folder(tmp_path, LIMITS)


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
def test_a_link_or_a_pipe_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "a").symlink_to("/dev/zero")
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "a")

    for folder in ("link", "pipe"):
        with pytest.raises(CorruptBundle, match="a: not an ordinary file"):
            read_folder(tmp_path / folder, LIMITS)


def test_a_folder_that_the_disk_refuses_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match="cannot be read"):
        read_folder(tmp_path / ("a" * 5000), LIMITS)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_fails_while_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "a").chmod(0)

    with pytest.raises(CorruptBundle, match="a: cannot be read"):
        read_folder(tmp_path, LIMITS)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    save_file(tmp_path / "x", b"old", overwrite=False)
    save_folder(tmp_path / "f", {"a": b"old"}, known=LIMITS, overwrite=False)

    with pytest.raises(BundleError, match="x: exists already"):
        save_file(tmp_path / "x", b"new", overwrite=False)
    with pytest.raises(BundleError, match="f: exists already"):
        save_folder(tmp_path / "f", {"a": b"new"}, known=LIMITS, overwrite=False)

    assert (tmp_path / "x").read_bytes() == (tmp_path / "f" / "a").read_bytes() == b"old"


def test_what_was_there_is_replaced_when_asked(tmp_path: Path) -> None:
    save_file(tmp_path / "x", b"old", overwrite=False)
    save_folder(tmp_path / "f", FILES, known=LIMITS, overwrite=False)

    save_file(tmp_path / "x", b"new", overwrite=True)
    save_folder(tmp_path / "f", {"a": b"new"}, known=LIMITS, overwrite=True)

    assert (tmp_path / "x").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["a"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "x"]


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "thesis.txt").write_text("years of work")

    with pytest.raises(BundleError, match=r"f: holds thesis.txt, no file of a bundle"):
        save_folder(tmp_path / "f", FILES, known=LIMITS, overwrite=True)

    assert (tmp_path / "f" / "thesis.txt").read_text() == "years of work"


def test_a_file_does_not_replace_a_folder_nor_a_folder_a_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BundleError, match="a folder is there"):
        save_file(tmp_path / "folder", b"", overwrite=True)
    with pytest.raises(BundleError, match="a file is there"):
        save_folder(tmp_path / "file", FILES, known=LIMITS, overwrite=True)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    save_file(tmp_path / "p" / "q" / "x", b"1", overwrite=False)

    assert (tmp_path / "p" / "q" / "x").read_bytes() == b"1"


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(BundleError, match="x: cannot be written here"):
        save_file(tmp_path / "file" / "x", b"1", overwrite=False)


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_old_file_and_nothing_half_written(tmp_path: Path) -> None:
    import resource
    import signal

    (tmp_path / "x").write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(BundleError, match=f"x: not written .{os.strerror(errno.EFBIG)}"):
            save_file(tmp_path / "x", bytes(100_000), overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["x.onnx", "x.PT", "x.json", "x.tar", "x.BUNDLE", "x.Zip"])
def test_a_folder_is_not_named_as_another_kind_of_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match=r"another kind of file's ending; expected NAME\.bundle"):
        save_folder(tmp_path / name, FILES, known=LIMITS, overwrite=True)
    assert not list(tmp_path.iterdir())
    save_folder(tmp_path / "x-1.2", FILES, known=LIMITS, overwrite=False)


def test_a_place_is_refused_before_the_work_where_it_would_be_after(tmp_path: Path) -> None:
    (tmp_path / "x.bundle").touch()
    with pytest.raises(BundleError, match=r"x\.bundle: is there already; .* \(--force\)"):
        check_place(tmp_path / "x.bundle", overwrite=False)
    check_place(tmp_path / "x.bundle", overwrite=True)
    check_place(tmp_path / "y", overwrite=False)
    with pytest.raises(BundleError, match="another kind of file's ending"):
        check_place(tmp_path / "y.onnx", overwrite=True)
