"""A folder that one process alone writes trainings into: `held`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from plainfilm.errors import RunError
from plainfilm.training.start import hold


@contextlib.contextmanager
def held(out: Path, known: tuple[str, ...]) -> Iterator[None]:
    """The folder, made where it is missing, for this process alone until the context ends.

    Parameters
    ----------
    known
        How the names begin that may stand in it.

    Raises
    ------
    RunError
        It holds something else, cannot be made, or another process writes into it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        names = [path.name for path in out.iterdir()]
    except OSError as error:
        raise RunError(f"{out.name}: cannot be written into ({error.strerror}).") from error
    n_others = sum(not name.startswith((".", *known)) for name in names)
    if n_others:
        raise RunError(f"{out.name}: holds {n_others} other files; give a new or empty folder.")
    with contextlib.ExitStack() as stack:
        hold(out, "process", stack)
        yield
