import pytest
import torch

from plainfilm.errors import RecipeError
from plainfilm.networks import NETWORKS, build


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_logits_maps_and_statistics(name: str) -> None:
    classifier = build(name, 5).eval()
    films = torch.rand(2, 1, 64, 64)

    with torch.no_grad():
        last_map, pooled = classifier.embed(films)
        logits = classifier(films)

    assert logits.shape == (2, 5)
    assert last_map.shape[1] == classifier.head_weight.shape[1]
    assert pooled.ndim == 2
    assert torch.isfinite(pooled).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_seed_builds_the_same_weights(name: str) -> None:
    torch.manual_seed(3)
    first = build(name, 2).state_dict()
    torch.manual_seed(3)
    second = build(name, 2).state_dict()

    assert all(torch.equal(first[key], second[key]) for key in first)


def test_the_small_network_has_at_most_a_million_weights() -> None:
    assert sum(weight.numel() for weight in build("film-net", 14).parameters()) <= 1_000_000


def test_an_unknown_network_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match=r"found 'densenet'.*Did you mean 'densenet121'\?"):
        build("densenet", 2)
