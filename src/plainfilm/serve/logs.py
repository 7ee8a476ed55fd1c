"""Logs as JSON, one object a line; nothing of a film, its name or a patient is in them.

What is told stands in `extra={"fields": {...}}` and is chosen by us; the text of an exception that
is no refusal of ours is left out, since libraries quote what they were given.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import TextIO

QUIET = ("uvicorn.access", "python_multipart", "python_multipart.multipart", "asyncio")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """`time` (UTC), `level`, `logger`, `event`, our fields; of an exception kind and places."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **vars(record).get("fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["exception"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])
            told["at"] = [f"{frame.name}:{frame.lineno}" for frame in frames]
        return json.dumps(told, ensure_ascii=False, default=str)


def log_to(stream: TextIO) -> None:
    """Send every log line of the process to `stream`, from level info on."""
    lines = logging.StreamHandler(stream)
    lines.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # its own comings and goings
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
