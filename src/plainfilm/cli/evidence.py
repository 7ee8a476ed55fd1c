"""The verbs that measure: `evaluate`, `compare`, `audit` and `baseline`, as the others."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import (
    PATH,
    draws_options,
    evaluate_options,
    json_option,
    out_option,
)
from plainfilm.cli.terminal import complain, note, show_progress, wrong_usage_of

if TYPE_CHECKING:
    from plainfilm.evaluation import EvaluateOptions

Paths = tuple[Path, ...]

BASELINES = ("majority", "random-forest", "svm")  # those of training/classical.py


@click.command()
@click.argument("bundle")
@click.argument("data", type=PATH)
@out_option(required=True, help="Folder of the report.")
@click.option("--attach", is_flag=True, help="Write numbers and card into the bundle.")
@json_option
@evaluate_options
def evaluate(
    bundle: str, data: Path, out: Path, how: "EvaluateOptions", attach: bool, as_json: bool
) -> None:
    """Measure a bundle on a prepared test split, with intervals."""
    from plainfilm import evaluation
    from plainfilm.evaluation.attaching import check_attachable, with_kept
    from plainfilm.reading.shelf import find_bundle, open_bundle
    from plainfilm.training.card import card

    path, found = find_bundle(bundle), open_bundle(bundle)
    if attach:
        check_attachable(bundle, found, overwrite=how.overwrite)
    measured = evaluation.evaluate(path, data, out, options=how, progress=show_progress)
    note(f"Wrote {out.name}")
    if attach:  # before anything is printed: the reader of stdout may be gone
        kept = with_kept(measured, found.evaluation)
        found.with_evaluation(kept, card(found.header, kept)).save(path, overwrite=True)
        note(f"Wrote {path.name}")
    text = card(found.header, measured)
    click.echo(json.dumps(measured, indent=2, allow_nan=False) if as_json else text)


@click.command()
@click.argument("reports", nargs=-1, required=True, type=PATH)
@out_option(help="A folder for the same as a page, with the curves side by side.")
@draws_options
@click.option("--no-worse-by", "margin", type=click.FloatRange(0, 0.5), metavar="AUROC",
              help="Exit status 1 unless all are shown to be no worse than the first.")  # fmt: skip
@json_option
def compare(
    reports: Paths, out: Path | None, draws: int, seed: int, margin: float | None, as_json: bool
) -> None:
    """Compare bundles by their reports of the same films, each with the first.

    REPORTS are folders that `evaluate` or `baseline` wrote. Those of different splits are refused.
    """
    from plainfilm.evaluation.versus import compare_reports, not_shown_as_good
    from plainfilm.evaluation.versus_words import comparison_text

    if out is None:
        found = compare_reports(reports, draws=draws, seed=seed)
    else:
        from plainfilm.evaluation.side_by_side import write_comparison  # slow to import

        found = write_comparison(reports, out, draws=draws, seed=seed)
        note(f"Wrote {out.name}")
    click.echo(json.dumps(found, indent=2) if as_json else comparison_text(found))
    open_ones = [] if margin is None else not_shown_as_good(found, margin)
    for each in open_ones:
        complain(f"{each}: not shown to be within {margin:g} of the first's AUROC")
    if open_ones:
        click.get_current_context().exit(1)


@click.command()
@click.argument("folder", type=PATH)
@click.option("--dataset", metavar="NAME", help="FOLDER is this data set, not a prepared folder.")
@json_option
def audit(folder: Path, dataset: str | None, as_json: bool) -> None:
    """Tell whether files, records or, of a prepared folder, tones give the labels away."""
    from plainfilm.datasets import Manifest, check_name, index
    from plainfilm.datasets.cache import Cache
    from plainfilm.datasets.cache_record import RECORD_NAME
    from plainfilm.evaluation.data_audit import audit_data, audit_text

    if dataset is not None:
        with wrong_usage_of("--dataset"):
            check_name(dataset)
    manifest = Manifest.load(folder) if dataset is None else index(dataset, folder)
    prepared = dataset is None and (folder / RECORD_NAME).is_file()
    found = audit_data(manifest, Cache.open(folder) if prepared else None)
    click.echo(json.dumps(found, indent=2, allow_nan=False) if as_json else audit_text(found))


@click.command()
@click.argument("name", type=click.Choice(BASELINES), metavar="NAME")
@click.argument("data", type=PATH)
@out_option(required=True, help="Folder of the report.")
@json_option
@evaluate_options
def baseline(name: str, data: Path, out: Path, how: "EvaluateOptions", as_json: bool) -> None:
    """Measure a classical baseline as a bundle is: majority, random-forest or svm.

    It learns from the train split; its settings are chosen by cross-validation there, by patient.
    """
    from plainfilm.training.baseline import measure_baseline, text_of

    found = measure_baseline(name, data, out, options=how)
    click.echo(json.dumps(found.numbers, indent=2) if as_json else text_of(found))
    note(f"Wrote {out.name}")
