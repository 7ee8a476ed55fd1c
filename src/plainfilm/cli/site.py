"""The verb `plainfilm site`, as the others."""

import json
from pathlib import Path

import click

from plainfilm.cli.options import DEFAULT_BUNDLE, PATH, force_option, json_option, out_option
from plainfilm.cli.terminal import note


@click.command()
@click.argument("bundle", default=DEFAULT_BUNDLE)
@out_option(required=True, help="Folder of the site.")
@click.option("--page", type=PATH, metavar="FOLDER",
              help="Its page.toml and example films go into the page.")  # fmt: skip
@json_option
@force_option
def site(bundle: str, out: Path, page: Path | None, as_json: bool, force: bool) -> None:
    """Write a static page that reads films in the browser.

    Any web server can hand it out; films stay on the visitor's device.
    """
    from plainfilm.reading.shelf import open_bundle
    from plainfilm.serve.own_page import read_own_page
    from plainfilm.serve.site import write_site

    found = open_bundle(bundle)
    own = None if page is None else read_own_page(page)
    n_bytes = write_site(found, out, own=own, overwrite=force)
    about = {"bundle": found.id.name, "version": found.id.version, "bytes": n_bytes}
    words = f"{found.id.name} {found.id.version}: a site of {n_bytes / 1e6:.1f} MB"
    click.echo(json.dumps({**about, "sha256": found.id.sha256}, indent=2) if as_json else words)
    note(f"Wrote {out.name}")
