"""Guided Grad-CAM of a bundle: no run is needed, since its graph is carried out again in torch.

Only what the score is made of is carried out, node by node, with the ReLUs of guided
backpropagation; ONNX's own runtime has no way back. The film is fitted before, so what the graph
does up to its resizing is left out. A kind of node that is not known here is refused by name.

References
----------
As for training/guided.py; the meaning of the nodes: ONNX operators, version 20.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor

from plainfilm.datasets.fit import fit
from plainfilm.errors import RunError
from plainfilm.findings import FeatureMap
from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import Bundle
from plainfilm.training.graph import FACTS
from plainfilm.training.guided import guided_relu

OUTPUT = "score"
_FIT = "Resize"  # what brings a film to the network's square, once in every bundle
Settings = Mapping[str, Any]
Inputs = Sequence[Any]  # tensors; None where an optional one is left out


def guided_map(bundle: Bundle, pixels: Pixels, column: int, coarse: FeatureMap) -> FeatureMap:
    """Guided backpropagation of one finding's score times the positive part of `coarse`.

    Parameters
    ----------
    pixels
        float32 (H, W) in [0, 1]; fitted as the bundle fits it.
    column
        The finding's place.
    coarse
        The bundle's own map of it, which is Grad-CAM.

    Returns
    -------
    float32 (S, S), as `guided.guided_gradcam`; 0 wherever `coarse` is not positive.

    Raises
    ------
    RunError
        The graph holds a kind of node that is not known here.
    """
    size, policy = bundle.header.input.size, bundle.header.input.policy
    square: Pixels = (fit(pixels, size, policy.value) / np.float32(255)).astype(np.float32)
    heat = torch.from_numpy(coarse)[None, None].clamp(min=0)
    wide = F.interpolate(heat, (size, size), mode="bilinear", align_corners=False)[0, 0]
    found: FeatureMap = (backprop(bundle.network, square, column) * wide).numpy()
    return found


def backprop(network: bytes, square: Pixels, column: int) -> Tensor:
    """The score's gradient at each pixel of a fitted film through guided ReLUs: (S, S).

    `network` is a bundle's ONNX file; raises as `guided_map` does.
    """
    film = torch.from_numpy(square)[None, None].requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(scores(network, film)[0, column], film)
    return gradient[0, 0].detach()


def scores(network: bytes, film: Tensor) -> Tensor:
    """What the graph scores a fitted film (1, 1, S, S), for autograd to go back from: (1, K)."""
    graph = onnx.load_from_string(network).graph
    values: dict[str, Tensor] = {}
    for stored in graph.initializer:
        values[stored.name] = torch.from_numpy(onnx.numpy_helper.to_array(stored).copy())
    for given in graph.input:  # facts: added to the score, so that no pixel's gradient heeds them
        if given.name == FACTS:
            n_columns = given.type.tensor_type.shape.dim[1].dim_value
            values[FACTS] = torch.zeros(1, n_columns)
    nodes = _needed(graph)
    for node in nodes:
        if node.op_type == _FIT:
            values[node.output[0]] = film
            continue
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [values[name] if name else None for name in node.input]
        values[node.output[0]] = _KINDS[node.op_type](inputs, settings)
    return values[OUTPUT]


def _needed(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that the score is made of, in their order, from the fitted film on."""
    maker = {output: node for node in graph.node for output in node.output}
    waiting, wanted = [OUTPUT], set[str]()
    while waiting:
        node = maker.get(waiting.pop())
        if node is not None and node.output[0] not in wanted:
            wanted.add(node.output[0])
            waiting += [] if node.op_type == _FIT else node.input
    nodes = [node for node in graph.node if node.output[0] in wanted]
    kinds = [node.op_type for node in nodes]
    strange = sorted({kind for kind in kinds if kind not in {*_KINDS, _FIT}})
    if strange or kinds.count(_FIT) != 1:
        found = ", ".join(strange) or f"{kinds.count(_FIT)} nodes of {_FIT} where one fits the film"
        advice = "give the folder of its run (--run), or take another method"
        raise RunError(f"no way back through the bundle's graph ({found}); {advice}")
    return nodes


