from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

pytest.importorskip("torch")

from phantoms import phantom
from plainfilm.adapting.graph_edit import recalibrated
from plainfilm.adapting.last_layer import find_last_layer, see_features, with_last_layer
from plainfilm.errors import BundleError
from plainfilm.evaluation.calibration import Platt
from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.training.join import join
from plainfilm.training.onnx_file import run_onnx
from tiny_bundle import tiny_bundle

FILMS = [phantom(size=(70, 64), seed=seed) for seed in range(3)]
TINY = tiny_bundle(3)


def test_the_scores_are_the_layer_s_of_what_stands_before_it() -> None:
    layer = find_last_layer(TINY)
    features = see_features(TINY.network, layer, FILMS)
    said = np.stack([each["score"] for each in run_onnx(TINY.network, FILMS)])
    assert features.shape == (3, 4)
    assert np.allclose(features @ layer.weight.T + layer.bias, said, atol=1e-5)


def test_a_new_layer_gives_its_scores_and_the_maps_add_up_to_them() -> None:
    layer = find_last_layer(TINY)
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=layer.weight.shape), rng.normal(size=3)
    changed = with_last_layer(TINY.network, layer, weight, bias)
    features = see_features(TINY.network, layer, FILMS)
    for answers, row in zip(run_onnx(changed, FILMS), features, strict=True):
        assert np.allclose(answers["score"], weight @ row + bias, atol=1e-5)
        assert np.allclose(answers["map"].sum(axis=(1, 2)) + bias, answers["score"], atol=1e-4)
    for before, after in zip(run_onnx(TINY.network, FILMS), run_onnx(changed, FILMS), strict=True):
        assert np.array_equal(before["familiarity"], after["familiarity"])


def test_findings_that_were_left_out_keep_their_place() -> None:
    network = recalibrated(TINY.network, (0, 2), (Platt(1, 0),) * 2, "sigmoid")
    label_set = replace(TINY.header.label_set, findings=TINY.header.label_set.findings[::2])
    names = label_set.names
    header = replace(
        TINY.header,
        label_set=label_set,
        thresholds=dict.fromkeys(names, 0.5),
        calibration=replace(TINY.header.calibration, prevalence=dict.fromkeys(names, 0.5)),
    )
    films = TINY.golden.radiographs
    bundle = Bundle(header, network, Golden(films, tuple(run_onnx(network, films))), card="#")
    layer = find_last_layer(bundle)
    assert layer.rows == (0, 2)
    new = with_last_layer(network, layer, 2 * layer.weight, layer.bias + 1)
    for before, after in zip(run_onnx(network, FILMS), run_onnx(new, FILMS), strict=True):
        expected = 2 * before["score"] - layer.bias + 1
        assert np.allclose(after["score"], expected, atol=1e-5)
        assert np.allclose(after["map"], 2 * before["map"], atol=1e-5)


def test_joined_bundles_are_told_to_be_adapted_one_by_one() -> None:
    joined = join([tiny_bundle(2), tiny_bundle(2, seed=1)], "both")
    with pytest.raises(BundleError, match="joined of several bundles: adapt each of them"):
        find_last_layer(joined)


def test_a_graph_without_a_linear_end_is_refused() -> None:
    proto = onnx.load_from_string(TINY.network)
    (gemm,) = [node for node in proto.graph.node if node.op_type == "Gemm"]
    gemm.output[0] = "before"
    place = list(proto.graph.node).index(gemm) + 1
    proto.graph.node.insert(place, onnx.helper.make_node("Tanh", ["before"], ["score"]))
    other = replace(TINY, network=proto.SerializeToString())
    with pytest.raises(BundleError, match="does not end in a linear layer"):
        find_last_layer(other)


def test_maps_that_hang_on_another_copy_of_the_layer_are_found_out() -> None:
    proto = onnx.load_from_string(TINY.network)
    (kernel,) = [t for t in proto.graph.initializer if t.name == "map_kernel"]
    values = numpy_helper.to_array(kernel).copy()
    values[0, 0] *= 1.5
    kernel.CopyFrom(numpy_helper.from_array(values, "map_kernel"))
    other = replace(TINY, network=proto.SerializeToString())
    with pytest.raises(BundleError, match="a copy of the layer that is not found"):
        find_last_layer(other)


def test_golden_outputs_of_another_layer_are_found_out() -> None:
    outputs = tuple({**each, "score": each["score"] + 1e-3} for each in TINY.golden.outputs)
    other = replace(TINY, golden=replace(TINY.golden, outputs=outputs))
    with pytest.raises(BundleError, match="its scores differ from its last layer's by"):
        find_last_layer(other)
