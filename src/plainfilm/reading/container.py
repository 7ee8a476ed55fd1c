"""A folder or a zip on disk, and the named bytes in it; what a stranger wrote is not trusted.

Reading takes only names it was told to expect, none of them a path, and stops at their size
limits whatever the zip says of itself. Writing is all or nothing, and the same content gives the
same bytes.
"""

import io
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.whole_files import write_synced

Limits = Mapping[str, int]  # file name → most bytes it may have

ZIP_ENDINGS = (".bundle", ".zip")  # of a bundle in one file; else it is a folder
OTHER_ENDINGS = (  # of weights and graphs, reports and films, tables and other archives
    *(".onnx", ".pt", ".pth", ".ckpt", ".safetensors", ".h5", ".npz", ".npy", ".pkl"),
    *(".html", ".pdf", ".svg", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm"),
    *(".json", ".csv", ".parquet", ".md", ".toml", ".txt"),
    *(".tar", ".gz", ".tgz", ".xz", ".bz2", ".7z", ".rar", ".whl"),
)

_END_SIZE = 22  # of a zip's last record, without comment (APPNOTE 4.3.16)
_LOCATOR_SIZE = 20  # of the zip64 locator before it (APPNOTE 4.3.15)
_ENTRY_SIZE = 512  # generous, of one entry of the central directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    OverflowError,
)


def read_folder(folder: Path, limits: Limits) -> dict[str, bytes]:
    """The files of `folder`; all their names are in `limits`.

    Raises
    ------
    CorruptBundle
        Another name is in it; or a file is a link or no ordinary file, is larger than its limit,
        or cannot be read.
    """
    try:
        names = sorted(path.name for path in folder.iterdir())
        strangers = [name for name in names if name not in limits]
        if strangers:
            found = f"holds {strangers[0][:60]!r}, no file of this format"
            advice = f"expected only {_listed(limits)}. Remove it from the folder"
            raise CorruptBundle(f"{folder.name}: {found}; {advice}")
        for name in names:
            if not stat.S_ISREG((folder / name).lstat().st_mode):
                raise CorruptBundle(f"{folder.name}/{name}: not an ordinary file; expected one")
    except OSError as error:
        raise CorruptBundle(_unreadable(folder.name, error)) from error
    return {name: _read_file(folder / name, limits[name]) for name in limits if name in names}


def read_zip_file(path: Path, limits: Limits, total: int) -> dict[str, bytes]:
    """The members of a zip on disk; like `read_zip`."""
    try:
        with path.open("rb") as stream:
            return read_zip(stream, path.name, limits, total)
    except OSError as error:
        raise CorruptBundle(_unreadable(path.name, error)) from error


def read_zip(stream: BinaryIO, name: str, limits: Limits, total: int) -> dict[str, bytes]:
    """The members of a zip, by name.

    Parameters
    ----------
    stream
        The zip, seekable.
    name
        What errors call it.
    limits
        The names it may hold, and the most bytes of each.
    total
        The most bytes of all of them together, unpacked, and of the zip itself.

    Raises
    ------
    CorruptBundle
        Not a zip; or a member that is unknown, twice there, too large (by what it says of itself
        or in fact), encrypted, packed otherwise than by deflate, or damaged.
    """
    _check_end(stream, name, limits, total)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            _check_members(members, name, limits, total)
            return {m.filename: _read_member(archive, m) for m in members}
    except _BROKEN as error:
        raise CorruptBundle(f"{name}: a damaged zip ({error}); fetch it again") from error


def write_zip(members: Mapping[str, bytes]) -> bytes:
    """A zip of the members: stored without packing, no dates, so equal content is equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)  # dated 1980-01-01, the earliest there is
            member.create_system = 3  # Unix, wherever this runs
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return stream.getvalue()


def save_file(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file wholly or not at all.

    Raises
    ------
    BundleError
        Something is there already and `overwrite` is False, or the disk refuses; nothing
        half-written stays behind.
    """
    with _beside(path, overwrite=overwrite) as aside:
        if path.is_dir():
            raise BundleError(f"{path.name}: a folder is there; choose another name")
        write_synced(aside / path.name, content)
        (aside / path.name).replace(path)


def check_place(path: Path, *, overwrite: bool) -> None:
    """Refuse, before the work, a place where no bundle may be written: BundleError.

    Something is there and `overwrite` is False (`check_free`), or see `check_folder_name`.
    """
    check_folder_name(path)
    check_free(path, overwrite=overwrite)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a place where something is, unless it may be overwritten: BundleError."""
    if path.exists() and not overwrite:
        words = "is there already; take another name, or overwrite (--force)"
        raise BundleError(f"{path.name}: {words}")


def check_folder_name(path: Path) -> None:
    """Refuse a folder's name that ends as a file of another kind does: BundleError."""
    ending = path.suffix.lower()
    if ending in OTHER_ENDINGS or (ending in ZIP_ENDINGS and path.suffix != ending):
        raise BundleError(
            f"{path.name}: {path.suffix} is another kind of file's ending; expected NAME.bundle, "
            "or a folder's name"
        )