def _convolve(inputs: Inputs, settings: Settings) -> Tensor:
    film, weight, bias = (*inputs, None)[:3]
    dilation, groups = settings.get("dilations", (1, 1)), settings.get("group", 1)
    padded = _padded(film, settings, 0.0)
    return F.conv2d(padded, weight, bias, _strides(settings), dilation=dilation, groups=groups)


def _average(inputs: Inputs, settings: Settings) -> Tensor:
    counted = bool(settings.get("count_include_pad", 0)) or not any(settings.get("pads", ()))
    if not counted or settings.get("ceil_mode", 0):
        raise RunError("an average pool that leaves out its padding: there is no way back here")
    padded = _padded(inputs[0], settings, 0.0)
    return F.avg_pool2d(padded, list(settings["kernel_shape"]), _strides(settings))


def _maximum(inputs: Inputs, settings: Settings) -> Tensor:
    padded, ceil = _padded(inputs[0], settings, -torch.inf), bool(settings.get("ceil_mode", 0))
    window = list(settings["kernel_shape"])
    largest: Tensor = F.max_pool2d(padded, window, _strides(settings), ceil_mode=ceil)
    return largest


def _padded(film: Tensor, settings: Settings, value: float) -> Tensor:
    top, left, bottom, right = settings.get("pads", (0, 0, 0, 0))
    return F.pad(film, (left, right, top, bottom), value=value)


def _strides(settings: Settings) -> list[int]:
    return list(settings.get("strides", (1, 1)))


def _mean(inputs: Inputs, settings: Settings) -> Tensor:
    axes = inputs[1].tolist() if len(inputs) > 1 else settings["axes"]
    mean: Tensor = inputs[0].mean(dim=tuple(axes), keepdim=bool(settings.get("keepdims", 1)))
    return mean


def _linear(inputs: Inputs, settings: Settings) -> Tensor:
    first, second, *bias = inputs
    one = first.T if settings.get("transA", 0) else first
    other = second.T if settings.get("transB", 0) else second
    product: Tensor = settings.get("alpha", 1.0) * (one @ other)
    return product + settings.get("beta", 1.0) * bias[0] if bias else product


def _normalised(inputs: Inputs, settings: Settings) -> Tensor:
    film, scale, shift, mean, variance = inputs
    return F.batch_norm(film, mean, variance, scale, shift, eps=settings.get("epsilon", 1e-5))


def _unsqueezed(inputs: Inputs, _: Settings) -> Tensor:
    values: Tensor = inputs[0]
    for axis in sorted(inputs[1].tolist()):
        values = values.unsqueeze(axis)
    return values


_KINDS: dict[str, Callable[[Any, Settings], Tensor]] = {
    "Add": lambda x, _: x[0] + x[1],
    "AveragePool": _average,
    "BatchNormalization": _normalised,
    "Concat": lambda x, how: torch.cat(list(x), dim=how["axis"]),
    "Conv": _convolve,
    "Div": lambda x, _: x[0] / x[1],
    "Flatten": lambda x, how: x[0].flatten(how.get("axis", 1)),
    "Gemm": _linear,
    "GlobalAveragePool": lambda x, _: x[0].mean(dim=(2, 3), keepdim=True),
    "Identity": lambda x, _: x[0],
    "MatMul": lambda x, _: x[0] @ x[1],
    "MaxPool": _maximum,
    "Mul": lambda x, _: x[0] * x[1],
    "Pow": lambda x, _: x[0] ** x[1],
    "ReduceMax": lambda x, how: x[0].amax(tuple(x[1].tolist()), bool(how.get("keepdims", 1))),
    "ReduceMean": _mean,
    "Relu": lambda x, _: guided_relu(x[0]),
    "Reshape": lambda x, _: x[0].reshape(x[1].tolist()),
    "Sqrt": lambda x, _: x[0].sqrt(),
    "Sub": lambda x, _: x[0] - x[1],
    "Tanh": lambda x, _: x[0].tanh(),
    "Unsqueeze": _unsqueezed,
}
