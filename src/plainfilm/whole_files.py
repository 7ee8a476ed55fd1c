"""Files written whole or not at all, whatever stops the machine."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

_ASIDE = ".plainfilm-"


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path`: the old file stands there or the new one, never a half.

    The new one belongs to whom the old one did, where this process may give files away: a server
    goes on reading a file that an administrator changes.

    Raises
    ------
    OSError
        The disk is full or refuses; the old file is still there, and nothing beside it. It names
        `path`.
    """
    # beside the target, since a rename is atomic only within one file system
    aside = path.with_name(f"{_ASIDE}{secrets.token_hex(8)}")
    try:
        write_synced(aside, content)
        _give_away(aside, path)
        aside.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # nobody knows the file aside
        raise
    finally:
        with suppress(OSError):  # of a folder that may not be looked into
            aside.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what killed writes left in a folder that nobody else is writing to."""
    for left in folder.glob(f"{_ASIDE}*"):
        left.unlink(missing_ok=True)


def write_synced(path: Path, content: bytes) -> None:
    """A new file, safely on the disk on return; FileExistsError where one is there."""
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _give_away(aside: Path, path: Path) -> None:
    with suppress(OSError, AttributeError):  # nothing is there yet; not allowed; not on Windows
        old = path.stat()
        os.chown(aside, old.st_uid, old.st_gid)
