"""Finished runs made ready for export: a [release] that says all that a bundle must say."""

import shutil
from dataclasses import replace
from pathlib import Path

from plainfilm.training.recipe import PopulationText
from plainfilm.training.record import read_recipe, write_recipe

POPULATION = PopulationText(("chest",), ("PA",), None, "drawn films")


def releasable(run: Path, copy: Path, **release: object) -> Path:
    """A copy of a run whose recipe can be released, with these values of [release] changed."""
    shutil.copytree(run, copy)
    recipe = read_recipe(copy)
    changed = replace(recipe.release, **{"population": POPULATION, **release})  # type: ignore[arg-type]
    write_recipe(copy, replace(recipe, release=changed))
    return copy
