"""Where the verbs that write a bundle write it, as their option --out."""

import functools
from pathlib import Path

import click

from plainfilm.cli.options import out_option
from plainfilm.cli.terminal import wrong_usage_of


def _bundle_place(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Where a bundle goes; told before the work that makes it."""
    from plainfilm.reading.container import check_folder_name

    if path is not None:
        with wrong_usage_of("--out"):
            check_folder_name(path)
    return path


out_bundle_option = functools.partial(
    out_option, callback=_bundle_place, help="NAME.bundle, or a folder."
)
