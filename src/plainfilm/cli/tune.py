"""The verbs of `plainfilm tune`, as the others."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plainfilm.cli.options import (
    PATH,
    data_option,
    force_option,
    json_option,
    out_option,
    recipe_argument,
    recipe_options,
)
from plainfilm.cli.terminal import note, wrong_usage_of
from plainfilm.cli.tune_serve import tune_serve

if TYPE_CHECKING:
    from plainfilm.training.recipe import Recipe


@click.group()
def tune() -> None:
    """Find settings for a recipe, or for a server."""


tune.add_command(tune_serve)


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
    from plainfilm.reports import check_ending, check_path
    from plainfilm.tuning.compare_rates import compare_rates
    from plainfilm.tuning.find_rate import curve_json, words_of

    if out is not None:
        with wrong_usage_of("--out"):
            check_ending(out, (".svg",))
        check_path(out, overwrite=force, endings=(".svg",))
    curves = compare_rates(recipes, data, out)
    lines = "\n".join(f"{name}: {words_of(curve)}" for name, curve in curves.items())
    found = [curve_json(curve) for curve in curves.values()]
    click.echo(json.dumps(found, indent=2) if as_json else lines)
    if out is not None:
        note(f"Wrote {out.name}")


@tune.command()
@recipe_argument
@data_option(help="A prepared folder.")
@json_option
def doctor(recipe: "Recipe", data: Path, as_json: bool) -> None:
    """Check that a recipe can learn these films: labels, shapes, sixteen films by heart.

    Prints a checklist of what holds and what to do; the exit status is 1 where something failed.
    """
    from plainfilm.tuning.doctor import examine, json_of, text_of

    found = examine(recipe, data)
    click.echo(json.dumps(json_of(found), indent=2) if as_json else text_of(found))
    if not found.holds:
        click.get_current_context().exit(1)


@tune.command()
@recipe_argument
@data_option(help="A prepared folder.")
def layers(recipe: "Recipe", data: Path) -> None:
    """Print the network's layers: what each gives for a film, its weights, and which learn."""
    from plainfilm.training.layers import layers_of, table_of
    from plainfilm.training.prepared import Prepared

    click.echo(table_of(layers_of(recipe, Prepared.open(data, recipe).n_logits)))


@tune.command("preview")
@recipe_argument
@data_option(help="A prepared folder.")
@out_option(required=True, help="The picture: a name in .png.")
@force_option
def tune_preview(recipe: "Recipe", data: Path, out: Path, force: bool) -> None:
    """Draw training films as they are and as the recipe changes them; a seed, a picture."""
    from plainfilm.reports import check_ending, check_path
    from plainfilm.tuning.preview import preview

    with wrong_usage_of("--out"):
        check_ending(out, (".png",))
    check_path(out, overwrite=force, endings=(".png",))
    preview(recipe, data, out)
    note(f"Wrote {out.name}")


@tune.command()
@recipe_argument
@data_option(help="A prepared folder.")
@out_option(required=True, help="Folder of the folds; goes on if it is there.")
@click.option("--folds", "k", type=click.IntRange(2), default=5, show_default=True,
              help="How many.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Deals the patients.")
@json_option
def folds(recipe: "Recipe", data: Path, out: Path, k: int, seed: int, as_json: bool) -> None:
    """Cross-validate a recipe: train once for each fold, and score it on that fold.

    Train and validation films are dealt anew, by patient; test films are left alone.
    """
    from plainfilm.tuning.cross_validate import cross_validate, json_of, text_of

    found = cross_validate(recipe, data, out, k=k, seed=seed)
    click.echo(json.dumps(json_of(found), indent=2) if as_json else text_of(found))
    note(f"Wrote {out.name}")


@tune.command()
@recipe_argument
@data_option(help="A prepared folder.")
@click.option("--space", type=PATH, required=True, help="What to try: a file in .toml.")
@out_option(required=True, help="Folder of the trials; goes on if it is there.")
@click.option("--trials", type=click.IntRange(1), metavar="N", help="In all; else the space's.")
@json_option
def search(
    recipe: "Recipe", data: Path, space: Path, out: Path, trials: int | None, as_json: bool
) -> None:
    """Search for settings: train again and again, with values that earlier scores suggest.

    Judged on validation films. OUT/best.toml is the best recipe, for `plainfilm train`.
    """
    from plainfilm.tuning.search import json_of, text_of
    from plainfilm.tuning.search import search as search_settings
    from plainfilm.tuning.space import Space

    found = search_settings(recipe, data, Space.load(space, recipe), out, trials=trials)
    click.echo(json.dumps(json_of(found), indent=2) if as_json else text_of(found))
    note(f"Wrote {out.name}")


@tune.command("repeat")
@click.argument("run", type=PATH)
@data_option(help="The folder that it learned from.")
@out_option(required=True, help="Folder of the second run; goes on if it is there.")
@json_option
def tune_repeat(run: Path, data: Path, out: Path, as_json: bool) -> None:
    """Train a finished run again by what it recorded, and compare the two.

    On a CPU all numbers are the same; the exit status is 1 where one is not.
    """
    from plainfilm.tuning.repeat import json_of, repeat, text_of

    found = repeat(run, data, out)
    click.echo(json.dumps(json_of(found), indent=2) if as_json else text_of(found))
    note(f"Wrote {out.name}")
    if not found.holds:
        click.get_current_context().exit(1)
