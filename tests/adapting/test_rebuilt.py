from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from drawn_parent import SIZE, exported_bundle
from phantoms import phantom
from plainfilm.adapting.rebuilt import rebuild_networks
from plainfilm.errors import BundleError
from plainfilm.reading.bundle import Bundle
from plainfilm.training.graph import Fit
from plainfilm.training.onnx_file import run_onnx
from tiny_bundle import tiny_bundle

FILMS = [phantom(size=(70, 64), seed=seed) for seed in range(3)]


def scores(bundle: Bundle, kept: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Of the rebuilt networks and of the graph."""
    networks, fit = rebuild_networks(bundle, kept, FILMS), Fit(bundle.header.input.size)
    fitted = torch.cat([fit(torch.from_numpy(film)[None, None]) for film in FILMS])
    with torch.no_grad():
        ours = torch.stack([network(fitted) for network in networks]).mean(dim=0).numpy()
    said = np.stack([each["score"][list(kept)] for each in run_onnx(bundle.network, FILMS)])
    return ours, said


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return exported_bundle()


@pytest.mark.parametrize("kept", [(0, 1), (1,)])
def test_the_networks_come_back_with_normalisations_that_were_merged(
    bundle: Bundle, kept: tuple[int, ...]
) -> None:
    ours, said = scores(bundle, kept)
    assert ours.shape == (3, len(kept))
    assert np.allclose(ours, said, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "head", "size"),
    [("densenet121", "own", 64), ("resnet18", "mlp", 64), ("vgg16", "own", 64),
     ("lenet5", "own", SIZE)],
)  # fmt: skip
def test_every_kind_of_network_comes_back(name: str, head: str, size: int) -> None:
    ours, said = scores(exported_bundle(name, 1, size, head), (0, 1))
    assert np.allclose(ours, said, atol=1e-5 * (1 + np.abs(said).max()))


def with_recipe(bundle: Bundle, old: str, new: str) -> Bundle:
    source = bundle.header.provenance
    recipe = replace(source, recipe_toml=source.recipe_toml.replace(old, new))
    return replace(bundle, header=replace(bundle.header, provenance=recipe))


def test_a_recipe_that_is_not_the_graph_s_is_found_out(bundle: Bundle) -> None:
    other = with_recipe(bundle, "[network]", '[network]\nnormalise = "unit"')
    with pytest.raises(BundleError, match=r"differ by .* in a score; expected 1e-05 at most"):
        rebuild_networks(other, (0, 1), ())
    with pytest.raises(BundleError, match=r"its graph has no features\.\S+ of \("):
        rebuild_networks(with_recipe(bundle, "film-net", "resnet18"), (0, 1), ())


def test_a_bundle_that_does_not_say_its_network_is_refused_with_advice() -> None:
    words = r"does not say which of our networks it is. Instead adapt its last layer \(--head\)"
    for recipe in ("", '[network]\nname = "encoder"\n'):
        tiny = tiny_bundle(2)
        source = replace(tiny.header.provenance, recipe_toml=recipe)
        with pytest.raises(BundleError, match=words):
            rebuild_networks(
                replace(tiny, header=replace(tiny.header, provenance=source)), (0, 1), ()
            )
