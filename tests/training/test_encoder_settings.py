import pytest

from plainfilm.errors import RecipeError
from plainfilm.training.recipe import Recipe

ENCODER = ("network.name=encoder", "encoder.file=a.onnx", "encoder.range=[0, 255]")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("encoder.channels=2", r"encoder\.channels: found 2; expected 1 or 3"),
        ("encoder.gives=vector", r"encoder\.gives: .* embedding, first-token, tokens, map"),
        ("encoder.range=[1]", r"encoder\.range: found \[1\.0\]; expected \[black, white\]"),
        ("encoder.range=[1, 1]", r"encoder\.range: found"),
        ("encoder.mean=[1, 2]", r"encoder\.mean: found 2; expected one number, or one for each of"),
        ("encoder.std=[0.0]", r"encoder\.std: found 0; expected above 0"),
        ("encoder.sha256=ABC", r"encoder\.sha256: expected 64 hexadecimal digits"),
        ("encoder.l2=[]", r"encoder\.l2: found none"),
        ("encoder.l2=[0.0]", r"encoder\.l2: found 0; expected above 0"),
        ("encoder.extra_tokens=-1", r"encoder\.extra_tokens: found -1"),
        ("encoder.hidden=0", r"encoder\.hidden: found 0"),
        ("encoder.weights=x", r"encoder\.weights: unknown key"),
    ],
)
def test_an_impossible_value_is_refused(setting: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=expected):
        Recipe.from_toml("", settings=[*ENCODER, setting])


def test_the_file_has_to_be_named() -> None:
    with pytest.raises(RecipeError, match=r"encoder\.file: missing"):
        Recipe.from_toml("", settings=["network.name=encoder"])


def test_the_normalisation_has_to_be_stated() -> None:
    with pytest.raises(RecipeError, match="state the normalisation that the encoder was trained"):
        Recipe.from_toml("", settings=ENCODER[:2])


def test_another_network_has_no_encoder() -> None:
    with pytest.raises(RecipeError, match=r"encoder: network.name is 'film-net'"):
        Recipe.from_toml("", settings=ENCODER[1:2])


@pytest.mark.parametrize(
    "setting",
    [
        "augment.gamma=0.1",
        "data.equalise=repeat",
        "data.side_targets=['view']",
        "network.normalise=imagenet",
        "network.init=runs/first",
        "network.dropout=0.5",
        "loss.side_weight=0.5",
        "optim.epochs=3",
        "encoder.hidden=64",
    ],
)
def test_what_a_linear_head_makes_no_use_of_is_refused(setting: str) -> None:
    key = setting.partition("=")[0]
    with pytest.raises(RecipeError, match=rf"{key}: an encoder's head \(one linear layer\)"):
        Recipe.from_toml("", settings=[*ENCODER, setting])


def test_what_a_hidden_layer_needs_is_taken() -> None:
    more = ["network.dropout=0.5", "optim.epochs=3", "encoder.hidden=64", "optim.keep=best"]
    recipe = Recipe.from_toml("", settings=[*ENCODER, "network.head=mlp", *more])

    assert Recipe.from_toml(recipe.to_toml()) == recipe


@pytest.mark.parametrize("setting", ["optim.ema_decay=0.9", "encoder.l2=[1.0]"])
def test_what_a_hidden_layer_makes_no_use_of_is_refused(setting: str) -> None:
    with pytest.raises(RecipeError, match=r'an encoder\'s head \("mlp"\) makes no use of it'):
        Recipe.from_toml("", settings=[*ENCODER, "network.head=mlp", setting])


def test_class_weights_and_the_release_are_taken() -> None:
    settings = ["loss.pos_weight=balanced", "release.name=mine", "optim.seed=4"]
    recipe = Recipe.from_toml("", settings=[*ENCODER, *settings])

    assert (recipe.loss.pos_weight, recipe.release.name) == ("balanced", "mine")
