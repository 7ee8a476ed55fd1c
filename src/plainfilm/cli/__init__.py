"""The verbs: parse, one call, print. The only place that prints results or exits.

Results go to stdout, all else to stderr. Exit status 0: done; 1: a `PlainfilmError` or a refusal of
the disk, told in one line; 2: wrong usage; 130: interrupted. Anything else is a bug and shows its
traceback. The rooms are imported inside the verbs, so that --help is fast and a bare install works.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm import __version__
from plainfilm.cli.adapt import adapt
from plainfilm.cli.archive import score
from plainfilm.cli.audit_log import audit_log
from plainfilm.cli.bundle_options import out_bundle_option
from plainfilm.cli.bundles import bundles
from plainfilm.cli.deidentify import deidentify
from plainfilm.cli.evidence import audit, baseline, compare, evaluate
from plainfilm.cli.exchange import VERBS
from plainfilm.cli.explain_options import explain_options
from plainfilm.cli.keys import keys
from plainfilm.cli.options import (
    PATH,
    POLICIES,
    backend_option,
    bundle_option,
    data_option,
    films_argument,
    force_option,
    json_option,
    out_option,
    prepare_options,
    read_options,
    settings_option,
    size_option,
)
from plainfilm.cli.serve import serve
from plainfilm.cli.site import site
from plainfilm.cli.terminal import complain, note, show_progress, words_of, wrong_usage_of
from plainfilm.cli.tune import tune
from plainfilm.errors import ManyProblems, PlainfilmError, ToldElsewhere

if TYPE_CHECKING:
    from plainfilm.datasets import FitPolicy, PrepareOptions
    from plainfilm.explaining import Drawn
    from plainfilm.film_files import Asked, ReadOptions
    from plainfilm.training.team import Backend

Paths = tuple[Path, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status. `arguments` default to the process's own."""
    try:
        status = plainfilm.main(arguments, prog_name="plainfilm", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except ToldElsewhere:
        return 1
    except ManyProblems as error:
        return max(complain(problem) for problem in error.problems)
    except Exception as error:
        message = words_of(error)
        if message is None:
            raise
        return complain(message)
    return status if isinstance(status, int) else 0


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="plainfilm %(version)s")
def plainfilm() -> None:
    """Read plain X-ray films: what is seen, where it comes from, what cannot be judged.

    Not a medical device: research and teaching software.
    """


for verb in VERBS:
    bundles.add_command(verb)
for verb in (evaluate, compare, audit, baseline):
    plainfilm.add_command(verb)
plainfilm.add_command(bundles)
plainfilm.add_command(site)
plainfilm.add_command(serve)
plainfilm.add_command(score)
plainfilm.add_command(keys)
plainfilm.add_command(audit_log)
plainfilm.add_command(tune)
plainfilm.add_command(deidentify)
plainfilm.add_command(adapt)


@plainfilm.command()
@films_argument
@bundle_option
@read_options
@out_option(help="Write a report: .html, .json, .csv, .png; or .dcm, of one DICOM film.")
@json_option
@force_option
def read(
    asked: "Asked", bundle: str, how: "ReadOptions", out: Path | None, as_json: bool, force: bool
) -> None:
    """Read films: DICOM, PNG, JPEG or TIFF.

    A folder stands for the files in it. A file that cannot be read does not stop the others: it is
    told on stderr, and the exit status is 1. Where a film's header and an option disagree, the
    option counts; but a film that is outside by its own header is refused.
    """
    from plainfilm import reports
    from plainfilm.film_files import film_files, readings
    from plainfilm.reading import Reader

    films = film_files(asked)
    there = [film.path for film in films if not isinstance(film, PlainfilmError)]
    _check_report(out, there, force=force)
    reader, kept, failures = Reader(bundle), [], []
    with wrong_usage_of("--prevalence"):
        how.check(reader)
    for n_done, found in enumerate(readings(films, reader, how), start=1):
        if isinstance(found, PlainfilmError):
            complain(str(found))
            failures.append(str(found))
            continue
        if out is None and not as_json:
            click.echo(reports.text_table(found.prediction) + "\n")
        elif len(films) > 1:
            show_progress(n_done, len(films))
        film = reports.keepsake(found.radiograph, out)
        kept.append((found.prediction, film, reports.source_for(out, found.content)))
    answers, pictures = tuple(each[0] for each in kept), tuple(each[1] for each in kept)
    single, header = asked.is_one_file, reader.bundle.header
    if as_json and (kept or not single):
        click.echo(reports.json_text(answers[0] if single else answers))
    if out is None and kept and not as_json:
        click.echo(reports.NOT_A_DEVICE)
    if out is not None and kept:
        report = reports.Report(
            answers, pictures, header, evaluation=reader.bundle.evaluation,
            failures=tuple(failures), is_single=single, source=kept[0][2],
        )  # fmt: skip
        reports.write(report, out, overwrite=force)
        note(f"Wrote {out.name}")
    if len(kept) < len(films):
        click.get_current_context().exit(1)


