"""The project's own pages, taken apart: fenced blocks, the commands in them, what is left."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
README = REPOSITORY / "README.md"

_FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.M)


@dataclass(frozen=True)
class Block:
    """A fenced block: the word after its first fence, and its lines."""

    language: str
    text: str


def all_pages() -> list[Path]:
    """Every Markdown page for people: those at the top, and those in docs/."""
    return [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    """The page's path from the top of the repository."""
    return page.relative_to(REPOSITORY).as_posix()


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    return [Block(*match.groups()) for match in _FENCE.finditer(text_of(page))]


def without_blocks(page: Path) -> str:
    """The page's running text; code in the line stays."""
    return _FENCE.sub("", text_of(page))


def commands(block: Block) -> list[list[str]]:
    """The words of each command of a shell block; its comments are left out."""
    found: list[list[str]] = []
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            found.append(words[:end])
            words = words[end + 1 :]
    return found


def our_commands(block: Block) -> list[list[str]]:
    """What follows `plainfilm` in each command of a shell block that runs it."""
    if block.language != "sh":
        return []
    return [words[1:] for words in commands(block) if words[0].rpartition("/")[2] == "plainfilm"]
