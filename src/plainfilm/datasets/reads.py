"""How often a test split was read: a record beside the prepared data that is only added to.

Whoever tries ten networks on the test films and reports the best has fitted to them, whatever the
report says. The record cannot forbid it, but the reports tell the count.
"""

import json
import os
from datetime import datetime
from pathlib import Path

NAME = "test-reads.jsonl"


def count_read(folder: Path, split_sha256: str, who: str, when: datetime) -> int | None:
    """Add one read of the test films to the folder's record; how many there are of this split.

    Parameters
    ----------
    folder
        The folder `datasets.prepare` wrote.
    split_sha256
        The manifest's; reads of another split that stood here before do not count.
    who
        Name and version of the bundle or baseline.
    when
        Now, with a time zone.

    Returns
    -------
    With this one, at least 1; None where the folder cannot be written to, so that nothing counts.
    """
    line = json.dumps({"when": when.isoformat(), "who": who, "split_sha256": split_sha256})
    try:
        # one write of one line to the end: of two processes, neither cuts into the other's
        handle = os.open(folder / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        lines = (folder / NAME).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return sum(split_sha256 in each for each in lines)
