import pytest
import torch
from torch import nn

from plainfilm.networks import Classifier, build
from plainfilm.networks.baselines import alexnet, conv2, conv3, conv4, lenet5, lenet5_tanh
from plainfilm.networks.classifier import last_map_shape


def n_parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def blank(name: str, n_findings: int = 1, **how: object) -> Classifier:
    """A network without values, for counting."""
    with torch.device("meta"):
        return build(name, n_findings, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("lenet5", 224, 34_635_761),
        ("lenet5", 225, 34_635_761),
        ("lenet5", 227, 34_635_761),
        ("lenet5-tanh", 224, 34_635_761),
        ("alexnet", 224, 46_751_105),
        ("alexnet", 226, 46_751_105),
        ("alexnet", 227, 58_285_441),
        ("conv3", 224, 6_979),
        ("conv4", 224, 106_805),
        ("dense-net", 512, 134_253_185),
        ("dense-net", 224, 25_725_569),
    ],
)
def test_a_baseline_has_its_papers_number_of_parameters(
    name: str, size: int, expected: int
) -> None:
    """S2-32, S2-34, S3-19, S3-23, S3-25: exact totals of one output."""
    assert n_parameters(blank(name, size=size)) == expected


def test_lenet5s_layers_have_the_papers_numbers() -> None:
    """S2-32: 456 + 2,416 + 48,120 + 34,574,520 + 10,164 + 85."""
    layers = [m for m in blank("lenet5").modules() if isinstance(m, nn.Conv2d | nn.Linear)]

    assert [n_parameters(layer) for layer in layers] == [456, 2416, 48_120, 34_574_520, 10_164, 85]


def test_alexnets_layers_have_the_papers_numbers() -> None:
    """S2-34: the first convolution is unpadded and no layer is in two groups."""
    layers = [m for m in blank("alexnet").modules() if isinstance(m, nn.Conv2d | nn.Linear)]

    assert [n_parameters(layer) for layer in layers] == [
        34_944, 614_656, 885_120, 1_327_488, 884_992, 26_218_496, 16_781_312, 4_097,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "side", "kernel", "stride", "padding", "expected"),
    [
        ("lenet5", 224, 5, 1, 0, 220),  # VALID
        ("alexnet", 224, 11, 4, 0, 54),  # 54.25, rounded down
        ("alexnet", 227, 11, 4, 0, 55),
        ("conv2", 224, 3, 1, 1, 224),  # SAME
        ("conv3", 65, 3, 1, 1, 65),
        ("resnet18", 224, 7, 2, 3, 112),
        ("vgg16", 224, 3, 1, 1, 224),
    ],
)
def test_s2_07_a_first_map_has_the_side_of_the_formula(
    name: str, side: int, kernel: int, stride: int, padding: int, expected: int
) -> None:
    """S2-07: (I - K + 2 P) / S + 1, rounded down."""
    network, sides = blank(name, size=side), list[int]()
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d))
    first.register_forward_hook(lambda _, __, maps: sides.append(maps.shape[-1]))

    network.eval()(torch.empty(1, 1, side, side, device="meta"))

    asked = (first.kernel_size, first.stride, first.padding)
    assert asked == ((kernel, kernel), (stride, stride), (padding, padding))
    assert sides == [expected] == [(side - kernel + 2 * padding) // stride + 1]


def test_alexnets_first_map_has_54_places_a_side() -> None:
    """S2-07: (224 - 11 + 0) / 4 + 1, rounded down."""
    stages = alexnet().to("meta").stages(torch.empty(1, 1, 224, 224, device="meta"))

    assert [tuple(one.shape[1:]) for one in stages] == [(96, 54, 54), (256, 26, 26), (256, 12, 12)]


def test_conv4_counts_its_running_statistics_too() -> None:
    """S3-25: 106,929 with what is not trained."""
    network = blank("conv4")
    statistics = [value for name, value in network.named_buffers() if "running" in name]

    assert n_parameters(network) + sum(value.numel() for value in statistics) == 106_929


def test_conv2_is_three_blocks_with_few_filters_and_32_dense() -> None:
    """S3-22."""
    network = blank("conv2", dropout=0.5)
    kinds = [type(layer).__name__ for layer in network.features.modules()][1:]

    assert kinds == ["Conv2d", "ReLU", "MaxPool2d", "Dropout"] * 2 + ["Conv2d", "ReLU"]
    assert isinstance(network.classifier, nn.Sequential)
    widths = [layer.out_features for layer in network.classifier if isinstance(layer, nn.Linear)]
    assert widths == [32, 1]
    assert network.dropout.p == 0.2
    assert n_parameters(network) == 20 + 76 + 296 + (8 * 28 * 28 + 1) * 32 + 33


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lenet5, (120, 49, 49)),
        (alexnet, (256, 12, 12)),
        (conv2, (8, 56, 56)),
        (conv3, (8, 14, 14)),
        (conv4, (32, 14, 14)),
    ],
)
def test_the_last_feature_map_is_that_before_the_last_pooling(
    body: type[nn.Module], expected: tuple[int, ...]
) -> None:
    assert last_map_shape(body(), 224) == expected  # type: ignore[arg-type]


def test_the_tanh_variant_has_no_relu() -> None:
    """S2-33."""
    kinds = {type(part).__name__ for part in build("lenet5-tanh", 1, size=32).modules()}

    assert "Tanh" in kinds
    assert "ReLU" not in kinds
    assert {type(part).__name__ for part in lenet5_tanh()} == {"Conv2d", "Tanh", "AvgPool2d"}


def test_the_dense_net_says_that_it_has_no_map() -> None:
    network = build("dense-net", 2, size=32).eval()

    assert not network.has_map
    assert network(torch.rand(3, 1, 32, 32)).shape == (3, 2)
    assert network.embed(torch.rand(3, 1, 32, 32))[1].shape == (3, 2)