def _check_report(out: Path | None, films: Sequence[Path], *, force: bool) -> None:
    """Refuse, before any film is read, a report that could not be written."""
    from plainfilm import reports

    if out is not None:
        with wrong_usage_of("--out"):
            reports.check_ending(out)
        reports.check_not_a_film(out, films)
        reports.check_path(out, overwrite=force)
        reports.check_can_hold(out, len(films))


@plainfilm.command()
@click.argument("file", type=PATH)
@bundle_option
@read_options
@explain_options
@out_option(required=True, help="The picture: a name in .png.")
@force_option
def explain(
    file: Path, bundle: str, how: "ReadOptions", drawn: "Drawn", out: Path, force: bool
) -> None:
    """Draw where the score of one finding comes from.

    docs/concepts/explanations.md says what such a picture is not.
    """
    from plainfilm import explaining, reports
    from plainfilm.images import read_radiograph
    from plainfilm.reading import Reader

    with wrong_usage_of("--out"):
        reports.check_ending(out, (".png",))
    reports.check_not_a_film(out, [file])
    reports.check_path(out, overwrite=force, endings=(".png",))
    notes, reader = drawn.wanted.notes(file), Reader(bundle)
    header = reader.bundle.header
    with wrong_usage_of("--finding"):
        reports.find_finding(drawn.wanted.finding, header.label_set.findings, header.name)
    with wrong_usage_of("--prevalence"):
        how.check(reader)
    radiograph = read_radiograph(file)
    prediction = reports.only(how.read(reader, radiograph), drawn.wanted.finding)
    curve = drawn.wanted.curve(reader.bundle, prediction.results[0].finding.name)
    report = explaining.explain(
        reader, radiograph, prediction, drawn.how, notes=notes, progress=show_progress
    )
    reports.write(replace(report, curve=curve), out, overwrite=force)
    for sentence in report.notes:
        note(sentence)
    note(f"Wrote {out.name}")


@plainfilm.command()
@click.argument("dataset")
@click.argument("folder", type=PATH)
@out_option(required=True, help="Folder for the manifest and the cache.")
@size_option
@click.option("--policy", type=click.Choice(POLICIES), default="squash", show_default=True,
              help="How a film becomes square: forced, padded with black, or cut.")  # fmt: skip
@prepare_options
def prepare(
    dataset: str, folder: Path, out: Path, size: int, policy: "FitPolicy", how: "PrepareOptions"
) -> None:
    """Verify, index, split and cache a public data set.

    Goes on where it was cut off.
    """
    from plainfilm import datasets

    with wrong_usage_of("DATASET"):
        datasets.check_name(dataset)
    manifest = datasets.prepare(dataset, folder, out, size=size, policy=policy, options=how)
    click.echo(datasets.describe(manifest))


@plainfilm.command()
@click.argument("recipe", type=PATH)
@data_option(help="A prepared folder.")
@out_option(required=True, help="Folder of the run; goes on if it is there.")
@settings_option
@backend_option
def train(
    recipe: Path, data: Path, out: Path, settings: tuple[str, ...], backend: "Backend"
) -> None:
    """Train a network by a recipe; goes on where it was cut off.

    Under torchrun, all processes train one network together.
    """
    from plainfilm.training import loop
    from plainfilm.training.recipe import Recipe
    from plainfilm.training.team import join

    with join(backend) as team:
        with team.together():
            wanted = Recipe.load(recipe, settings=settings)
        loop.train(wanted, data, out, team=team)
    if team.is_chief:
        note(f"Wrote {out.name}")


@plainfilm.command()
@click.argument("runs", nargs=-1, required=True, type=PATH)
@data_option(help="The folder that the runs learned from.")
@out_bundle_option(required=True)
@force_option
def export(runs: Paths, data: Path, out: Path, force: bool) -> None:
    """Make a bundle of a run: calibrate, set thresholds, verify.

    Of several runs of the same films, the mean answers.
    """
    from plainfilm.training.export import export as export_run

    export_run(runs[0], data, out, also=runs[1:], overwrite=force)
    note(f"Wrote {out.name}")


@plainfilm.command()
@click.argument("run", type=PATH)
@out_option(required=True, help="The weights: a name in .safetensors.")
@force_option
def weights(run: Path, out: Path, force: bool) -> None:
    """Write a run's weights for other programs: safetensors, and JSON that says what they are.

    For films, `export` makes a bundle, whose network is ONNX.
    """
    from plainfilm.training.weights_file import save_weights_file

    about = save_weights_file(run, out, overwrite=force)
    note(f"Wrote {out.name} and {about.name}")
