"""A house's own page.toml: what it may say, and what is wrong with it and where."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pages
from phantoms import phantom
from plainfilm.errors import PlainfilmError
from plainfilm.serve.own_page import OwnPageError, read_own_page

GOOD = """title = "Radiographs of the district"
description = "Ask Ada."

[[examples]]
name = "A drawn one"
file = "drawn.png"

[[links]]
name = "How we work"
url = "https://example.org/how"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    film = np.round(255 * phantom(size=(80, 70), seed=1)).astype(np.uint8)
    Image.fromarray(film).save(tmp_path / "drawn.png")
    (tmp_path / "page.toml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def test_what_is_said_is_laid_over_the_page_as_built(folder: Path) -> None:
    """S0-81."""
    own = read_own_page(folder)
    built = b'{"engine": "rest", "examples": [{"name": "old", "url": "examples/old.png"}]}'
    found = json.loads(own.laid_over(built))
    assert (found["engine"], found["title"]) == ("rest", "Radiographs of the district")
    assert found["examples"] == [{"name": "A drawn one", "url": "examples/drawn.png"}]
    assert found["links"] == [{"name": "How we work", "url": "https://example.org/how"}]
    assert own.films == {"examples/drawn.png": (folder / "drawn.png").read_bytes()}
    (folder / "page.toml").write_text('title = "Only this"', encoding="utf-8")
    alone = json.loads(read_own_page(folder).laid_over(built))
    assert (alone["title"], alone["examples"][0]["name"]) == ("Only this", "old")


@pytest.mark.parametrize(
    ("said", "line", "why"),
    [
        ('title = "a"\ndescription = "open\n', 2, "no TOML"),
        ('title = "a"\ncolour = "red"\n', 2, "unknown; expected one of"),
        ("title = 7\n", 1, "expected a text"),
        (f'\ntitle = "{"a" * 501}"\n', 2, "expected a text of 1 to 500"),
        ("links = 3\n", 1, "expected at most 20 tables"),
        ('[[links]]\nname = "a"\n', 2, "found name; expected name, url"),
        ('[[links]]\nname = "a"\nurl = "http://example.org"\n', 3, "begins with https://"),
        ('[[links]]\nname = "a"\nurl = "javascript:alert(1)"\n', 3, "begins with https://"),
        ('[[examples]]\nname = "a"\nfile = "../drawn.png"\n', 3, "the name of a DICOM"),
        ('[[examples]]\nname = "a"\nfile = "https://example.org/a.png"\n', 3, "the name of a"),
        ('[[examples]]\nname = "a"\nfile = ".hidden.png"\n', 3, "the name of a DICOM"),
        ('[[examples]]\nname = "a"\nfile = "gone.png"\n', 3, "no film that can be read"),
        ('[[examples]]\nname = "a"\nfile = "letter.png"\n', 3, "no film that can be read"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(folder: Path, said: str, line: int, why: str) -> None:
    """S0-81: nothing is fetched from anywhere, and no file beside the folder is handed out."""
    (folder / "letter.png").write_bytes(b"a letter")
    (folder / "page.toml").write_text(said, encoding="utf-8")
    with pytest.raises(OwnPageError) as told:
        read_own_page(folder)
    assert str(told.value).startswith(f"page.toml, line {line}: ")
    assert why in str(told.value)


def test_a_folder_without_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlainfilmError, match=r"page\.toml: cannot be read"):
        read_own_page(tmp_path)


def test_the_page_toml_of_the_how_to_is_a_good_one(tmp_path: Path) -> None:
    how_to = pages.REPOSITORY / "docs" / "how-to" / "put-the-page-on-the-web.md"
    block = next(each for each in pages.blocks(how_to) if each.language == "toml")
    (tmp_path / "page.toml").write_text(block.text, encoding="utf-8")
    drawn = pages.REPOSITORY / "docs" / "examples" / "drawn-chest.png"
    (tmp_path / drawn.name).write_bytes(drawn.read_bytes())
    assert len(read_own_page(tmp_path).films) == 1
