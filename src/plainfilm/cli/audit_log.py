"""The verbs of `plainfilm audit-log`, as the others."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from plainfilm.cli.options import PATH, json_option


@click.group("audit-log")
def audit_log() -> None:
    """Look after the log that `serve --audit-log` writes."""


@audit_log.command()
@click.argument("file", type=PATH)
@click.option("--head", metavar="SHA256", help="Of a line, noted before; it must be in the log.")
@json_option
def verify(file: Path, head: str | None, as_json: bool) -> None:
    """Check that no line was changed, removed or put in; say where, if one was.

    Prints the last line's hash: keep it elsewhere, and hand it in the next time.
    """
    from plainfilm.serve.audit_log import verify as verify_log

    found = verify_log(file, head=head)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    elif found.broken_at is not None:
        click.echo(f"line {found.broken_at}: {found.why}")
    else:
        torn = f", {found.n_torn} torn by a killed process" if found.n_torn else ""
        click.echo(f"{found.n_lines} lines hold{torn}; head {found.head}")
    if found.broken_at is not None:
        click.get_current_context().exit(1)
