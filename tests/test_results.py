"""The page of results: written from what is kept, with a row for every recipe."""

import json
import re
import runpy
import shlex
from pathlib import Path
from statistics import fmean
from typing import Any

import click
import pytest

from pages import REPOSITORY
from plainfilm.cli import plainfilm
from plainfilm.datasets.chestxray14_labels import LABEL_SET
from plainfilm.reading.shelf import bundled
from plainfilm.training.recipe import Recipe

FINDINGS_OF_CHEST14 = LABEL_SET.names
RECIPES = {path.stem for path in (REPOSITORY / "recipes").glob("*.toml")}
RESULTS = {path.stem: path for path in (REPOSITORY / "recipes" / "results").glob("*.json")}


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(REPOSITORY / "scripts" / name))


def kept(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_the_page_is_what_the_script_writes() -> None:
    written = script("write_results_reference.py")

    assert written["PAGE"].read_text(encoding="utf-8") == written["reference"]()


def test_every_recipe_has_its_row_and_what_was_published() -> None:
    page = (REPOSITORY / "docs" / "reference" / "results.md").read_text(encoding="utf-8")
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    run = set(RESULTS) | {path.stem for path in bundled()}

    assert set(rows) == run <= RECIPES
    assert all(rows.count(name) >= 2 for name in run)  # its numbers, and those published
    assert all(f"`{name}`" in page for name in RECIPES)  # one that was not run is named as such


def test_a_row_says_of_how_many_films_its_numbers_are() -> None:
    """A film that the bundle refused is in none of them."""
    page = (REPOSITORY / "docs" / "reference" / "results.md").read_text(encoding="utf-8")
    for name, path in RESULTS.items():
        result = kept(path)
        (n_read,) = {numbers["n_films"] for numbers in result["findings"].values()}
        n_all = result["n_test_films"]
        words = f"{n_all}" if n_read == n_all else f"{n_read} of {n_all}"
        (row,) = re.findall(rf"^\| `{name}` \| [\d,]+ films of .*$", page, re.M)
        assert f"| {words} films of " in row


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_result_names_the_commands_that_made_it(name: str) -> None:
    """Those that the script runs today; each is one that there is, and shrinks what it says."""
    runs, result = script("run_recipes.py"), kept(RESULTS[name])
    *first, prepare, train, export, evaluate = (shlex.split(words) for words in result["commands"])

    assert result["commands"] == runs["commands_of"](name, runs["SHRUNK"][name])
    for words in (*first, prepare, train, export, evaluate):
        command = plainfilm.commands[words[1]]
        above = click.Context(plainfilm, **plainfilm.context_settings)
        command.make_context(words[1], words[2:], parent=above)
    settings = [train[i + 1] for i, word in enumerate(train) if word == "--set"]
    recipe = Recipe.load(REPOSITORY / train[2], settings=settings)
    assert (recipe.data.size, recipe.optim.epochs) == (result["size"], result["epochs"])
    assert prepare[2] == recipe.data.data_set == result["data_set"]


def test_the_published_aurocs_have_the_published_means() -> None:
    """S4-05, S4-06: of works whose numbers by finding are at hand; else the means alone."""
    aurocs = script("write_results_reference.py")["published_aurocs"]()
    page = (REPOSITORY / "docs" / "reference" / "results.md").read_text(encoding="utf-8")

    means = {work: round(fmean(each.values()), 5) for work, each in aurocs.items()}

    assert means == {"wang-2017": 0.73814, "yao-2017": 0.80271, "chexnet-2017": 0.84138}
    assert all(tuple(each) == FINDINGS_OF_CHEST14 for each in aurocs.values())
    assert all(number in page for number in (".80164", ".80127", ".83198"))


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_result_s_numbers_are_whole(name: str) -> None:
    result = kept(RESULTS[name])

    assert result["schema"] == "plainfilm.result/1"
    for numbers in result["findings"].values():
        for key in ("auroc", "average_precision", "sensitivity", "specificity"):
            middle, low, high = numbers[key]
            assert 0 <= low <= middle <= high <= 1
