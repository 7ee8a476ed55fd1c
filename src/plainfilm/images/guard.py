"""What no file may do to its reader: be absurdly large, chat in warnings, raise a decoder's error.

Sizes are checked against what a header says, before anything is decoded.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from plainfilm.errors import ImageError, UnreadableImage

MAX_FILE_BYTES = 256 * 2**20
"""Bytes of a file, and of what a deflated DICOM file inflates to."""

MAX_PIXELS = 50_000_000
"""Pixels of a film: a stitched long-leg film has about 27 million, a detector about 16."""

MAX_SIDE = 20_000
"""Pixels along one side: no detector or film scanner comes near."""


_is_silent: ContextVar[bool] = ContextVar("_is_silent", default=False)


def check_size(name: str, height: int, width: int) -> None:
    """Refuse dimensions that no plain film has, before they are decoded.

    Raises
    ------
    UnreadableImage
        A side is not positive or over `MAX_SIDE`, or there are over `MAX_PIXELS` pixels.
    """
    if height <= 0 or width <= 0:
        raise UnreadableImage(f"{name}: says it is {width} x {height} pixels; expected some")
    if height > MAX_SIDE or width > MAX_SIDE or height * width > MAX_PIXELS:
        raise UnreadableImage(
            f"{name}: says it is {width} x {height} pixels; expected at most {MAX_SIDE:,} along "
            f"a side and {MAX_PIXELS:,} in all. Make it smaller, if it really is one film."
        )


@contextmanager
def refusing(name: str, problem: str) -> Iterator[None]:
    """Turn whatever another library raises here into `UnreadableImage`, and `silence` it.

    Only calls of parsers and decoders belong inside. Their messages are left out: they may quote
    the header, and with it a patient.
    """
    try:
        with silence():
            yield
    except ImageError:
        raise
    except Exception as error:  # what parsers raise on damaged files is open-ended
        raise UnreadableImage(f"{name}: {problem} ({type(error).__name__}).") from error


@contextmanager
def silence() -> Iterator[None]:
    """Keep the parsers' warnings and log lines to themselves.

    They are about oddities of a file which its owner did not make and cannot mend, and they quote
    values of the header. What matters to a reader is told by our own checks, as a caution or a
    refusal.
    """
    if _is_silent.get():  # a film's header is asked for its fields a hundred times
        yield
        return
    logging.getLogger("pydicom").addFilter(_is_wanted)  # adding it again changes nothing
    before = _is_silent.set(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _is_silent.reset(before)


def _is_wanted(record: logging.LogRecord) -> bool:  # noqa: ARG001 - the shape of a filter
    return not _is_silent.get()
