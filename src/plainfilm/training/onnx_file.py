"""A `ReadingGraph` as the bytes of an ONNX file, and the proof that the two agree.

The file holds ONNX's own operators only, all weights inside, and nothing of the machine it was
made on: the exporter's notes (which name source files) are taken out.
"""

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import Dim

from plainfilm.errors import MissingExtra, RunError
from plainfilm.radiograph import Pixels
from plainfilm.reading.facts import Vector
from plainfilm.reading.runtimes import onnxruntime
from plainfilm.training.graph import FACTS, INPUT, Fit, ReadingGraph

try:
    import onnx
    import onnxscript  # noqa: F401  # torch's exporter needs it
except ImportError as missing:
    raise MissingExtra("onnx or onnxscript", "train") from missing

OPSET = 20  # the newest that onnxruntime 1.20 reads whole
MAX_IR_VERSION = 10  # as above
PRODUCER = "plainfilm"
TOLERANCE = 1e-5  # of a probability, between torch and onnxruntime
ROUNDING = 8  # steps of single precision by which two ways of adding up a score may differ

Outputs = dict[str, NDArray[np.float32]]
Free = Mapping[int, object]  # axes, each with torch's word for a free length


class Traceable(Protocol):
    """A torch module that reads radiographs: how it fits them, and the names of what it gives.

    `n_facts` is how many columns of facts it takes beside them; 0 = none.
    """

    @property
    def n_facts(self) -> int:
        """Columns of facts."""

    @property
    def fit(self) -> Fit:
        """How films become its input."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what it gives, in order."""


def to_onnx(graph: Traceable, *, opset: int = OPSET) -> bytes:
    """The graph as an ONNX file; the same bytes for the same weights and versions.

    Takes some seconds. Number, height and width of the radiographs stay free.

    Parameters
    ----------
    graph
        A `ReadingGraph`, or another module like it.
    opset
        The version of ONNX's operators, at least 18.

    Raises
    ------
    RunError
        The exporter gave something a bundle may not hold.
    """
    if not isinstance(graph, nn.Module):
        raise TypeError(f"found {type(graph).__name__}; expected a torch module")
    side = graph.fit.size
    example = torch.zeros(2, 1, side + 3, side + 7)  # sizes that are not confused with S
    inputs: dict[str, tuple[Tensor, Free]] = {
        INPUT: (example, {0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC})
    }
    if graph.n_facts:
        inputs[FACTS] = (torch.zeros(2, graph.n_facts), {0: Dim.DYNAMIC})
    return finished(traced(graph, inputs, graph.outputs, opset=opset))


def traced(
    module: nn.Module,
    inputs: Mapping[str, tuple[Tensor, Free]],
    outputs: Sequence[str],
    *,
    opset: int = OPSET,
) -> "onnx.ModelProto":
    """A module as torch's exporter writes it.

    Parameters
    ----------
    inputs
        For each argument, by its name: an example, and the axes whose length is free.
    outputs
        Names for what it gives.
    opset
        The version of ONNX's operators.

    Raises
    ------
    RunError
        The exporter gave nothing.
    """
    with _quiet():
        program = torch.onnx.export(
            module,
            tuple(example for example, _ in inputs.values()),
            dynamo=True,
            opset_version=opset,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes={name: free for name, (_, free) in inputs.items()},
            verbose=False,
        )
    if program is None:
        raise RunError("torch gave no ONNX program; expected one")
    return program.model_proto


def finished(proto: "onnx.ModelProto") -> bytes:
    """The bytes of a bundle's graph, without what tells of the machine.

    Raises
    ------
    RunError
        It holds what a bundle may not.
    """
    _strip(proto)
    _check(proto)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


def run_torch(graph: ReadingGraph, radiograph: Pixels, facts: Vector | None = None) -> Outputs:
    """What torch says of one radiograph (H, W): output name to array, without the film axis.

    `facts` (k,) is what it is told, where the graph takes any.
    """
    told = None if facts is None else torch.from_numpy(facts)[None]
    with torch.no_grad():
        answers = graph(torch.from_numpy(radiograph)[None, None], told)._asdict()
    return {name: answers[name][0].numpy().astype(np.float32) for name in graph.outputs}


