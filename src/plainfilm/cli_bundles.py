"""The verbs of `plainfilm bundles`, as cli.py has the others."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from plainfilm.options import force_option, json_option


@click.group()
def bundles() -> None:
    """List, show, verify and import bundles."""


@bundles.command("list")
@json_option
def list_bundles(as_json: bool) -> None:
    """List the bundles shipped with plainfilm."""
    from plainfilm.reading.shelf import bundled, open_bundle
    from plainfilm.reports.of_bundle import bundle_json, bundle_line

    found = [open_bundle(path) for path in bundled()]
    lines = "\n".join(bundle_line(bundle) for bundle in found)
    click.echo(json.dumps([bundle_json(b) for b in found], indent=2) if as_json else lines)


@bundles.command()
@click.argument("bundle")
@click.option("--card", "part", flag_value="card", help="Its card, whole (Markdown).")
@click.option("--recipe", "part", flag_value="recipe", help="The recipe it was trained by (TOML).")
@json_option
def show(bundle: str, part: str | None, as_json: bool) -> None:
    """Show what a bundle says of itself."""
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.reports.of_bundle import bundle_json, bundle_text

    found = open_bundle(bundle)
    if part is not None:
        text = found.card if part == "card" else found.header.provenance.recipe_toml
        safe = "".join(c if c.isprintable() or c in "\n\t" else "?" for c in text)
        click.echo(safe if sys.stdout.isatty() else text, nl=False)
        return
    click.echo(json.dumps(bundle_json(found), indent=2) if as_json else bundle_text(found))


@bundles.command("import")
@click.argument("weights", type=click.Path(path_type=Path))
@click.option("--form", required=True, help="How its source wrote it; see the how-to page.")
@click.option("--network", default="", help="One of the form's networks, if not its usual one.")
@click.option("--findings", default="", help="What the outputs mean, in order, with commas.")
@click.option("--name", default="", help="The bundle's name; the form's, if left out.")
@click.option("--licence", default="", help="Of the weights, as their source says.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="NAME.bundle.")
@force_option
def import_bundle(weights: Path, out: Path, force: bool, findings: str, **said: str) -> None:
    """Make a bundle of published weights; nothing in the file is run."""
    from plainfilm.imports import ImportOptions, import_weights
    from plainfilm.reports.of_bundle import bundle_line

    names = tuple(name.strip() for name in findings.split(",") if name.strip())
    told = {key: value for key, value in said.items() if value}
    made = import_weights(weights, out, ImportOptions(findings=names, **told), overwrite=force)
    click.echo(bundle_line(made))


@bundles.command()
@click.argument("bundle")
@json_option
def verify(bundle: str, as_json: bool) -> None:
    """Check every hash of a bundle, and that its golden outputs come back."""
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.reading.verify import verify as verify_bundle

    found = open_bundle(bundle)
    verify_bundle(found)
    words = f"{found.id.name} {found.id.version}: holds"
    click.echo(json.dumps({**asdict(found.id), "holds": True}, indent=2) if as_json else words)
