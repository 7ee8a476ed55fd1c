import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.recipe import Recipe


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("network.head=big", r"network\.head: .* own, average, mlp"),
        ("network.init_adapt=['head']", r"network\.init_adapt: goes with a file of weights only"),
        ("network.dropout=1", r"network\.dropout: found 1; expected in \[0, 1\)"),
        ("network.frozen_before=head", r"frozen_before: a body drawn at random would stay so"),
    ],
)
def test_an_impossible_value_is_refused(setting: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        Recipe.from_toml("", settings=[setting])


@pytest.mark.parametrize(
    ("init", "expected"),
    [("scratch", False), ("runs/first", False), ("a/w.pth", True), ("hub:a/b/w.bin", True)],
)
def test_a_file_of_weights_is_told_from_a_run(init: str, expected: bool) -> None:
    recipe = Recipe.from_toml("", settings=[f"network.init='{init}'"])

    assert recipe.network.begins_with_file == expected
