"""The verbs of `plainfilm bundles` that go to other places, as the others."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from plainfilm.cli.bundle_options import out_bundle_option
from plainfilm.cli.options import force_option, json_option
from plainfilm.cli.terminal import note


@click.command()
@click.argument("address")
@click.option("--sha256", required=True, help="The bundle's own, as `show` and `list` print it.")
@out_bundle_option(required=True)
@force_option
def pull(address: str, sha256: str, out: Path, force: bool) -> None:
    """Fetch a bundle: from a path, http(s)://, s3://, gs://, az:// or hf://.

    It is kept only where it is the very bundle that the hash names.
    """
    from plainfilm.exchange import pull as pull_bundle
    from plainfilm.reports.of_bundle import bundle_line

    made = pull_bundle(address, sha256, out, overwrite=force)
    click.echo(bundle_line(made))
    note(f"Wrote {out.name}")


@click.command()
@click.argument("bundle")
@click.argument("shelf")
@json_option
@force_option
def push(bundle: str, shelf: str, as_json: bool, force: bool) -> None:
    """Put a bundle into a folder elsewhere, and into that folder's index.json."""
    from plainfilm.exchange import push as push_bundle
    from plainfilm.reading.shelf import open_bundle

    made = push_bundle(open_bundle(bundle), shelf, overwrite=force)
    line = f"{made.file}  {made.sha256}"
    click.echo(json.dumps(asdict(made), indent=2) if as_json else line)


VERBS = (pull, push)
