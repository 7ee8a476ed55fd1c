import pytest
import torch
from torch import nn

from plainfilm.errors import RecipeError
from plainfilm.networks import build
from plainfilm.networks.block_net import Shape, body, head, shape_of
from plainfilm.networks.classifier import last_map_shape


def test_s2_38_the_search_s_winner_has_its_number_of_parameters() -> None:
    """S2-38: five blocks of two convolutions; 7,556,929 with BatchNorm's running statistics."""
    with torch.device("meta"):
        network = build("block-net", 1, dropout=0.3)
    statistics = [value for name, value in network.named_buffers() if "running" in name]
    learnt = sum(weight.numel() for weight in network.parameters())
    layers = [layer for layer in network.classifier if isinstance(layer, nn.Linear)]  # type: ignore[union-attr]

    assert learnt == 7_555_009
    assert learnt + sum(value.numel() for value in statistics) == 7_556_929
    assert [layer.out_features for layer in layers] == [256, 128, 1]


def test_a_name_says_layers_units_and_kernel() -> None:
    """S2-38: layers, units and kernel size of a search."""
    network = build("block-net-2x32-k5", 3, size=32).eval()
    kernels = {part.kernel_size for part in network.modules() if isinstance(part, nn.Conv2d)}

    assert kernels == {(5, 5)}
    assert last_map_shape(network.features, 32) == (128, 16, 16)
    assert network(torch.rand(2, 1, 32, 32)).shape == (2, 3)


def test_the_plain_name_is_the_default_shape() -> None:
    assert shape_of("block-net") == shape_of("block-net-5x256-k3") == Shape()
    assert shape_of("block-net-5x256") is None
    assert head(Shape(units=64)).hidden == (64, 32)
    kinds = [type(layer).__name__ for layer in body(Shape(layers=1))]
    assert kinds == ["Conv2d", "ReLU", "Conv2d", "ReLU", "BatchNorm2d"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("block-net-9x256-k3", "layers 9; expected 1 to 8"),
        ("block-net-5x1-k3", "units 1; expected 2 to 4096"),
        ("block-net-5x256-k4", "kernel 4; expected an odd number"),
        ("block-net-5x256", "Did you mean 'block-net'"),
    ],
)
def test_an_impossible_shape_is_refused(name: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        build(name, 1)


def test_films_too_small_for_the_blocks_are_refused() -> None:
    with pytest.raises(RecipeError, match="too small for this network"):
        build("block-net-6x8-k3", 1, size=32)
