"""The verbs of `plainfilm bundles`, as cli.py has the others."""

import json
import sys
from dataclasses import asdict

import click

from plainfilm.options import json_option


@click.group()
def bundles() -> None:
    """List, show and verify bundles."""


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
