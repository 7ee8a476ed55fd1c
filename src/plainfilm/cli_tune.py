"""The verbs of `plainfilm tune`, as cli.py has the others."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.options import (
    PATH,
    data_option,
    force_option,
    json_option,
    out_option,
    recipe_options,
    settings_option,
)
from plainfilm.terminal import note

if TYPE_CHECKING:
    from plainfilm.training.recipe import Recipe


@click.group()
def tune() -> None:
    """Find settings for a recipe."""


@tune.command("range")
@recipe_options
@data_option(help="A prepared folder.")
@out_option(help="Draw the losses: a name in .svg.")
@json_option
@force_option
def tune_range(
    recipes: "Sequence[Recipe]", data: Path, out: Path | None, as_json: bool, force: bool
) -> None:
    """Suggest a learning rate: raise it step by step until the loss diverges.

    One test for each --decay; without any, one with the recipe's own. Nothing is kept of the
    networks.
    """
    from plainfilm.reports import check_path
    from plainfilm.training.compare_rates import compare_rates
    from plainfilm.training.find_rate import curve_json, words_of

    if out is not None:
        check_path(out, overwrite=force, endings=(".svg",))
    curves = compare_rates(recipes, data, out)
    lines = "\n".join(f"{name}: {words_of(curve)}" for name, curve in curves.items())
    found = [curve_json(curve) for curve in curves.values()]
    click.echo(json.dumps(found, indent=2) if as_json else lines)
    if out is not None:
        note(f"Wrote {out.name}")


@tune.command()
@click.argument("recipe", type=PATH)
@data_option(help="A prepared folder.")
@settings_option
@json_option
def doctor(recipe: Path, data: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Check that a recipe can learn these films: labels, shapes, sixteen films by heart.

    Prints a checklist of what holds and what to do; the exit status is 1 where something failed.
    """
    from plainfilm.training.doctor import examine, json_of, text_of
    from plainfilm.training.recipe import Recipe

    found = examine(Recipe.load(recipe, settings=settings), data)
    click.echo(json.dumps(json_of(found), indent=2) if as_json else text_of(found))
    if not found.holds:
        click.get_current_context().exit(1)


@tune.command()
@click.argument("recipe", type=PATH)
@data_option(help="A prepared folder.")
@settings_option
def layers(recipe: Path, data: Path, settings: tuple[str, ...]) -> None:
    """Print the network's layers: what each gives for a film, its weights, and which learn."""
    from plainfilm.training.layers import layers_of, table_of
    from plainfilm.training.prepared import Prepared
    from plainfilm.training.recipe import Recipe

    wanted = Recipe.load(recipe, settings=settings)
    click.echo(table_of(layers_of(wanted, Prepared.open(data, wanted).n_logits)))


@tune.command("preview")
@click.argument("recipe", type=PATH)
@data_option(help="A prepared folder.")
@out_option(required=True, help="The picture: a name in .png.")
@settings_option
@force_option
def tune_preview(
    recipe: Path, data: Path, out: Path, settings: tuple[str, ...], force: bool
) -> None:
    """Draw training films as they are and as the recipe changes them; a seed, a picture."""
    from plainfilm.reports import check_path
    from plainfilm.training.preview import preview
    from plainfilm.training.recipe import Recipe

    check_path(out, overwrite=force, endings=(".png",))
    preview(Recipe.load(recipe, settings=settings), data, out)
    note(f"Wrote {out.name}")
