"""A bundle's graph with other calibrators, and without the outputs that nobody could calibrate.

Whatever gave `probability` is taken out and made anew from `score`, so that nothing has to be known
of how it was computed: the same edit fits graphs exported here, imported ones and adapted ones.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, NodeProto, helper, numpy_helper

from plainfilm.errors import CorruptBundle
from plainfilm.evaluation.calibration import Platt
from plainfilm.training.graph import Link

_SCORE, _PROBABILITY, _MAP = "score", "probability", "map"
_PER_FINDING = (_PROBABILITY, _SCORE, _MAP)


def recalibrated(network: bytes, kept: Sequence[int], platts: Sequence[Platt], link: Link) -> bytes:
    """The graph whose probability = link(slope x score + intercept), of the kept findings only.

    Parameters
    ----------
    network
        A bundle's network.onnx.
    kept
        Positions of the findings that stay, ascending.
    platts
        One calibrator for each of them.
    link
        "softmax" where exactly one of the findings holds for a film.

    Returns
    -------
    Scores, maps and familiarity are what they were.

    Raises
    ------
    CorruptBundle
        The graph has no `score` of so many findings.
    """
    proto = onnx.load_model_from_string(network)
    graph = proto.graph
    outputs = {output.name: output for output in graph.output}
    if _SCORE not in outputs or _PROBABILITY not in outputs:
        raise CorruptBundle(f"network.onnx: outputs {', '.join(outputs)}; expected {_SCORE}")
    _rename(graph, _PROBABILITY, _fresh(graph, "former_probability"))
    if len(kept) < outputs[_SCORE].type.tensor_type.shape.dim[1].dim_value:
        for name in (_SCORE, _MAP):
            if name in outputs:
                _keep_columns(graph, name, kept)
        for name in set(_PER_FINDING) & set(outputs):
            outputs[name].type.tensor_type.shape.dim[1].dim_value = len(kept)
    _calibrate(graph, platts, link)
    _drop_unused(graph)
    del graph.value_info[:]  # some of them were of what is gone
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _calibrate(graph: GraphProto, platts: Sequence[Platt], link: Link) -> None:
    slope = _constant(graph, "slope", np.array([p.slope for p in platts], np.float32))
    intercept = _constant(graph, "intercept", np.array([p.intercept for p in platts], np.float32))
    sloped, logit = _fresh(graph, "sloped"), _fresh(graph, "logit")
    graph.node.append(helper.make_node("Mul", [_SCORE, slope], [sloped]))
    graph.node.append(helper.make_node("Add", [sloped, intercept], [logit]))
    if link == "softmax":
        graph.node.append(helper.make_node("Softmax", [logit], [_PROBABILITY], axis=1))
    else:
        graph.node.append(helper.make_node("Sigmoid", [logit], [_PROBABILITY]))


def _keep_columns(graph: GraphProto, name: str, kept: Sequence[int]) -> None:
    whole = _fresh(graph, f"whole_{name}")
    _rename(graph, name, whole)
    places = _constant(graph, f"kept_{name}", np.array(kept, np.int64))
    graph.node.append(helper.make_node("Gather", [whole, places], [name], axis=1))


def _constant(graph: GraphProto, name: str, values: NDArray[Any]) -> str:
    name = _fresh(graph, name)
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def _fresh(graph: GraphProto, name: str) -> str:
    """A name that nothing in the graph has."""
    taken = {n for node in graph.node for n in (*node.output, *_read_by(node))}
    taken |= {tensor.name for tensor in graph.initializer} | {o.name for o in graph.output}
    number = 1
    while f"adapted_{name}_{number}" in taken:
        number += 1
    return f"adapted_{name}_{number}"


def _rename(graph: GraphProto, old: str, new: str) -> None:
    """Call a value otherwise, wherever a node gives or takes it; the output keeps its name."""
    for node in graph.node:
        for names in (node.output, node.input):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new
        for inner in _subgraphs(node):
            _rename(inner, old, new)


def _drop_unused(graph: GraphProto) -> None:
    """Take out the nodes and constants on which no output depends."""
    needed, nodes = {output.name for output in graph.output}, []
    for node in reversed(graph.node):  # nodes stand in the order of their work
        if needed & set(node.output):
            needed |= set(_read_by(node))
            nodes.append(node)
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(constants)


def _read_by(node: NodeProto) -> Iterable[str]:
    """The values a node takes, those that its inner graphs take from outside among them."""
    yield from node.input
    for inner in _subgraphs(node):
        yield from (name for each in inner.node for name in _read_by(each))
        yield from (output.name for output in inner.output)


def _subgraphs(node: NodeProto) -> list[GraphProto]:
    return [a.g for a in node.attribute if a.type == AttributeProto.GRAPH]
