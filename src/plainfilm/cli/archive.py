"""The verb `plainfilm score`, as the others."""

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import (
    PATH,
    Verb,
    bundle_option,
    force_option,
    json_option,
    out_option,
    read_options,
)
from plainfilm.cli.terminal import note

if TYPE_CHECKING:
    from plainfilm.archive.run import ArchiveOptions
    from plainfilm.film_files import ReadOptions


def _archive_options(verb: Verb) -> Verb:
    """Give a verb the options of an archive's scoring, as its argument `how`."""

    @click.option("--workers", type=click.IntRange(1, 256), metavar="N",
                  help="Processes; default: one for each core.")  # fmt: skip
    @click.option("--deidentify", is_flag=True,
                  help="A table to give away: no path, hash or age of a film.")  # fmt: skip
    @click.option("--map", "map_path", type=PATH, metavar="FILE",
                  help="Write which file it calls what (.csv, readable by you alone).")  # fmt: skip
    @force_option
    @read_options
    @functools.wraps(verb)
    def with_how(
        how: "ReadOptions", workers: int | None, force: bool, deidentify: bool,
        map_path: Path | None, **others: object,
    ) -> None:  # fmt: skip
        """The verb, told by `ArchiveOptions` how to score."""
        from plainfilm.archive.run import ArchiveOptions

        if map_path is not None and not deidentify:
            raise click.UsageError("--map goes with --deidentify")
        verb(how=ArchiveOptions(workers, force, how, deidentify, map_path), **others)

    return with_how


@click.command()
@click.argument("archive", type=PATH)
@bundle_option
@out_option(required=True, help="The table: a name in .csv or .parquet.")
@json_option
@_archive_options
@click.option("--on-ray", is_flag=True, help="By a Ray (of RAY_ADDRESS), which begins anew.")
def score(
    archive: Path, bundle: str, out: Path, as_json: bool, how: "ArchiveOptions", on_ray: bool
) -> None:
    """Score every film in a folder and those in it, into one table.

    Goes on where it was cut off. A file that cannot be read is a row with the reason.
    """
    from tqdm import tqdm

    from plainfilm.archive.on_ray import score_on_ray
    from plainfilm.archive.run import score_archive

    with tqdm(unit=" films", disable=not sys.stderr.isatty()) as bar:

        def show(n_done: int, n_films: int) -> None:
            """Move the bar."""
            if bar.total is None:
                bar.reset(n_films)
                bar.initial = bar.n = n_done  # the rate is that of this run
            bar.update(n_done - bar.n)

        work = score_on_ray if on_ray else score_archive
        outcomes = work(bundle, archive, out, options=how, progress=show)
    counts = {outcome: outcomes[outcome] for outcome in ("read", "refused", "error")}
    words = ", ".join(f"{n} {outcome}" for outcome, n in counts.items())
    click.echo(json.dumps(counts) if as_json else f"{outcomes.total()} files: {words}")
    note(f"Wrote {out.name}")
