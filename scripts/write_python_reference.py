"""Write docs/reference/python.md from the docstrings of the public names."""

import inspect
from collections.abc import Callable, Iterator
from enum import EnumType
from functools import cached_property
from pathlib import Path

import plainfilm
from plainfilm import errors

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "python.md"
HEAD = """# Python

Written from the docstrings by `python scripts/write_python_reference.py`; a test holds the two
equal. These names are the reading side. The learning side (`plainfilm.datasets`,
`plainfilm.training`, `plainfilm.evaluation`) is shown in the how-tos, and may still change from
version to version.
"""


def reference() -> str:
    """The whole page."""
    parts = [HEAD, f"{inspect.getdoc(plainfilm)}\n"]
    for name in plainfilm.__all__:
        if name not in vars(errors):
            parts += _sections(name, getattr(plainfilm, name))
    tree = (inspect.getdoc(errors) or "").replace("```", "```text", 1)
    return "\n".join([*parts, f"## Errors\n\n{tree}\n"])


def _sections(name: str, thing: Callable[..., object]) -> Iterator[str]:
    """A public name's section, then one for each of its documented public members."""
    yield _section("##", name, _call(name, thing), thing)
    for member, value in vars(thing).items() if isinstance(thing, type) else ():
        path, inner = f"{name}.{member}", value
        if isinstance(value, classmethod | staticmethod):
            inner = value.__func__
        if member.startswith("_") or not inspect.getdoc(value):
            continue
        if isinstance(value, property | cached_property):
            yield _section("###", path, path, value)
        elif inspect.isfunction(inner):
            yield _section("###", path, _call(path, inner), inner)


def _section(level: str, name: str, call: str, thing: object) -> str:
    return f"{level} `{name}`\n\n```text\n{call}\n\n{inspect.getdoc(thing)}\n```\n"


def _call(name: str, thing: Callable[..., object]) -> str:
    """How it is called, without types: the docstring tells them. An enumeration: its values."""
    if isinstance(thing, EnumType):
        return f"{name}: {', '.join(thing.__members__)}"
    signature = inspect.signature(thing)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    return f"{name}{inspect.Signature(plain)}"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
