"""A tiny bundle that is told age, sex and view beside the film."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from plainfilm.reading.bundle import Bundle, Golden
from plainfilm.reading.facts import CODING, FACTS, width
from plainfilm.reading.header_parts import FactsInput
from plainfilm.training.golden import draw_facts
from plainfilm.training.onnx_file import run_onnx
from tiny_bundle import tiny_bundle

WEIGHTS = np.linspace(-1, 1, 2 * width(FACTS), dtype=np.float32).reshape(2, -1)
"""What each column of the facts adds to the two scores."""


def told_bundle() -> Bundle:
    """`tiny_bundle()`, whose scores grow by `WEIGHTS` of what it is told."""
    plain = tiny_bundle(2)
    names, films = FACTS, plain.golden.radiographs
    network, facts = told_network(plain.network), draw_facts(names)[1 : 1 + len(films)]
    stated = replace(plain.header.input, facts=FactsInput(names, CODING))
    return Bundle(
        replace(plain.header, name="told", input=stated),
        network,
        Golden(films, tuple(run_onnx(network, films, facts)), facts),
        card="# told\n",
    )


def told_network(network: bytes) -> bytes:
    """A tiny graph of two findings with the input `facts`, which is added to its score."""
    proto = onnx.load_model_from_string(network)
    graph = proto.graph
    (place,) = (i for i, node in enumerate(graph.node) if list(node.output) == ["score"])
    graph.node[place].output[:] = ["seen"]
    graph.node.insert(place + 1, helper.make_node("Gemm", ["facts", "weights"], ["told"], transB=1))
    graph.node.insert(place + 2, helper.make_node("Add", ["seen", "told"], ["score"]))
    graph.initializer.append(numpy_helper.from_array(WEIGHTS, "weights"))
    shape = ["N", WEIGHTS.shape[1]]
    graph.input.append(helper.make_tensor_value_info("facts", TensorProto.FLOAT, shape))
    content: bytes = proto.SerializeToString(deterministic=True)
    return content
