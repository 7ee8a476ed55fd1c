import re

import pytest
import torch

from plainfilm.errors import RecipeError
from plainfilm.networks import Classifier, build
from plainfilm.training.freezing import count_weights, freeze


def learning(network: Classifier) -> list[str]:
    return [name for name, weight in network.named_parameters() if weight.requires_grad]


def meta(name: str) -> Classifier:
    with torch.device("meta"):
        return build(name, 1)


def test_without_a_word_everything_learns() -> None:
    network = build("film-net", 2)

    assert freeze(network, "") == ()
    assert learning(network) == [name for name, _ in network.named_parameters()]


def test_s2_36_the_head_of_vgg16_learns_18_886_657_weights_of_33_601_345() -> None:
    """S2-36: with the body frozen, and without."""
    network = meta("vgg16")
    assert count_weights(network) == (33_601_345, 33_601_345)

    freeze(network, "head")

    assert count_weights(network) == (33_601_345, 18_886_657)


@pytest.mark.parametrize(
    ("name", "before", "first"),
    [
        ("vgg16", "24", "features.24.weight"),
        ("densenet121", "denseblock4", "features.denseblock4.denselayer1.norm1.weight"),
        ("resnet18", "layer4", "features.layer4.0.conv1.weight"),
        ("film-net", "blocks.3", "features.blocks.3.first.0.weight"),
    ],
)
def test_from_a_part_of_the_body_on_all_learns(name: str, before: str, first: str) -> None:
    """S2-36: fine-tuning of a part."""
    network = meta(name)

    freeze(network, before)

    names = [name for name, _ in network.named_parameters()]
    assert learning(network) == names[names.index(first) :]


@pytest.mark.parametrize(
    ("name", "before", "expected"),
    [
        ("vgg16", "body", "found 'body'; expected 'head' or a part of this body, such as 0, 1"),
        ("densenet121", "denseblock", "such as conv0, norm0, pool0, denseblock1"),
        ("film-net", "stem", "nothing that learns comes before 'stem'"),
        ("dense-net", "head", "nothing that learns comes before 'head'"),
    ],
)
def test_what_would_freeze_nothing_is_refused(name: str, before: str, expected: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(expected)):
        freeze(meta(name), before)
