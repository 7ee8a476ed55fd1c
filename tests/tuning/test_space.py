from pathlib import Path

import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.recipe import Recipe
from plainfilm.tuning.space import Choices, Range, Space, ends
from tiny_training import tiny_recipe

SPACES = Path(__file__).resolve().parents[2] / "recipes" / "spaces"
SEVEN = {
    "optim.lr",
    "optim.momentum_high",
    "optim.weight_decay",
    "optim.batch_size",
    "parts.layers",
    "parts.units",
    "parts.kernel",
}


def load(tmp_path: Path, text: str) -> Space:
    (tmp_path / "space.toml").write_text(text)
    return Space.load(tmp_path / "space.toml", tiny_recipe())


def test_s2_38_the_seven_keys_of_that_search_are_a_space() -> None:
    """S2-38: rate, momentum, layers, units, kernel size, decay, batch size."""
    recipe = Recipe.load(SPACES.parent / "kermany-alexnet.toml")

    space = Space.load(SPACES / "kermany-block-net.toml", recipe)

    assert set(space.axes) == SEVEN
    values = {key: ends(axis)[-1] for key, axis in space.axes.items()}
    chosen = space.recipe(recipe, values)
    assert chosen.network.name == "block-net-5x256-k5"
    assert (chosen.optim.lr, chosen.optim.batch_size) == (1e-2, 64)
    assert chosen.augment == recipe.augment


def test_any_key_of_a_recipe_is_tried(tmp_path: Path) -> None:
    text = """
    [optim]
    epochs = {low = 1, high = 3}
    lr = {low = 0.001, high = 0.1}
    schedule = {choices = ["one-cycle", "plateau"]}
    [augment]
    mirror_share = {choices = [0, 0.5]}
    """
    space = load(tmp_path, text)
    axes = space.axes

    assert axes["optim.epochs"] == Range(1, 3)
    assert [axes[f"optim.{key}"].is_whole for key in ("epochs", "lr")] == [True, False]  # type: ignore[union-attr]
    assert axes["optim.schedule"] == Choices(("one-cycle", "plateau"))
    chosen = space.recipe(tiny_recipe(), {"optim.epochs": 2, "augment.mirror_share": 0.5})
    assert (chosen.optim.epochs, chosen.augment.mirror_share) == (2, 0.5)
    assert (space.plan.trials, space.plan.score) == (20, "val_auroc")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("optim = 3", "optim: found 3; expected {low"),
        ("[optim]\nlr = 3", "optim.lr: found 3; expected {low"),
        ("[optim]\nlrr = {low = 1, high = 2}", "Did you mean optim.lr"),
        ("[optim]\nlr = {low = 1}", "found keys low; expected low, high"),
        ("[optim]\nlr = {low = 1, high = 2, step = 1}", "found keys high, low, step"),
        ("[optim]\nlr = {low = 2, high = 1}", "found 2 to 1; expected low below high"),
        ("[optim]\nlr = {low = 0, high = 1, log = true}", "both above 0"),
        ("[optim]\nlr = {low = 1, high = 2, log = 1}", "log: found 1; expected true or false"),
        ("[optim]\nlr = {low = true, high = 2}", "found True; low and high are numbers"),
        ("[optim]\nlr = {low = -1, high = 2}", "optim.lr: found -1; expected above 0"),
        ("[optim]\nlr = {low = 1, high = nan}", "found 1 to nan"),
        ("[optim]\nlr = {choices = []}", "choices: expected a list"),
        ("[optim]\nlr = {choices = [[1]]}", "choices: expected numbers"),
        ('[optim]\nlr = {choices = ["fast"]}', "optim.lr"),
        ("[search]\ntrials = 0", "search.trials: found 0"),
        ("[search]\nseed = -1", "search.seed: found -1"),
        ("search = 1", "search: expected a group"),
        ("[search]\ntrails = 3", "Did you mean search.trials"),
        ('[search]\nscore = "test_auroc"', "search.score"),
        ("[search]\ntrials = 3", "nothing to try"),
        ('[network]\nname = "net-{x}"\n[optim]\nlr = {choices = [1]}', "parts: x: each part"),
        ("[parts]\nx = {choices = [1]}", "parts: x: each part"),
        ('[network]\nname = "n-{x}"\n[parts]\nx = {choices = [1]}', "found 'n-1'"),
        ("[optim", "not a TOML file"),
    ],
)
def test_a_space_that_cannot_be_is_refused_before_any_training(
    tmp_path: Path, text: str, words: str
) -> None:
    """S2-38: a closed file, its ends tried on the recipe; test films are no score."""
    with pytest.raises(RecipeError, match=words) as told:
        load(tmp_path, text)
    assert str(told.value).startswith("space.toml: ")


def test_a_missing_space_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml: cannot be read"):
        Space.load(tmp_path / "none.toml", tiny_recipe())
