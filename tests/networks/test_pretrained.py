import pytest
import torch
from torch import nn

from plainfilm.networks import Classifier, build
from plainfilm.networks.classifier import last_map_shape
from plainfilm.networks.pretrained import DenseNetFeatures, ResNetFeatures, vgg16


@pytest.fixture(scope="module")
def densenet() -> nn.Module:
    return build("densenet121", 14)


def n_parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def blank(name: str, n_findings: int = 1, **how: object) -> Classifier:
    """A network without values, for counting."""
    with torch.device("meta"):
        return build(name, n_findings, **how)  # type: ignore[arg-type]


def test_densenet121_has_the_papers_number_of_weights(densenet: nn.Module) -> None:
    """S0-31, S4-04."""
    assert n_parameters(densenet) == 6_968_206
    assert n_parameters(DenseNetFeatures()) == 6_953_856


@pytest.mark.parametrize(
    ("name", "head", "n_findings", "expected"),
    [
        ("densenet121", "own", 1000, 7_978_856),
        ("densenet121", "mlp", 2, 8_009_090),
        ("densenet121", "mlp", 14, 8_015_246),
        ("densenet169", "own", 1000, 14_149_480),
        ("densenet201", "own", 1000, 20_013_928),
        ("densenet264", "own", 1000, 33_337_704),
        ("resnet18", "own", 1000, 11_689_512),
        ("resnet50", "own", 1000, 25_557_032),
        ("vgg16", "own", 1, 33_601_345),
        ("vgg16-flatten", "own", 1, 134_264_641),
        ("vgg16-flatten", "own", 1000, 138_357_544),
    ],
)
def test_a_network_has_its_published_number_of_parameters(
    name: str, head: str, n_findings: int, expected: int
) -> None:
    """S0-31, S0-32, S2-35, S4-03: exact totals."""
    assert n_parameters(blank(name, n_findings, head=head)) == expected


def test_vgg16s_body_and_new_top_have_the_papers_numbers() -> None:
    """S2-35, S2-36: with the body frozen, 18,886,657 parameters are left to train."""
    network = blank("vgg16")

    assert n_parameters(vgg16()) == 14_714_688
    assert n_parameters(network.classifier) == 18_886_657


@pytest.mark.parametrize(
    ("name", "channels"),
    [("densenet121", 1024), ("densenet169", 1664), ("densenet201", 1920), ("densenet264", 2688),
     ("resnet18", 512), ("resnet50", 2048)],
)  # fmt: skip
def test_the_last_map_of_a_film_of_224_pixels_has_seven_places_a_side(
    name: str, channels: int
) -> None:
    """S0-31, S0-69."""
    assert last_map_shape(blank(name).features, 224) == (channels, 7, 7)


def test_vgg16s_last_map_is_that_before_its_last_pooling() -> None:
    assert last_map_shape(vgg16(), 224) == (512, 14, 14)


def test_densenet121_has_torchvisions_keys_and_no_others(densenet: nn.Module) -> None:
    keys = set(densenet.state_dict())

    assert len(keys) == 727
    assert {
        "features.conv0.weight",
        "features.norm0.running_var",
        "features.denseblock1.denselayer1.norm1.weight",
        "features.denseblock1.denselayer6.conv2.weight",
        "features.denseblock3.denselayer24.conv1.weight",
        "features.denseblock4.denselayer16.norm2.num_batches_tracked",
        "features.transition3.norm.bias",
        "features.transition3.conv.weight",
        "features.norm5.weight",
        "classifier.weight",
        "classifier.bias",
    } <= keys
    assert all(key.startswith(("features.", "classifier.")) for key in keys)


