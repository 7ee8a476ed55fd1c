from collections.abc import Mapping

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import helper

pytest.importorskip("torch")

from phantoms import phantom
from plainfilm.adapting.graph_edit import recalibrated
from plainfilm.errors import CorruptBundle
from plainfilm.evaluation.calibration import Platt, softmax
from plainfilm.training.onnx_file import run_onnx
from tiny_bundle import tiny_network

PLATTS = (Platt(0.5, -1.0), Platt(2.0, 0.3), Platt(1.0, 0.0))
FILM = phantom(size=(70, 64))


def say(network: bytes) -> Mapping[str, NDArray[np.float32]]:
    return run_onnx(network, [FILM])[0]


def test_only_the_probability_changes() -> None:
    old = tiny_network(3, 32, 0)
    before, after = say(old), say(recalibrated(old, (0, 1, 2), PLATTS, "sigmoid"))
    expected = [p.apply(before["score"][k]) for k, p in enumerate(PLATTS)]
    assert np.allclose(after["probability"], expected, atol=1e-6)
    for name in ("score", "map", "familiarity"):
        assert np.array_equal(after[name], before[name])


def test_findings_that_exclude_each_other_add_up_to_one() -> None:
    old = tiny_network(3, 32, 0)
    after = say(recalibrated(old, (0, 1, 2), (Platt(0.5, 0.0),) * 3, "softmax"))
    assert np.allclose(after["probability"], softmax(0.5 * say(old)["score"]), atol=1e-6)


@pytest.mark.parametrize("kept", [(0, 2), (1,)])
def test_the_findings_that_stay_are_what_they_were(kept: tuple[int, ...]) -> None:
    old = tiny_network(3, 32, 0)
    before = say(old)
    after = say(recalibrated(old, kept, [PLATTS[k] for k in kept], "sigmoid"))
    for name in ("score", "map"):
        assert np.array_equal(after[name], before[name][list(kept)])
    assert after["probability"].shape == (len(kept),)


def test_a_graph_without_maps_and_familiarity_will_do() -> None:
    old = tiny_network(2, 32, 0, maps=False, familiarity=False)
    assert set(say(recalibrated(old, (0,), PLATTS[:1], "sigmoid"))) == {"probability", "score"}


def test_adapting_again_leaves_nothing_of_the_first_time() -> None:
    old = tiny_network(3, 32, 0)
    once = recalibrated(old, (0, 1, 2), PLATTS, "sigmoid")
    twice = recalibrated(once, (0, 1, 2), PLATTS, "sigmoid")
    assert len(onnx.load_from_string(twice).graph.node) == len(
        onnx.load_from_string(once).graph.node
    )
    names = [tensor.name for tensor in onnx.load_from_string(twice).graph.initializer]
    assert {"slope", "intercept"}.isdisjoint(names)
    assert len(names) == len(onnx.load_from_string(old).graph.initializer)
    assert np.array_equal(say(twice)["probability"], say(once)["probability"])


def test_what_was_made_of_the_old_probability_is_still_made_of_it() -> None:
    proto = onnx.load_from_string(tiny_network(2, 32, 0, familiarity=False))
    axes = helper.make_tensor("last", onnx.TensorProto.INT64, [1], [1])
    proto.graph.initializer.append(axes)
    proto.graph.node.append(
        helper.make_node("ReduceMax", ["probability", "last"], ["familiarity"], keepdims=0)
    )
    proto.graph.output.append(
        helper.make_tensor_value_info("familiarity", onnx.TensorProto.FLOAT, ["N"])
    )
    old = proto.SerializeToString()
    after = say(recalibrated(old, (0, 1), PLATTS[:2], "sigmoid"))
    assert after["familiarity"] == say(old)["familiarity"]


def test_a_graph_without_scores_is_refused() -> None:
    proto = onnx.load_from_string(tiny_network(2, 32, 0))
    del proto.graph.output[1]
    with pytest.raises(CorruptBundle, match="expected score"):
        recalibrated(proto.SerializeToString(), (0, 1), PLATTS[:2], "sigmoid")
