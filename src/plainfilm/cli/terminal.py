"""What is said on stderr beside the results: notes, errors in one line, how far a work is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from plainfilm.errors import MissingExtra, PlainfilmError

LEARNING_PACKAGES = ("torch", "onnx", "onnxscript", "pandas", "pyarrow", "matplotlib", "sklearn")
SERVING_PACKAGES = ("fastapi", "starlette", "uvicorn", "prometheus_client", "jwt")


def complain(message: str) -> int:
    """Tell an error on stderr, in one line; the exit status for it."""
    note(f"plainfilm: error: {message}")
    return 1


def note(message: str) -> None:
    """Write one line to stderr; what no terminal should be sent is shown as "?"."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(message.split()))
    click.echo(f"\r\x1b[K{line}" if sys.stderr.isatty() else line, err=True)  # over a count


@contextmanager
def wrong_usage_of(parameter: str) -> Iterator[None]:
    """A refusal inside is told as wrong usage of that parameter: exit status 2."""
    try:
        yield
    except PlainfilmError as error:
        raise click.BadParameter(str(error), param_hint=f"'{parameter}'") from error


def show_progress(n_done: int, n_films: int, unit: str = "films") -> None:
    """Show on stderr, if it is a terminal, how far a long work is."""
    if sys.stderr.isatty():
        click.echo(f"\r{n_done} of {n_films} {unit}", err=True, nl=n_done == n_films)


def words_of(error: Exception) -> str | None:
    """What to tell of a refusal, in one line; None = it is none, but a bug."""
    if isinstance(error, PlainfilmError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{Path(error.filename).name}: " if isinstance(error.filename, str) else ""
        return f"{place}{error.strerror or error}"
    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").split(".")[0]
        extras = {"train": LEARNING_PACKAGES, "serve": SERVING_PACKAGES, "fast": ("openvino",)}
        for extra, packages in extras.items():
            if package in packages:
                return str(MissingExtra(package, extra))
    return None