@pytest.mark.parametrize(
    ("name", "n_keys", "some"),
    [
        ("densenet169", 1015, {"features.denseblock4.denselayer32.conv2.weight": (32, 128, 3, 3)}),
        ("densenet201", 1207, {"features.denseblock3.denselayer48.norm1.bias": (1760,)}),
        (
            "resnet18",
            122,
            {
                "conv1.weight": (64, 3, 7, 7),
                "bn1.running_mean": (64,),
                "layer1.0.conv1.weight": (64, 64, 3, 3),
                "layer2.0.downsample.0.weight": (128, 64, 1, 1),
                "layer2.0.downsample.1.num_batches_tracked": (),
                "layer4.1.bn2.bias": (512,),
                "fc.weight": (1000, 512),
                "fc.bias": (1000,),
            },
        ),
        (
            "resnet50",
            320,
            {
                "layer1.0.downsample.0.weight": (256, 64, 1, 1),
                "layer2.0.conv2.weight": (128, 128, 3, 3),
                "layer3.5.conv3.weight": (1024, 256, 1, 1),
                "layer4.2.bn3.running_var": (2048,),
                "fc.weight": (1000, 2048),
            },
        ),
        (
            "vgg16-flatten",
            32,
            {
                "features.0.weight": (64, 3, 3, 3),
                "features.14.bias": (256,),
                "features.28.weight": (512, 512, 3, 3),
                "classifier.0.weight": (4096, 25088),
                "classifier.3.weight": (4096, 4096),
                "classifier.6.bias": (1000,),
            },
        ),
    ],
)
def test_a_network_has_torchvisions_keys_and_shapes(
    name: str, n_keys: int, some: dict[str, tuple[int, ...]]
) -> None:
    shapes = {key: tuple(value.shape) for key, value in blank(name, 1000).state_dict().items()}

    assert len(shapes) == n_keys
    assert {key: shapes.get(key) for key in some} == some


def test_densenet121_has_torchvisions_shapes(densenet: nn.Module) -> None:
    shapes = {key: tuple(value.shape) for key, value in densenet.state_dict().items()}

    assert shapes["features.conv0.weight"] == (64, 3, 7, 7)
    assert shapes["features.denseblock2.denselayer12.conv1.weight"] == (128, 480, 1, 1)
    assert shapes["features.denseblock4.denselayer16.conv2.weight"] == (32, 128, 3, 3)
    assert shapes["features.transition3.conv.weight"] == (512, 1024, 1, 1)
    assert shapes["classifier.weight"] == (14, 1024)


@pytest.mark.parametrize(
    "body", [DenseNetFeatures(blocks=(2, 2)), ResNetFeatures((1, 1), "bottleneck")]
)
def test_a_grey_film_equals_its_three_channel_copy(body: nn.Module) -> None:
    grey = torch.rand(2, 1, 32, 32)
    body.eval()

    assert torch.equal(body(grey), body(grey.repeat(1, 3, 1, 1)))


def test_the_last_map_is_a_thirty_second_of_the_film() -> None:
    maps = DenseNetFeatures(blocks=(1, 1, 1, 1)).eval().stages(torch.rand(1, 1, 96, 96))

    assert [tuple(one.shape[2:]) for one in maps] == [(12, 12), (6, 6), (3, 3), (3, 3)]
    assert (maps[-1] >= 0).all()


def test_a_residual_stage_without_change_is_its_shortcut() -> None:
    body = ResNetFeatures((2, 1), "basic").eval()
    block = body.get_submodule("layer1.1")
    nn.init.zeros_(block.bn2.weight)  # type: ignore[union-attr,arg-type]
    films = torch.rand(1, 64, 8, 8)

    torch.testing.assert_close(block(films), films)


def test_a_grey_film_enters_as_three_equal_channels() -> None:
    """S0-11: 3 x 224 x 224."""
    network, entered = build("densenet121", 1).eval(), list[torch.Tensor]()
    first = network.get_submodule("features.conv0")
    first.register_forward_pre_hook(lambda _, films: entered.append(films[0]))

    with torch.no_grad():
        network(torch.rand(1, 1, 224, 224))

    (films,) = entered
    assert films.shape == (1, 3, 224, 224)
    assert torch.equal(films[:, 0], films[:, 1])
    assert torch.equal(films[:, 0], films[:, 2])
