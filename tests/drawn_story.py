"""The README's way to a bundle of one's own, gone once a session on drawn films."""

import shutil
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import numpy as np
from PIL import Image

from pages import README, REPOSITORY, blocks, our_commands
from phantoms import somebody
from plainfilm.cli import main
from plainfilm.training.recipe import Recipe

N_FILMS, N_TEST = 60, 16

SMALLER = ("data.size=32", "optim.epochs=2", "optim.batch_size=8", "optim.precision=float32")
"""What makes a shipped recipe learn within seconds."""

_SIZES = {"160": "32"}
_FOLDERS = {"kermany": "films/chest_xray", "chestxray14": "films/nih"}


def tell(folder: Path) -> Path:
    """Run the README's commands in `folder`, on films drawn there; leaves run, bundle, report."""
    draw_children(folder / "films" / "chest_xray")
    shrink_recipes(folder / "recipes")
    (block,) = [block for block in blocks(README) if "plainfilm export" in block.text]
    with chdir(folder):
        for words in our_commands(block):
            run(smaller(words))
    return folder


def draw_children(folder: Path) -> None:
    """The paediatric set's layout: 60 films of 60 patients, 16 of them for the test."""
    for number in range(N_FILMS):
        part = "test" if number < N_TEST else "train"
        if number % 2:
            path = folder / part / f"PNEUMONIA/person{number}_bacteria_{number}.jpeg"
        else:
            path = folder / part / f"NORMAL/IM-{number:04d}-0001.jpeg"
        film = somebody(size=(80, 90), seed=number)
        film[20:34, 12:28] = 0.9 if number % 2 else film[20:34, 12:28]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(path)


def shrink_recipes(folder: Path) -> None:
    """The shipped recipes, as they are but for `SMALLER`; without those of heads on encoders."""
    folder.mkdir()
    for path in (REPOSITORY / "recipes").glob("*.toml"):
        if Recipe.load(path).network.name == "encoder":
            continue  # it takes the encoder's size and knows no epochs
        recipe = Recipe.load(path, settings=SMALLER)
        (folder / path.name).write_text(recipe.to_toml(), encoding="utf-8")
    shutil.copytree(REPOSITORY / "recipes" / "spaces", folder / "spaces")


def smaller(words: Sequence[str]) -> list[str]:
    """A page's command for the drawn films: their size, and where the page says FOLDER, theirs."""
    folder = _FOLDERS[words[1]] if "FOLDER" in words else ""
    return [{"FOLDER": folder, **_SIZES}.get(word, word) for word in words]


def run(words: Sequence[str | Path]) -> None:
    """Run plainfilm with these words; it must end well."""
    assert main([str(word) for word in words]) == 0, words