def save_folder(
    path: Path, files: Mapping[str, bytes], *, known: Container[str], overwrite: bool
) -> None:
    """Write a folder of files wholly or not at all; like `save_file`.

    A name that ends as other files do is refused (`check_folder_name`).
    An existing folder is replaced only where it holds nothing but files with `known` names.
    """
    check_folder_name(path)
    with _beside(path, overwrite=overwrite) as aside:
        if path.is_file():
            raise BundleError(f"{path.name}: a file is there; choose another name")
        for there in path.iterdir() if path.exists() else ():
            if there.name not in known:
                raise BundleError(f"{path.name}: holds {there.name}, no file of a bundle; not lost")
        for name, content in files.items():
            write_synced(aside / name, content)
        _sync_folder(aside)
        old = aside.parent / "old"
        if path.exists():
            path.rename(old)
        aside.rename(path)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _beside(path: Path, *, overwrite: bool) -> Iterator[Path]:
    if path.exists() and not overwrite:
        raise BundleError(f"{path.name}: exists already; nothing was written. Overwrite, or rename")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be written here ({error.strerror})") from error
    try:
        (hidden / "new").mkdir()
        yield hidden / "new"
        _sync_folder(path.parent)
    except OSError as error:
        raise BundleError(f"{path.name}: not written ({error.strerror}); free the disk") from error
    finally:
        shutil.rmtree(hidden / "new", ignore_errors=True)
        with suppress(OSError):  # were the old folder still in it, it would stay
            hidden.rmdir()


def _check_end(stream: BinaryIO, name: str, limits: Limits, total: int) -> None:
    # Before zipfile reads it: the list of members must be short, or it alone fills the memory.
    size = stream.seek(0, io.SEEK_END)
    if size > total + _ENTRY_SIZE * (2 * len(limits) + 1):
        raise CorruptBundle(f"{name}: {size} bytes; expected at most {total}")
    stream.seek(max(0, size - _END_SIZE - _LOCATOR_SIZE))
    tail = stream.read()
    end = tail[-_END_SIZE:]
    plain = len(end) == _END_SIZE and end.startswith(b"PK\x05\x06") and end.endswith(b"\0\0")
    if not plain or tail.startswith(b"PK\x06\x07"):
        raise CorruptBundle(f"{name}: neither a folder nor a plain zip (no comment, no zip64)")
    n_members, directory_size = struct.unpack_from("<HL", end, 10)
    if n_members > len(limits) or directory_size > _ENTRY_SIZE * len(limits):
        raise CorruptBundle(f"{name}: {n_members} files; expected at most {len(limits)}")


def _check_members(members: list[zipfile.ZipInfo], name: str, limits: Limits, total: int) -> None:
    names = [member.orig_filename for member in members]
    for member in members:
        inside = member.orig_filename  # zipfile cuts `filename` at a NUL
        if inside not in limits:
            raise CorruptBundle(
                f"{name}: holds {inside[:60]!r}, no file of this format; expected only "
                f"{_listed(limits)} (zip the files themselves, not their folder)"
            )
        if names.count(inside) > 1:
            raise CorruptBundle(f"{name}: {inside} is in it twice; expected once")
        if member.file_size > limits[inside]:
            raise CorruptBundle(_too_large(inside, member.file_size, limits[inside]))
        if member.flag_bits & 1 or member.compress_type not in _METHODS:
            raise CorruptBundle(f"{inside}: encrypted or packed oddly; expected stored or deflated")
    unpacked = sum(member.file_size for member in members)
    if unpacked > total:
        raise CorruptBundle(_too_large(name, unpacked, total))


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as stream:
        content = stream.read(member.file_size)
        surplus = stream.read(1)
    if len(content) != member.file_size or surplus:
        raise CorruptBundle(f"{member.filename}: not as long as the zip says; fetch it again")
    return content


def _read_file(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise CorruptBundle(_unreadable(path.name, error)) from error
    if len(content) > limit:
        raise CorruptBundle(_too_large(path.name, path.stat().st_size, limit))
    return content


def _sync_folder(folder: Path) -> None:
    # Windows opens no folder as a file; there the rename is as durable as it gets.
    if os.name == "posix":  # pragma: no branch
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _listed(limits: Limits) -> str:
    return ", ".join(list(limits)[:5])


def _too_large(name: str, size: int, limit: int) -> str:
    return f"{name}: {size} bytes; expected at most {limit}"


def _unreadable(name: str, error: OSError) -> str:
    return f"{name}: cannot be read ({error.strerror}); check the path and its permissions"
