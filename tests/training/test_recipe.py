from dataclasses import fields
from pathlib import Path

import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.recipe import Recipe

REPOSITORY = Path(__file__).resolve().parents[2]
SHIPPED = sorted((REPOSITORY / "recipes").glob("*.toml"))


def test_an_empty_recipe_is_all_defaults() -> None:
    assert Recipe.from_toml("") == Recipe()


def test_a_recipe_written_out_is_the_same_recipe() -> None:
    recipe = Recipe.from_toml("[release.population]\nage_years = [0, 18]\n[optim]\nlr = 1e-4")

    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert recipe.release.population.age_years == (0.0, 18.0)


def test_it_is_read_from_a_file_and_single_values_are_set(tmp_path: Path) -> None:
    """S3-13: epochs, batch size, class weights."""
    path = tmp_path / "r.toml"
    path.write_text("[optim]\nlr = 0.01\nepochs = 3\n")

    settings = ["optim.epochs=5", "network.name=densenet121", "optim.batch_size=8"]
    recipe = Recipe.load(path, settings=[*settings, "loss.pos_weight=mura"])

    assert (recipe.optim.lr, recipe.optim.epochs, recipe.optim.batch_size) == (0.01, 5, 8)
    assert recipe.loss.pos_weight == "mura"
    assert recipe.network.name == "densenet121"


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"^gone\.toml: cannot be read as a recipe \(No such"):
        Recipe.load(tmp_path / "gone.toml")


def test_a_file_that_is_no_text_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match=r"r\.toml: cannot be read as a recipe \(not UTF-8 text"):
        Recipe.load(tmp_path / "r.toml")


def test_an_unknown_key_names_the_file_and_the_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[optim]\nepoch = 3\n")

    with pytest.raises(RecipeError, match=r"^r\.toml: optim\.epoch: .*mean optim\.epochs\?"):
        Recipe.load(path)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("data.size=4", r"data\.size: found 4; expected at least 16"),
        (
            "release.name='BAD NAME'",
            r"release\.name: found 'BAD NAME'; expected letters a-z, digits",
        ),
        ("release.version=''", r"release\.version: found ''; expected such as 1\.0\.0"),
        (
            "release.threshold_rule=sensitivity-2",
            r"release\.threshold_rule: unknown threshold rule",
        ),
        ("loss.label_smoothing=1", r"loss\.label_smoothing"),
        ("loss.distil_share=2", r"loss\.distil_share"),
        ("loss.pos_weight=half", r"loss\.pos_weight: .* two-sided, mura, co-occurrence"),
        ("loss.weight_b=-1", r"loss\.weight_b: found -1; expected 0 or more"),
        ("loss.weight_b=1", r"loss\.weight_b: only pos_weight = \"mura\" has a b"),
        ("loss.focus=[1, 1, 0]", r"loss\.focus: found \[1, 1, 0\]; loss\.name 'bce' has none"),
        ("augment.mirror_share=2", r"augment\.mirror_share"),
        ("trainer.lr=2", r"trainer: unknown key in the recipe"),
    ],
)
def test_an_impossible_value_is_refused(setting: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        Recipe.from_toml("", settings=[setting])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["loss.name=focal", "loss.focus=[1, 4, 0]"], r"focal loss has one γ and no clip"),
        (["loss.name=asymmetric", "loss.focus=[1, 4]"], r"expected \[γ of the present"),
        (["loss.name=asymmetric", "loss.focus=[1, -4, 0]"], r"γ 0 or more"),
        (["loss.name=asymmetric", "loss.focus=[1, 4, 1]"], r"clip in \[0, 1\)"),
        (
            ["data.equalise=repeat", "loss.pos_weight=mura"],
            r"equalise: .* need no loss\.pos_weight",
        ),
        (["loss.name=cross-entropy", "loss.pos_weight=mura"], r"expected none, balanced or inv"),
        (["loss.name=cross-entropy", "data.side_targets=['sex']"], r"data\.side_targets: does not"),
        (["loss.name=cross-entropy", "network.distil_from=['a']"], r"network\.distil_from: does"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: list[str], expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        Recipe.from_toml("", settings=settings)


def test_the_release_group_does_not_make_another_training() -> None:
    other = Recipe.from_toml("", settings=["release.name=other", "optim.lr=0.5"])

    assert Recipe().differences(other) == ["optim.lr: 0.002 and 0.5"]


def test_there_are_few_settings() -> None:
    counted = [Recipe().data, Recipe().network, Recipe().optim, Recipe().loss]

    assert sum(len(fields(group)) for group in counted) <= 45  # each one more is one more to know


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_recipe_reads(path: Path) -> None:
    assert Recipe.load(path).release.name == path.stem


def test_every_setting_is_documented() -> None:
    page = (REPOSITORY / "docs" / "reference" / "recipe.md").read_text(encoding="utf-8")

    for group in fields(Recipe):
        for setting in fields(getattr(Recipe(), group.name)):
            assert f"`{setting.name}`" in page, f"{group.name}.{setting.name} is not documented"


def test_the_settings_to_another_recipe_make_it() -> None:
    here = Recipe()
    changed = ("optim.seed=3", 'network.name="densenet121"', 'data.side_targets=["sex", "age"]')
    there = Recipe.from_toml("", settings=changed)

    settings = here.settings_to(there)

    assert sorted(settings) == sorted(changed)
    assert Recipe.from_toml(here.to_toml(), settings=settings) == there


def test_another_release_needs_no_setting() -> None:
    other = Recipe.from_toml('[release]\nname = "other"')
    assert Recipe().settings_to(other) == []
