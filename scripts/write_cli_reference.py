"""Write docs/reference/cli.md from the program's own --help."""

from collections.abc import Iterator
from pathlib import Path

import click

from plainfilm.cli import plainfilm

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
HEAD = """# The command line

Written from the program's own `--help` by `python scripts/write_cli_reference.py`; a test holds the
two equal.

Results go to stdout, everything else to stderr. Nothing is overwritten without `--force`. A film
that a bundle refuses to judge is an answer, with status 0; a file that is no film is an error, with
status 1, and does not stop the other files. What `--json` prints for a film is described in
[prediction.md](prediction.md).

| status | means |
|---|---|
| 0 | done |
| 1 | an error in one line on stderr: a file, a bundle, a recipe, the disk |
| 2 | wrong usage: an unknown verb, option or value |
| 130 | interrupted (Ctrl-C) |
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections(plainfilm, "plainfilm", None)])


def _sections(command: click.Command, path: str, parent: click.Context | None) -> Iterator[str]:
    settings = {**command.context_settings, "terminal_width": 80, "max_content_width": 80}
    context = click.Context(command, info_name=path.split()[-1], parent=parent, **settings)
    yield f"## `{path}`\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _sections(inner, f"{path} {name}", context)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