def run_onnx(
    content: bytes, radiographs: Iterable[Pixels], facts: Sequence[Vector] = ()
) -> list[Outputs]:
    """What onnxruntime says of radiographs, one after the other; as `run_torch`.

    `facts` are those of each; () = the graph takes none.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    films = list(radiographs)
    each: Sequence[Vector | None] = facts or [None] * len(films)
    return [_run_session(session, film, told) for film, told in zip(films, each, strict=True)]


def check_agreement(
    graph: ReadingGraph,
    content: bytes,
    radiographs: Iterable[Pixels],
    facts: Sequence[Vector] = (),
) -> float:
    """The largest difference of a probability between torch and onnxruntime.

    `facts` are those of each radiograph; () = the graph takes none.

    Raises
    ------
    RunError
        It is above `TOLERANCE`, or not a number.
    """
    films = list(radiographs)
    theirs = run_onnx(content, films, facts)
    each: Sequence[Vector | None] = facts or [None] * len(films)
    ours = [run_torch(graph, film, told) for film, told in zip(films, each, strict=True)]
    gaps = [
        np.abs(a["probability"] - b["probability"]).max() for a, b in zip(ours, theirs, strict=True)
    ]
    worst = float(np.max(gaps, initial=0.0))
    if not worst <= TOLERANCE:  # written so that NaN fails
        raise RunError(
            f"torch and onnxruntime differ by {worst:.2g} in a probability; expected at most "
            f"{TOLERANCE:g}. No bundle was written; {_advice(graph, ours, theirs)}."
        )
    return worst


def _advice(graph: ReadingGraph, ours: list[Outputs], theirs: list[Outputs]) -> str:
    a, b = (np.stack([each["score"] for each in outputs]) for outputs in (ours, theirs))
    rounding, slope = ROUNDING * np.spacing(np.abs(a)), graph.slope.abs().numpy()
    if np.all(np.abs(a - b) <= rounding) and np.any(slope * rounding > TOLERANCE):
        spread = np.ptp(a, axis=0).min()
        return (
            f"the scores agree as far as single precision goes, but the calibration multiplies "
            f"them by up to {slope.max():.3g}, because they hardly differ from film to film (by "
            f"{spread:.2g}): the network has learned too little, train it for longer"
        )
    return "try other versions of torch and onnxruntime"


def _run_session(
    session: "onnxruntime.InferenceSession", radiograph: Pixels, facts: Vector | None
) -> Outputs:
    names = [output.name for output in session.get_outputs()]
    told = {} if facts is None else {FACTS: facts[None]}
    values = session.run(names, {INPUT: radiograph[None, None], **told})
    return {name: value[0] for name, value in zip(names, values, strict=True)}


def _strip(proto: "onnx.ModelProto") -> None:
    """Take out what tells of the machine, and the shapes of inner values, which nobody needs."""
    proto.producer_name, proto.producer_version, proto.doc_string = PRODUCER, "", ""
    del proto.metadata_props[:]
    graph = proto.graph
    graph.name, graph.doc_string = PRODUCER, ""
    del graph.metadata_props[:], graph.value_info[:], graph.quantization_annotation[:]
    for part in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    for node in graph.node:
        for attribute in node.attribute:
            attribute.doc_string = ""
    films = graph.input[0].type.tensor_type.shape.dim
    for axis, letter in {0: "N", 2: "H", 3: "W"}.items():
        films[axis].dim_param = letter
    for others in graph.input[1:]:
        others.type.tensor_type.shape.dim[0].dim_param = "N"
    for output in graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "N"


def _check(proto: "onnx.ModelProto") -> None:
    domains = {node.domain for node in proto.graph.node} | {o.domain for o in proto.opset_import}
    if domains - {"", "ai.onnx"} or proto.functions:
        raise RunError(f"the graph needs operators of {sorted(domains)}; expected ONNX's own")
    if proto.ir_version > MAX_IR_VERSION:
        found = f"IR version {proto.ir_version}"
        raise RunError(f"the graph has {found}; expected at most {MAX_IR_VERSION}")
    onnx.checker.check_model(proto, full_check=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's own warnings and progress, which tell a user nothing to do."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
