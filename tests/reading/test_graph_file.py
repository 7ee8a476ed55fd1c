"""ONNX files that would reach outside themselves, or loop, are refused before anything runs."""

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from plainfilm.errors import CorruptBundle
from plainfilm.reading.graph_file import check_graph_file, weight_places
from refusals import refusal
from tiny_bundle import tiny_network

NETWORK = tiny_network(2, 16, 0)


def external() -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.external_data.add(key="location", value="../../secret")
    return tensor


def located_elsewhere() -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(1, np.float32), "w")
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def edited(edit: Callable[[onnx.ModelProto], object]) -> bytes:
    network = onnx.load_from_string(NETWORK)
    edit(network)
    content: bytes = network.SerializeToString()
    return content


def empty_graph() -> onnx.GraphProto:
    return helper.make_graph([], "inner", [], [])


def sparse(tensor: onnx.TensorProto) -> onnx.SparseTensorProto:
    return onnx.SparseTensorProto(values=tensor, dims=[1])


def test_a_self_contained_graph_is_let_in() -> None:
    check_graph_file(NETWORK)


def test_weights_inside_are_let_in_wherever_they_stand() -> None:
    inside = numpy_helper.from_array(np.zeros(1, np.float32), "w")

    def edit(network: onnx.ModelProto) -> None:
        network.graph.sparse_initializer.append(sparse(inside))
        attributes = network.graph.node[0].attribute
        attributes.append(helper.make_attribute("t", inside))
        attributes.append(helper.make_attribute("s", sparse(inside)))
        network.graph.node[0].domain = "ai.onnx"
        network.graph.initializer[0].data_location = TensorProto.DEFAULT

    check_graph_file(edited(edit))


@pytest.mark.parametrize("tensor", [external(), located_elsewhere()])
def test_weights_in_another_file_are_refused_wherever_they_stand(tensor: onnx.TensorProto) -> None:
    def node_of(network: onnx.ModelProto) -> onnx.NodeProto:
        return network.graph.node[0]

    edits = [
        lambda n: n.graph.initializer.append(tensor),
        lambda n: n.graph.sparse_initializer.append(sparse(tensor)),
        lambda n: node_of(n).attribute.append(helper.make_attribute("t", tensor)),
        lambda n: node_of(n).attribute.append(helper.make_attribute("t", [tensor])),
        lambda n: node_of(n).attribute.append(helper.make_attribute("t", sparse(tensor))),
    ]
    for edit in edits:
        with pytest.raises(CorruptBundle, match="weights in another file"):
            check_graph_file(edited(edit))


def test_a_foreign_operator_is_refused_by_name() -> None:
    def edit(network: onnx.ModelProto) -> None:
        node = helper.make_node("RunShell", ["a"], ["b"], domain="evil")
        network.graph.node.append(node)

    with pytest.raises(CorruptBundle, match="operator RunShell is not one of ONNX's own"):
        check_graph_file(edited(edit))


def test_a_graph_inside_a_node_is_refused() -> None:
    for value in (empty_graph(), [empty_graph()]):
        node = helper.make_node("Loop", ["a"], ["b"], body=value)

        with pytest.raises(CorruptBundle, match="Loop holds a graph"):
            check_graph_file(edited(lambda n, node=node: n.graph.node.append(node)))


def test_functions_and_training_steps_are_refused() -> None:
    function = helper.make_function("evil", "F", ["a"], ["b"], [], [])
    edits = [
        lambda n: n.functions.append(function),
        lambda n: n.training_info.append(onnx.TrainingInfoProto(initialization=empty_graph())),
    ]
    for edit in edits:
        with pytest.raises(CorruptBundle, match="expected one graph"):
            check_graph_file(edited(edit))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found 0 graphs"),
        (NETWORK + b"\x3a\x00", "found 2 graphs"),
        (b"\x38\x01", "a field of the wrong kind"),
        (b"\x3b", "wire type 3"),
        (b"\x0d\x00", "cut short"),
        (b"\x09" + bytes(8), "found 0 graphs"),
        (b"\x0d" + bytes(4), "found 0 graphs"),
        (b"\x3a\x05abc", "cut short"),
        (b"\x3a", "cut short"),
        (b"\xff" * 11, "more than 70 bits"),
        (NETWORK[:-1], "cut short"),
    ],
)
def test_what_is_no_onnx_file_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(CorruptBundle, match=message):
        check_graph_file(content)


@given(st.binary(max_size=50))
def test_any_bytes_are_let_in_or_refused_in_words(content: bytes) -> None:
    message = refusal(lambda: check_graph_file(content))

    assert message is None or message.startswith("network.onnx")


def test_the_places_of_weights_are_those_of_their_bytes() -> None:
    weights = [np.arange(5, dtype=np.float32), np.array(7, np.int64), np.ones((2, 3), np.float32)]
    tensors = [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)]
    content = edited(lambda network: network.graph.initializer.extend(tensors))
    found = {content[start:end] for start, end in weight_places(content)}
    assert {weights[0].tobytes(), weights[2].tobytes()} <= found
    assert weights[1].tobytes() not in found
