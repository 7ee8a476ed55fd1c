"""The verbs of `plainfilm keys`, as the others."""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import PATH, json_option
from plainfilm.cli.terminal import note

if TYPE_CHECKING:
    from plainfilm.serve.keys import ApiKey

SCOPES = ("read", "infer", "admin", "metrics")
file_option = functools.partial(
    click.option, "--file", "path", type=PATH, required=True, help="The file of keys, in JSON."
)


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of a server."""


@keys.command()
@click.argument("name")
@file_option()
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, default=("read",),
              show_default=True, help="What it may do; repeatable.")  # fmt: skip
@click.option("--days", type=click.FloatRange(0, min_open=True), help="After which it ends.")
@json_option
def add(name: str, path: Path, scopes: tuple[str, ...], days: float | None, as_json: bool) -> None:
    """Make a key for a program or a place. It is shown once: the file keeps its hash."""
    from plainfilm.serve.keys import KeyFile, Scope

    key, kept = KeyFile(path).add(name, tuple(map(Scope, dict.fromkeys(scopes))), days=days)
    click.echo(json.dumps({"key": key, **_json_of(kept)}, indent=2) if as_json else key)
    note(f"{_line_of(kept)}. The key is not shown again.")


@keys.command("list")
@file_option()
@json_option
def list_keys(path: Path, as_json: bool) -> None:
    """List keys: ids, names, scopes, and until when they count."""
    from plainfilm.errors import KeysError
    from plainfilm.serve.keys import KeyFile

    if not path.exists():
        raise KeysError(f"{path.name}: no such file; make it with plainfilm keys add")
    found = list(KeyFile(path).keys().values())
    lines = "\n".join(map(_line_of, found)) or "no keys"
    click.echo(json.dumps([_json_of(key) for key in found], indent=2) if as_json else lines)


@keys.command()
@click.argument("key_id", metavar="ID")
@file_option()
def revoke(key_id: str, path: Path) -> None:
    """End a key at once, by its id."""
    from plainfilm.serve.keys import KeyFile

    click.echo(_line_of(KeyFile(path).revoke(key_id)))


def _line_of(key: "ApiKey") -> str:
    until = "revoked" if key.revoked else f"until {key.expires}" if key.expires else "without end"
    return f"{key.id}  {key.name}: {', '.join(key.scopes)}, {until}"


def _json_of(key: "ApiKey") -> dict[str, object]:
    return {name: value for name, value in vars(key).items() if name != "sha256"}
