"""Bundles to and from other places: files, http(s), S3-like stores, the hub. Nothing unasked.

A place is an address that fsspec knows; a folder of bundles there has an `index.json`, which lists
what was pushed. A bundle is taken only where it is the very one whose SHA-256 the caller names.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plainfilm.errors import BundleError, CorruptBundle, MissingExtra
from plainfilm.reading.bundle import LIMITS, MAX_TOTAL, Bundle
from plainfilm.reading.container import check_place, read_zip, write_zip
from plainfilm.reading.header_parts import SHA256_PATTERN
from plainfilm.reading.strict_json import decode, encode, parse
from plainfilm.reading.verify import verify

try:
    from fsspec.core import url_to_fs
    from fsspec.spec import AbstractFileSystem
except ImportError as missing:
    raise MissingExtra("fsspec", "exchange") from missing

INDEX_NAME = "index.json"
SCHEMA = "plainfilm.shelf/1"
PROTOCOLS = ("file", "memory", "http", "https", "s3", "gs", "az", "hf")
MAX_INDEX = 2**20  # bytes

_HUB = "hf"
_FILE_PATTERN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}")
_CHUNK = 2**20


@dataclass(frozen=True)
class Listed:
    """A bundle on a remote shelf: its file's name there, its size in bytes and the bundle's id.

    `sha256` is that of bundle.json, which hashes all the rest: what `BundleId` has.
    """

    file: str
    name: str
    version: str
    sha256: str
    n_bytes: int

    def __post_init__(self) -> None:
        for what, text, pattern in (
            ("file", self.file, _FILE_PATTERN),
            ("sha256", self.sha256, SHA256_PATTERN),
        ):
            if not pattern.fullmatch(text):
                raise ValueError(f"{what}: found {text[:40]!r}")


def pull(address: str, sha256: str, out: Path, *, overwrite: bool = False) -> Bundle:
    """Fetch a bundle, check that it is the one that was meant, and write it.

    Parameters
    ----------
    address
        Of one bundle's file; a path will do.
    sha256
        The bundle's, as `plainfilm bundles show` and `list` print it.
    out
        NAME.bundle (or .zip) for one file, else a folder.

    Raises
    ------
    BundleError
        No such place or no access, something is at `out` and `overwrite` is False, or `sha256` is
        none; or a package for this kind of address is not installed.
    CorruptBundle
        It is too large, damaged, or another bundle; nothing is written.
    MissingExtra
        The address is of the hub, and its package is not installed.
    """
    if not SHA256_PATTERN.fullmatch(sha256):
        raise BundleError(f"sha256: found {sha256[:70]!r}; expected 64 hexadecimal digits")
    check_place(out, overwrite=overwrite)
    content = _fetch(address, MAX_TOTAL)
    name = _shown(address)
    bundle = Bundle.from_files(read_zip(io.BytesIO(content), name, LIMITS, MAX_TOTAL))
    if bundle.id.sha256 != sha256:
        found = f"is {bundle.id.name} {bundle.id.version} with SHA-256 {bundle.id.sha256}"
        raise CorruptBundle(f"{name}: {found}; expected {sha256}. Nothing was written.")
    verify(bundle)
    bundle.save(out, overwrite=overwrite)
    return bundle


def push(bundle: Bundle, shelf: str, *, overwrite: bool = False) -> Listed:
    """Put a bundle onto a remote shelf as NAME-VERSION.bundle, and into its index.

    What is there already under this name stays, unless it is the same bundle or `overwrite` is
    True. Two that push at the same time may lose one line of the index; pushing again mends it.

    Raises
    ------
    BundleError
        Another bundle is there, or the place cannot be written to, as with http.
    CorruptBundle
        It did not come back as it was sent.
    MissingExtra
        As `pull`.
    """
    content = write_zip(bundle.files)
    identity = bundle.id
    file = f"{identity.name}-{identity.version}.bundle"
    made = Listed(file, identity.name, identity.version, identity.sha256, len(content))
    there = list_remote(shelf, may_be_new=True)
    same = [other for other in there if other.file == file]
    if same and same[0].sha256 != made.sha256 and not overwrite:
        raise BundleError(f"{file}: another bundle is there; give a new version, or --force")
    address = _join(shelf, file)
    _store(address, content)
    if _fetch(address, MAX_TOTAL) != content:
        raise CorruptBundle(f"{file}: did not come back as it was sent; push it again")
    kept = [asdict(other) for other in there if other.file != file]
    rows = sorted([*kept, asdict(made)], key=lambda row: str(row["file"]))
    _store(_join(shelf, INDEX_NAME), encode({"schema": SCHEMA, "bundles": rows}))
    return made


def list_remote(shelf: str, *, may_be_new: bool = False) -> tuple[Listed, ...]:
    """What the index of a remote shelf lists, by file name.

    Parameters
    ----------
    shelf
        The address of a folder.
    may_be_new
        True: a shelf without an index is an empty one.

    Raises
    ------
    BundleError
        No index, or no access.
    CorruptBundle
        The index is none.
    """
    try:
        content = _fetch(_join(shelf, INDEX_NAME), MAX_INDEX)
    except _Nothing:  # an index that is kept from us is not an empty one, and stays
        if may_be_new:
            return ()
        raise
    fields = parse(content, INDEX_NAME)
    if fields.get("schema") != SCHEMA:
        found = str(fields.get("schema"))[:40]
        raise CorruptBundle(f"{INDEX_NAME}: found schema {found!r}; expected {SCHEMA!r}")
    return decode(tuple[Listed, ...], fields.get("bundles"), INDEX_NAME)


class _Nothing(BundleError):
    """There is nothing at an address."""


def _fetch(address: str, most: int) -> bytes:
    """The bytes at an address, of which there may be `most`."""
    content = bytearray()
    with _told(address):
        system, path = _place(address)
        with system.open(path, "rb") as stream:
            while piece := stream.read(_CHUNK):
                content += piece
                if len(content) > most:
                    break
    if len(content) > most:
        raise CorruptBundle(f"{_shown(address)}: more than {most} bytes; not fetched further")
    return bytes(content)


def _store(address: str, content: bytes) -> None:
    with _told(address):
        system, path = _place(address)
        if "http" in system.protocol:
            raise BundleError(f"{_shown(address)}: http can only be read; push elsewhere")
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.pipe_file(path, content)


def _place(address: str) -> tuple[AbstractFileSystem, str]:
    protocol = address.partition("://")[0] if "://" in address else "file"
    if protocol not in PROTOCOLS or "::" in address:
        known = ", ".join(PROTOCOLS)
        raise BundleError(f"{_shown(address)}: found {protocol}://; expected one of {known}")
    system, path = url_to_fs(address)
    return system, str(path)


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn what a store's library raises into a `BundleError`, without what the address hides."""
    name = _shown(address)
    try:
        yield
    except BundleError:
        raise
    except FileNotFoundError as error:
        words = "nothing is there, or it cannot be reached; check the address"
        raise _Nothing(f"{name}: {words}") from error
    except ImportError as error:  # fsspec's own words name the package to install
        if address.startswith(f"{_HUB}://"):
            raise MissingExtra("huggingface_hub", "hub") from error
        raise BundleError(f"{name}: {str(error).rstrip('.')}.") from error
    except Exception as error:  # what libraries of stores raise is open-ended
        words = f"cannot be reached, or refuses access ({type(error).__name__})"
        raise BundleError(f"{name}: {words}") from error


def _join(shelf: str, file: str) -> str:
    return f"{shelf.rstrip('/')}/{file}"


def _shown(address: str) -> str:
    """An address as a message may show it: host and last part, no user, password or signature."""
    parts = urlsplit(address)
    if "://" not in address:
        return Path(address).name
    return f"{parts.scheme}://{parts.hostname or ''}/…/{Path(parts.path).name}"
