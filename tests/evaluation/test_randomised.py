from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from phantoms import phantom
from plainfilm.evaluation.randomised import rank_correlation, with_random_head
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine
from tiny_bundle import tiny_bundle

FILM = phantom(size=(64, 64))[None, None]


def with_map_of_its_own(bundle: Bundle) -> Bundle:
    """The bundle with a map that does not hang on its last layer: planted."""
    model = onnx.load_from_string(bundle.network)
    for stored in model.graph.initializer:
        if stored.name == "map_kernel":
            values = np.random.default_rng(9).normal(size=stored.dims).astype(np.float32)
            stored.CopyFrom(numpy_helper.from_array(values, stored.name))
    return replace(bundle, network=model.SerializeToString())


def test_scores_and_maps_change_together() -> None:
    bundle = tiny_bundle(3)
    changed = with_random_head(bundle)
    assert changed is not None
    before, after = (Engine(each, threads=1).run(FILM) for each in (bundle, changed))
    assert before.map is not None
    assert after.map is not None
    assert not np.allclose(before.score, after.score)
    bias = before.score - before.map.sum(axis=(2, 3))  # a map adds up to its logit less the bias
    np.testing.assert_allclose(after.score - after.map.sum(axis=(2, 3)), bias, atol=1e-4)


def test_a_map_that_ignores_the_last_layer_stays_the_same() -> None:
    bundle = with_map_of_its_own(tiny_bundle(2))
    changed = with_random_head(bundle)
    assert changed is not None
    before, after = (Engine(each, threads=1).run(FILM) for each in (bundle, changed))
    assert before.map is not None
    assert after.map is not None
    assert not np.allclose(before.score, after.score)
    np.testing.assert_array_equal(before.map, after.map)
    assert rank_correlation(before.map[0, 0], after.map[0, 0]) == pytest.approx(1)


def test_a_graph_without_such_a_layer_gives_none() -> None:
    bundle = tiny_bundle(2)
    model = onnx.load_from_string(bundle.network)
    for node in model.graph.node:
        if node.op_type == "Gemm":
            node.op_type = "Other"
    assert with_random_head(replace(bundle, network=model.SerializeToString())) is None


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 6, (5, 8)), rng.integers(0, 6, (5, 8))
    ranks = [
        [(values > v).sum() + (values == v).sum() / 2 for v in values.ravel()]
        for values in (-one, -other)
    ]
    expected = np.corrcoef(ranks)[0, 1]
    assert rank_correlation(one, other) == pytest.approx(expected)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(one, np.zeros_like(one)) == 0
