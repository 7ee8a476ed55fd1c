import pytest
import torch

from plainfilm.networks import build
from plainfilm.networks.pretrained import DenseNetFeatures


@pytest.fixture(scope="module")
def densenet() -> torch.nn.Module:
    return build("densenet121", 14)


def test_densenet121_has_the_papers_number_of_weights(densenet: torch.nn.Module) -> None:
    assert sum(weight.numel() for weight in densenet.parameters()) == 6_968_206
    body = DenseNetFeatures()
    assert sum(weight.numel() for weight in body.parameters()) == 6_953_856


def test_densenet121_has_torchvisions_keys_and_no_others(densenet: torch.nn.Module) -> None:
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


def test_densenet121_has_torchvisions_shapes(densenet: torch.nn.Module) -> None:
    shapes = {key: tuple(value.shape) for key, value in densenet.state_dict().items()}

    assert shapes["features.conv0.weight"] == (64, 3, 7, 7)
    assert shapes["features.denseblock2.denselayer12.conv1.weight"] == (128, 480, 1, 1)
    assert shapes["features.denseblock4.denselayer16.conv2.weight"] == (32, 128, 3, 3)
    assert shapes["features.transition3.conv.weight"] == (512, 1024, 1, 1)
    assert shapes["classifier.weight"] == (14, 1024)


def test_a_grey_film_equals_its_three_channel_copy() -> None:
    body = DenseNetFeatures(blocks=(2, 2)).eval()
    grey = torch.rand(2, 1, 32, 32)

    assert torch.equal(body(grey), body(grey.repeat(1, 3, 1, 1)))


def test_the_last_map_is_a_thirty_second_of_the_film() -> None:
    maps = DenseNetFeatures(blocks=(1, 1, 1, 1)).eval().stages(torch.rand(1, 1, 96, 96))

    assert [tuple(one.shape[2:]) for one in maps] == [(12, 12), (6, 6), (3, 3), (3, 3)]
    assert (maps[-1] >= 0).all()
