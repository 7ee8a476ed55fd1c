from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from plainfilm.networks.classifier import last_map_shape
from plainfilm.training.encoder_network import EncoderFeatures, build_on_encoder, encoder_of
from plainfilm.training.graph import evidence
from tiny_encoders import D, encoder_recipe, toned, write_encoder
from tiny_training import SIZE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "a.onnx")


@pytest.mark.parametrize(
    ("output", "gives", "shape"),
    [
        ("tokens", "tokens", (D, 4, 4)),
        ("features", "map", (D, 4, 4)),
        ("summary", "embedding", (D, 1, 1)),
        ("tokens", "first-token", (D, 1, 1)),
    ],
)
def test_whatever_an_encoder_gives_becomes_a_map(
    path: Path, output: str, gives: str, shape: tuple[int, ...]
) -> None:
    network = build_on_encoder(encoder_recipe(path, output=output, gives=gives), 2)

    assert last_map_shape(network.features, SIZE) == shape
    assert network.has_map == (shape[1:] != (1, 1))
    assert network.head_weight.shape == (2, D)


def test_all_four_ways_give_one_embedding(path: Path) -> None:
    """The tiny encoder's summary is its map's mean, which is its first token, too."""
    films = torch.rand(3, 1, SIZE, SIZE)
    ways = (("tokens", "tokens"), ("features", "map"), ("summary", "embedding"))
    ways = (*ways, ("tokens", "first-token"))

    each = [
        build_on_encoder(encoder_recipe(path, output=output, gives=gives), 1)
        .features(films)
        .mean(dim=(2, 3))
        for output, gives in ways
    ]

    assert all(torch.allclose(found, each[0], atol=1e-5) for found in each)


def test_the_encoder_sees_normalised_films(path: Path) -> None:
    features = build_on_encoder(encoder_recipe(path), 1).features
    films = np.random.default_rng(0).random((2, SIZE, SIZE), np.float32)
    assert isinstance(features, EncoderFeatures)

    given = features.file.session.run(toned(films))

    found = features(torch.from_numpy(films)[:, None]).flatten(2).transpose(1, 2).numpy()
    assert np.allclose(found, given[:, 1:], atol=1e-5)


def test_the_map_of_a_linear_head_adds_up_to_the_logit(path: Path) -> None:
    network = build_on_encoder(encoder_recipe(path), 2).eval()
    films = torch.rand(2, 1, SIZE, SIZE)
    with torch.no_grad():
        last = network.features(films)
        maps, logits = evidence(network, last), network(films)

    assert torch.allclose(maps.sum(dim=(2, 3)) + network.head_bias, logits, atol=1e-5)


def test_only_the_head_has_weights_that_learn(path: Path) -> None:
    linear = build_on_encoder(encoder_recipe(path), 2)
    hidden = build_on_encoder(encoder_recipe(path, "network.head=mlp", "encoder.hidden=5"), 2)

    assert set(linear.state_dict()) == {"classifier.weight", "classifier.bias"}
    assert isinstance(hidden.classifier, nn.Sequential)
    assert hidden.classifier[0].weight.shape == (5, D)  # type: ignore[union-attr]


def test_a_network_of_its_own_features_has_no_encoder(path: Path) -> None:
    from plainfilm.networks import build

    assert encoder_of(build("film-net", 1)) is None
    assert encoder_of(build_on_encoder(encoder_recipe(path), 1)) is not None
