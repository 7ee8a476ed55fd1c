"""The last linear layer of a finished graph: found, looked before, and written anew.

A bundle's score is `features @ weight.T + bias`, or the mean of several networks' such layers. What
stands before the layer can be asked for as an output of the same graph, so that a new layer is
learned, and put into its place, without a framework's network behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from plainfilm.errors import BundleError
from plainfilm.evaluation.metrics import Floats
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.training.graph import INPUT

SCORE, MAP = "score", "map"
PARITY = 1e-5  # of a score, beside 1 + its size
_COPY_PARITY = 1e-6  # of a constant that is the weights times a number, beside its largest value

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LastLayer:
    """Where a graph's scores come from.

    Parameters
    ----------
    features
        For each network, the name of the value (N, V) before its layer.
    weights, biases
        For each network, the names of the layer's constants: (L, V) and (L,).
    rows
        For each finding of the bundle, its row in them.
    weight, bias
        float64 (K, n V) and (K,): score = x @ weight.T + bias, where x is all networks' features
        side by side, divided by the number n of networks.
    """

    features: tuple[str, ...]
    weights: tuple[str, ...]
    biases: tuple[str, ...]
    rows: tuple[int, ...]
    weight: Floats
    bias: Floats


def find_last_layer(bundle: Bundle) -> LastLayer:
    """The last layer of a bundle's graph, proven on its golden radiographs.

    Raises
    ------
    BundleError
        The graph does not end in a linear layer, or its maps depend on a copy of the layer that
        cannot be told from other constants.
    """
    proto = onnx.load_model_from_string(bundle.network)
    found = _trace(bundle, proto.graph)
    x = see_features(bundle.network, found, bundle.golden.radiographs)
    said = np.stack([np.asarray(each[SCORE], np.float64) for each in bundle.golden.outputs])
    gap = float((np.abs(x @ found.weight.T + found.bias - said) / (1 + np.abs(said))).max())
    if not gap <= PARITY:  # written so that NaN fails
        raise _no_layer(bundle, f"its scores differ from its last layer's by {gap:.2g}")
    if MAP in {output.name for output in proto.graph.output}:
        zeros = with_last_layer(bundle.network, found, 0 * found.weight, found.bias)
        maps = [each[0] for each in _run(zeros, bundle.golden.radiographs, [MAP])]
        if max(float(np.abs(each).max()) for each in maps) > 0:
            raise _no_layer(bundle, "its maps are made with a copy of the layer that is not found")
    return found


def see_features(network: bytes, layer: LastLayer, radiographs: Iterable[Pixels]) -> Floats:
    """What stands before the layer, float64 (n, networks x V), divided by the number of networks.

    Parameters
    ----------
    radiographs
        float32 (H, W) in [0, 1], of any size.
    """
    proto = onnx.load_model_from_string(network)
    for name in layer.features:
        proto.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    seen = _run(proto.SerializeToString(), radiographs, list(dict.fromkeys(layer.features)))
    by_name = [dict(zip(dict.fromkeys(layer.features), row, strict=True)) for row in seen]
    rows = [np.concatenate([row[name][0] for name in layer.features]) for row in by_name]
    return np.stack(rows).astype(np.float64) / len(layer.features)


def with_last_layer(network: bytes, layer: LastLayer, weight: Floats, bias: Floats) -> bytes:
    """The graph with another last layer; its maps follow, everything else stays.

    Parameters
    ----------
    weight, bias
        As `LastLayer` has them, of all the bundle's findings.
    """
    proto = onnx.load_model_from_string(network)
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    n, rows = len(layer.weights), list(layer.rows)
    for place, part in enumerate(np.split(weight, n, axis=1)):
        old = numpy_helper.to_array(constants[layer.weights[place]])
        new = old.copy()
        new[rows] = part.astype(np.float32)
        for tensor, share in _copies(proto, layer.weights[place], old):
            shape = numpy_helper.to_array(tensor).shape
            _write(tensor, (share * new.astype(np.float64)).reshape(shape).astype(np.float32))
        _write(constants[layer.weights[place]], new)
        shifted = numpy_helper.to_array(constants[layer.biases[place]]).copy()
        shifted[rows] += (bias - layer.bias).astype(np.float32)
        _write(constants[layer.biases[place]], shifted)
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def _trace(bundle: Bundle, graph: GraphProto) -> LastLayer:
    """Back from the scores through choices and means of networks to their layers."""
    made_by = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    value, rows = SCORE, np.arange(len(bundle.header.label_set))
    node = made_by.get(value)
    while node is not None and node.op_type in ("Gather", "Identity"):
        if node.op_type == "Gather":
            rows = constants[node.input[1]][rows]
        node = made_by.get(node.input[0])
    layers = [] if node is None else _layers(node, made_by)
    if not layers or any(not set(layer.input[1:]) <= set(constants) for layer in layers):
        raise _no_layer(bundle, _why(graph))
    weights = [constants[layer.input[1]][rows].astype(np.float64) for layer in layers]
    biases = [constants[layer.input[2]][rows].astype(np.float64) for layer in layers]
    return LastLayer(
        tuple(layer.input[0] for layer in layers),
        tuple(layer.input[1] for layer in layers),
        tuple(layer.input[2] for layer in layers),
        tuple(rows.tolist()),
        np.concatenate(weights, axis=1),
        np.mean(biases, axis=0),
    )


def _layers(node: NodeProto, made_by: dict[str, NodeProto]) -> list[NodeProto]:
    """The linear layers whose mean a node gives; none where it is something else."""
    if _is_linear(node):
        return [node]
    stack = made_by.get(node.input[0]) if node.op_type == "ReduceMean" else None
    if stack is None or stack.op_type != "Concat":
        return []
    parts = [made_by.get(name) for name in stack.input]
    if any(part is None or part.op_type != "Unsqueeze" for part in parts):
        return []
    layers = [made_by.get(part.input[0]) for part in parts if part is not None]
    found = [layer for layer in layers if layer is not None and _is_linear(layer)]
    return found if len(found) == len(parts) else []


def _is_linear(node: NodeProto) -> bool:
    wanted = {"transB": 1, "transA": 0, "alpha": 1.0, "beta": 1.0}
    said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    plain = {"transB": 0} | said
    return (
        node.op_type == "Gemm"
        and len(node.input) == 3
        and all(plain.get(name, value) == value for name, value in wanted.items())
    )


def _copies(proto: ModelProto, name: str, weight: Singles) -> list[tuple[TensorProto, float]]:
    """Constants that are a layer's weights times a number, as the maps' are; and that number."""
    flat = weight.astype(np.float64).ravel()
    found: list[tuple[TensorProto, float]] = []
    if not flat.any():
        return found
    for tensor in proto.graph.initializer:
        if tensor.name == name or tensor.data_type != TensorProto.FLOAT:
            continue
        if tuple(tensor.dims[:2]) != weight.shape or int(np.prod(tensor.dims)) != flat.size:
            continue
        other = numpy_helper.to_array(tensor).astype(np.float64).ravel()
        share = float(other @ flat / (flat @ flat))
        if np.abs(other - share * flat).max() <= _COPY_PARITY * np.abs(other).max():
            found.append((tensor, share))
    return found


def _write(tensor: TensorProto, values: Singles) -> None:
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))


def _run(network: bytes, films: Iterable[Pixels], names: Sequence[str]) -> list[list[Singles]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    return [session.run(list(names), {INPUT: film[None, None]}) for film in films]


def _why(graph: GraphProto) -> str:
    if any(name.startswith("member1/") for node in graph.node for name in node.output):
        return "it was joined of several bundles: adapt each of them, and join what comes out"
    return "its graph does not end in a linear layer: without --head it can be recalibrated"


def _no_layer(bundle: Bundle, why: str) -> BundleError:
    return BundleError(f"{bundle.header.name}: no last layer that can be learned anew; {why}.")
