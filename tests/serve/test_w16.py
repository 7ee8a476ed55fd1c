"""Weights travel as float16: half the bytes, the same graph, nearly the same answers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from plainfilm.errors import CorruptBundle
from plainfilm.reading.shelf import bundled, open_bundle
from plainfilm.reading.verify import verify
from plainfilm.serve import w16
from tiny_bundle import tiny_network


def graph_of(*weights: np.ndarray) -> bytes:
    tensors = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)]
    graph = helper.make_graph([], "weights", [], [], tensors)
    content: bytes = helper.make_model(graph, ir_version=9).SerializeToString()
    return content


@given(st.lists(st.floats(-6e4, 6e4, width=32), min_size=w16.FEWEST, max_size=400))
def test_a_weight_comes_back_within_half_a_step_of_float16(values: list[float]) -> None:
    weights = np.array(values, np.float32)
    graph = w16.expand(w16.pack(graph_of(weights)))
    assert graph == graph_of(weights.astype(np.float16).astype(np.float32))


def test_few_weights_huge_weights_and_whole_numbers_come_back_exactly() -> None:
    few = np.full(w16.FEWEST - 1, 1 / 3, np.float32)
    huge = np.full(w16.FEWEST, 1e5, np.float32)
    odd = np.full(w16.FEWEST, np.nan, np.float32)
    whole = np.arange(1000, dtype=np.int64)
    graph = graph_of(few, huge, odd, whole)
    assert w16.expand(w16.pack(graph)) == graph


def test_large_weights_take_half_the_bytes() -> None:
    graph = graph_of(np.linspace(-1, 1, 10_000, dtype=np.float32))
    assert len(w16.pack(graph)) < 0.51 * len(graph)


def test_weights_that_are_no_floats_are_left_alone() -> None:
    doubles = graph_of(np.linspace(0, 1, 1000))
    assert w16.expand(w16.pack(doubles)) == doubles
    listed = helper.make_tensor("w", TensorProto.FLOAT, [300], [0.1] * 300)  # not as raw bytes
    graph = helper.make_graph([], "listed", [], [], [listed])
    content = helper.make_model(graph, ir_version=9).SerializeToString()
    assert w16.expand(w16.pack(content)) == content


@pytest.mark.parametrize("cut", [1, 8, 30])
def test_a_file_cut_short_is_refused(cut: int) -> None:
    packed = w16.pack(graph_of(np.ones(300, np.float32)))
    with pytest.raises(ValueError):
        w16.expand(packed[:-cut])
    with pytest.raises(ValueError, match="expected a w16 file"):
        w16.expand(b"other" + packed)


def test_what_is_no_graph_is_refused() -> None:
    with pytest.raises(CorruptBundle):
        w16.pack(tiny_network(2, 16, 0)[:-1])


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_a_shipped_bundle_answers_the_same_to_a_thousandth(path) -> None:
    bundle = open_bundle(path)
    verify(replace(bundle, network=w16.expand(w16.pack(bundle.network))), tolerance=1e-3)
