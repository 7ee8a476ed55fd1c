from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from phantoms import phantom
from plainfilm.datasets.seen import FOR_PROGRAMS
from plainfilm.errors import BundleError
from plainfilm.reading import Engine
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled, open_bundle
from plainfilm.training.cut_encoder import CutEncoder, cut_encoder, save_encoder
from plainfilm.training.encoder_file import open_encoder
from plainfilm.training.recipe import Recipe


@pytest.fixture(scope="module", params=[path.name for path in bundled()])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return open_bundle(str(request.param).removesuffix(".bundle"))


def test_the_head_on_the_cut_features_is_the_bundle_s_score(bundle: Bundle, tmp_path: Path) -> None:
    """The bundle's own heads, taken from its graph, applied in numpy to what the encoder gives."""
    cut, size = cut_encoder(bundle, str(tmp_path / "cut.onnx")), bundle.header.input.size
    save_encoder(cut, tmp_path / "cut.onnx")
    film = phantom(size=(size, size), seed=3).astype(np.float32)[None, None]
    values = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_model_from_string(bundle.network).graph.initializer
    }
    heads = [(values[f"{key}.weight"], values[f"{key}.bias"]) for key in _heads(values)]

    encoder = open_encoder(Recipe.from_toml(cut.recipe).encoder, size)
    details = bundle.header.provenance.details
    assert encoder.learned == {key: details[key] for key in FOR_PROGRAMS if key in details} != {}
    features = encoder.session.run(film)[0].mean(axis=(1, 2))

    parts = np.split(features, len(heads))
    scores = [w @ part + b for part, (w, b) in zip(parts, heads, strict=True)]
    expected = Engine(bundle, threads=1).run(film).score[0]
    assert np.abs(np.mean(scores, axis=0) - expected).max() <= 1e-5


def _heads(values: dict[str, np.ndarray]) -> list[str]:
    ends = ".classifier.weight"
    return sorted(name.removesuffix(".weight") for name in values if name.endswith(ends))


def test_it_says_what_a_recipe_begins_with(bundle: Bundle) -> None:
    recipe = Recipe.from_toml(cut_encoder(bundle, "a.onnx").recipe)

    assert (recipe.network.name, recipe.data.size) == ("encoder", bundle.header.input.size)
    assert recipe.encoder.file == "a.onnx"
    assert bundle.id.sha256 in recipe.encoder.source
    assert recipe.release.licences.weights == bundle.header.licences.weights


def test_a_bundle_without_maps_is_refused() -> None:
    blind = open_bundle("pneumonia-paediatric")
    model = onnx.load_model_from_string(blind.network)
    outputs = [output for output in model.graph.output if output.name != "map"]
    nodes = [node for node in model.graph.node if "map" not in node.output]
    del model.graph.output[:], model.graph.node[:]
    model.graph.output.extend(outputs)
    model.graph.node.extend(nodes)
    golden = replace(
        blind.golden,
        outputs=tuple({k: v for k, v in o.items() if k != "map"} for o in blind.golden.outputs),
    )
    header = replace(blind.header, map=None)
    made = replace(blind, header=header, network=model.SerializeToString(), golden=golden)

    with pytest.raises(BundleError, match="has no map, so its last feature map cannot be found"):
        cut_encoder(made, "a.onnx")


def test_a_head_that_is_not_linear_is_refused() -> None:
    bundle = open_bundle("pneumonia-paediatric")
    model = onnx.load_model_from_string(bundle.network)
    (last,) = (node for node in model.graph.node if "map" in node.output)
    last.output[0] = "raw_map"
    model.graph.node.append(onnx.helper.make_node("Relu", ["raw_map"], ["map"]))

    with pytest.raises(BundleError, match="its head is no linear layer, so it cannot be cut off"):
        cut_encoder(replace(bundle, network=model.SerializeToString()), "a.onnx")


def test_what_is_there_stays(tmp_path: Path) -> None:
    path, cut = tmp_path / "mine.onnx", CutEncoder(b"new", "")
    path.write_bytes(b"mine")

    with pytest.raises(BundleError, match=r"mine\.onnx: is there already"):
        save_encoder(cut, path)
    assert path.read_bytes() == b"mine"

    save_encoder(cut, path, overwrite=True)
    assert path.read_bytes() == b"new"


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"a\.onnx: cannot be written"):
        save_encoder(CutEncoder(b"new", ""), tmp_path / "gone" / "a.onnx")
