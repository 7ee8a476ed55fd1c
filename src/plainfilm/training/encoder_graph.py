"""A `ReadingGraph` on an encoder as the bytes of one ONNX file.

torch traces all but the encoder, whose operators then take its place:

```
radiographs ─ Fit ─ Tones ─ PIXELS ─ (encoder) ─ ENCODED ─ head ─ score, map, …
```
"""

import torch
from torch import Tensor, nn
from torch.export import Dim

from plainfilm.errors import MissingExtra, RunError
from plainfilm.networks.classifier import embedded
from plainfilm.training.encoder_network import EncoderFeatures, encoder_of
from plainfilm.training.encoder_parts import names_of_constants, topologically
from plainfilm.training.graph import INPUT, ReadingGraph
from plainfilm.training.onnx_file import finished, to_onnx, traced

try:
    import onnx
    from onnx import compose, helper
except ImportError as missing:
    raise MissingExtra("onnx", "train") from missing

PIXELS, ENCODED, PREFIX = "pixels", "encoded", "encoder/"


def to_one_onnx(graph: ReadingGraph) -> bytes:
    """The graph as an ONNX file, with or without an encoder; as `onnx_file.to_onnx`.

    Raises
    ------
    RunError
        The graph may not stand in a bundle.
    """
    features = encoder_of(graph.networks[0])
    if features is None:
        return to_onnx(graph)
    side = graph.fit.size
    film = torch.zeros(2, 1, side + 3, side + 7)  # sizes that are not confused with S
    free = {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC}
    given = torch.zeros(2, *features.file.shape)
    inputs = {INPUT: (film, free), ENCODED: (given, {0: Dim.DYNAMIC})}
    around = traced(_Around(graph, features), inputs, (PIXELS, *graph.outputs))
    return finished(with_encoder(around, features.file.model))


class _Around(nn.Module):
    """All of a `ReadingGraph` but its encoder: what goes into it is given, what comes out taken."""

    def __init__(self, graph: ReadingGraph, features: EncoderFeatures) -> None:
        super().__init__()
        self.reading = graph  # torch keeps the name `graph` for itself
        self.tones, self.arrange = features.tones, features.arrange

    def forward(self, radiographs: Tensor, encoded: Tensor) -> tuple[Tensor, ...]:
        """The encoder's input, then the answers that the graph has."""
        films = self.reading.fit(radiographs)
        answers = self.reading.answer(films, [embedded([self.arrange(encoded)])])
        return self.tones(films), *(each for each in answers if each is not None)


def with_encoder(around: onnx.ModelProto, encoder: onnx.ModelProto) -> onnx.ModelProto:
    """One model of two: `PIXELS` goes into the encoder, whose output is `ENCODED`.

    Parameters
    ----------
    around
        A model that gives `PIXELS` and takes `ENCODED`.
    encoder
        A model of one input and one output, of the same opset.

    Raises
    ------
    RunError
        The two do not make a straight graph.
    """
    whole = onnx.ModelProto()
    whole.CopyFrom(around)
    graph, inner = whole.graph, compose.add_prefix_graph(encoder.graph, PREFIX)
    ends = (inner.input[0].name, [PIXELS]), (ENCODED, [inner.output[0].name])
    bridges = [helper.make_node("Identity", given, [taken]) for taken, given in ends]
    inputs = [each for each in graph.input if each.name != ENCODED]
    outputs = [each for each in graph.output if each.name != PIXELS]
    nodes = [*graph.node, bridges[0], *inner.node, bridges[1]]
    del graph.input[:], graph.output[:], graph.node[:], graph.value_info[:]
    graph.input.extend(inputs)
    graph.output.extend(outputs)
    graph.initializer.extend(inner.initializer)
    try:
        graph.node.extend(topologically(nodes, names_of_constants(graph)))
    except ValueError as error:
        raise RunError(f"the encoder cannot stand in a bundle's graph ({error}).") from error
    return whole
