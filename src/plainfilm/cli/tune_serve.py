"""The verb `plainfilm tune serve`, as the others."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import force_option, json_option, out_option
from plainfilm.cli.terminal import note, show_progress

if TYPE_CHECKING:
    from plainfilm.serve.tuning import Measured


@click.command("serve")
@click.argument("bundle")
@click.option("--seconds", type=click.FloatRange(0.1, 60), default=2.0, show_default=True,
              help="For each of a setting's three rounds.")  # fmt: skip
@out_option(help="For plainfilm serve --tuned: a name in .json.")
@json_option
@force_option
def tune_serve(bundle: str, seconds: float, out: Path | None, as_json: bool, force: bool) -> None:
    """Measure how this machine reads fastest: engines, workers, threads.

    Prints what each gives, the time a film takes (the median, and what 95 in 100 keep to), the most
    memory of a process that reads so, and the options for `plainfilm serve`.
    """
    from plainfilm.reports import check_path
    from plainfilm.serve.tuning import save_tuned, tune_serving
    from plainfilm.whole_files import write_whole

    if out is not None:
        check_path(out, overwrite=force, endings=(".json",))
    tuned = tune_serving(bundle, seconds=seconds, progress=show_progress)
    if as_json:
        click.echo(json.dumps(asdict(tuned), indent=2))
    else:
        for each in tuned.measured:
            click.echo(_line(each))
        click.echo(f"plainfilm serve {bundle} {tuned.best.words}")
    if out is not None:
        write_whole(out, save_tuned(tuned))
        note(f"Wrote {out.name}")


def _line(each: "Measured") -> str:
    memory = "?" if each.peak_mb is None else f"{each.peak_mb:.0f}"
    took = f"{each.median_ms:7.1f} ms a film, 95 in 100 by {each.p95_ms:7.1f}"
    return f"{each.films_per_s:8.1f} films/s  {took}  {memory:>5} MB  {each.setting.words}"
