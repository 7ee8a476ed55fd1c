"""Files written whole or not at all, whatever stops the machine."""

import os
import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path`: the old file stands there or the new one, never a half.

    Raises
    ------
    OSError
        The disk is full or refuses; the old file is still there, and nothing beside it.
    """
    # beside the target, since a rename is atomic only within one file system
    aside = path.with_name(f".plainfilm-{secrets.token_hex(8)}")
    try:
        write_synced(aside, content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_synced(path: Path, content: bytes) -> None:
    """A new file, safely on the disk on return; FileExistsError where one is there."""
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
