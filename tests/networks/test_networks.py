import re
from pathlib import Path

import pytest
import torch

from plainfilm.errors import RecipeError
from plainfilm.networks import NETWORKS, build
from plainfilm.networks.classifier import last_map_shape

# The two largest are the smaller ones' code with more layers; test_pretrained.py counts them.
RUN = [name for name in NETWORKS if name not in ("densenet201", "densenet264")]


@pytest.mark.parametrize("name", RUN)
def test_every_network_gives_logits_maps_and_statistics(name: str) -> None:
    classifier = build(name, 5, size=80).eval()
    films = torch.rand(2, 1, 80, 80)

    with torch.no_grad():
        last_map, pooled = classifier.embed(films)
        logits = classifier(films)

    assert logits.shape == (2, 5)
    assert last_map.shape[:2] == (2, classifier.features.out_channels)
    assert tuple(last_map.shape[1:]) == last_map_shape(classifier.features, 80)
    assert pooled.ndim == 2
    assert torch.isfinite(pooled).all()


@pytest.mark.parametrize("name", ["film-net", "densenet121", "resnet18", "lenet5", "dense-net"])
def test_the_same_seed_builds_the_same_weights(name: str) -> None:
    torch.manual_seed(3)
    first = build(name, 2, size=64).state_dict()
    torch.manual_seed(3)
    second = build(name, 2, size=64).state_dict()

    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_small_network_has_at_most_a_million_weights() -> None:
    assert sum(weight.numel() for weight in build("film-net", 14).parameters()) <= 1_000_000


def test_the_page_of_networks_tells_their_numbers_of_parameters() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "networks.md"
    rows = re.findall(r"^\| (`.+?) \| ([\d,]+)(?: \((\d+)\))? \|", page.read_text("utf-8"), re.M)
    told = {
        name: (int(count.replace(",", "")), int(size or 224))
        for names, count, size in rows
        for name in re.findall(r"`(.+?)`", names)
    }

    assert set(told) == set(NETWORKS)
    for name, (count, size) in told.items():
        with torch.device("meta"):
            network = build(name, 1, size=size)
        assert sum(weight.numel() for weight in network.parameters()) == count, name


def test_an_unknown_network_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match=r"found 'densenet'.*Did you mean 'dense-net'\?"):
        build("densenet", 2)


def test_every_head_fits_every_network_with_a_map() -> None:
    films = torch.rand(2, 1, 80, 80)
    for head in ("average", "mlp"):
        for name in ("film-net", "resnet18", "alexnet", "conv4"):
            network = build(name, 3, head=head, size=80).eval()
            assert network(films).shape == (2, 3)


def test_a_head_needs_a_map_to_pool() -> None:
    with pytest.raises(RecipeError, match="dense-net has no feature map to pool"):
        build("dense-net", 2, head="average", size=32)


def test_an_unknown_head_is_named() -> None:
    with pytest.raises(RecipeError, match="found 'big'; expected one of own, average, mlp"):
        build("film-net", 2, head="big")


@pytest.mark.parametrize(("name", "size"), [("lenet5", 20), ("alexnet", 48), ("vgg16-flatten", 16)])
def test_films_too_small_for_a_network_are_refused(name: str, size: int) -> None:
    with pytest.raises(RecipeError, match=rf"films of {size} pixels are too small"):
        build(name, 2, size=size)


def test_building_draws_nothing_but_the_weights() -> None:
    """The size of the films, which only a head without a pool needs, changes no draw."""
    states = []
    for size in (64, 96):
        torch.manual_seed(5)
        build("conv4", 2, head="average", size=size)
        states.append(torch.get_rng_state())

    assert torch.equal(*states)
