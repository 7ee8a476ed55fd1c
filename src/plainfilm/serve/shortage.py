"""What a machine runs out of for a while, above all file handles: told as 503, and got over."""

import errno
import functools
import os
from collections.abc import Callable

from plainfilm.errors import PlainfilmError, ServerBusy
from plainfilm.radiograph import Radiograph
from plainfilm.serve.problems import Problem, unavailable

_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
_WORDS = "the server is out of file handles or processes for now; try again in a few seconds"


def is_shortage(error: object) -> bool:
    """Whether an error, or what it was raised from, says that the machine has none left for now."""
    why = error.__cause__ if isinstance(error, PlainfilmError) else error
    return isinstance(why, OSError) and why.errno in _SHORTAGES


def shortage() -> Problem:
    """503: no file handle or process is left for now."""
    return unavailable("shortage", _WORDS, 2)


def has_handle() -> bool:
    """Whether this process could open a file now."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def told_as_busy(
    decode: Callable[[bytes, str], Radiograph],
) -> Callable[[bytes, str], Radiograph]:
    """A way to decode that raises `ServerBusy` where no child can be started or spoken to."""

    @functools.wraps(decode)
    def decoded(content: bytes, name: str) -> Radiograph:
        """The film, as `decode` gives it."""
        try:
            return decode(content, name)
        except OSError as error:
            if not is_shortage(error):
                raise
            raise ServerBusy(_WORDS) from error

    return decoded
