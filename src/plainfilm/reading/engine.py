"""Engine: runs a bundle's graph by onnxruntime."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import CorruptBundle, MissingExtra
from plainfilm.reading.bundle import Bundle, BundleHeader
from plainfilm.reading.facts import width, without_facts
from plainfilm.reading.golden import output_shapes
from plainfilm.reading.runtimes import onnxruntime, ort_errors

Array = NDArray[np.float32]

INPUT = "radiographs"
FACTS = "facts"
_FATAL_ONLY = 4  # onnxruntime raises its errors; it shall not also print them
_ROUNDING = 1e-6  # by which a float32 share may pass 0 or 1
ORT_ERRORS = (  # what onnxruntime raises of a graph
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


class EngineName(StrEnum):
    """What can run a bundle's graph."""

    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


def check_installed(engine: EngineName) -> None:
    """Raise MissingExtra where an engine's package is not there."""
    if engine is EngineName.OPENVINO and find_spec("openvino") is None:
        raise MissingExtra("openvino", "fast")


@dataclass(frozen=True, eq=False)
class GraphOutput:
    """What the graph says of N radiographs; everything finite.

    Parameters
    ----------
    probability, score
        float32 (N, K); probability in [0, 1].
    map
        float32 (N, K, h, w), signed; None where the bundle has no maps.
    familiarity
        float32 (N,) in [0, 1]; None where the bundle does not measure it.
    """

    probability: Array
    score: Array
    map: Array | None
    familiarity: Array | None


class RunsGraph(Protocol):
    """The port: whatever runs a bundle's graph on a batch of radiographs, from several threads."""

    bundle: Bundle
    name: EngineName

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        """The graph's outputs, as `Engine.run` gives them."""


class Engine:
    """A bundle's graph, ready to run on this machine's processor.

    Parameters
    ----------
    threads
        At least 1; None = as many as there are cores. Threads wait for work without spinning.

    Raises
    ------
    CorruptBundle
        The graph cannot be built, or its inputs and outputs are not those the header promises.
    """

    name = EngineName.ONNXRUNTIME

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ValueError(f"threads: found {threads}; expected at least 1")
        self.bundle = bundle
        self._shapes = output_shapes(bundle.header)
        try:
            self._session = onnxruntime.InferenceSession(
                bundle.network, session_options(threads), providers=["CPUExecutionProvider"]
            )
        except ORT_ERRORS as error:
            raise CorruptBundle(_broken("cannot be built", error)) from error
        self._check_signature()

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        """The graph's outputs for a batch.

        Parameters
        ----------
        radiographs
            float32 (N, 1, H, W) in [0, 1], displayed luminance; any height and width.
        facts
            float32 (N, k), a `facts_vector` for each, where the bundle is told facts; None =
            nothing is known.

        Raises
        ------
        CorruptBundle
            The graph fails, or answers with another shape, NaN, an infinity or a share outside
            [0, 1].
        """
        fed = checked_input(self.bundle.header, radiographs, facts)
        try:
            values = self._session.run(list(self._shapes), dict(fed))
        except ORT_ERRORS as error:
            raise CorruptBundle(_broken("cannot be run", error)) from error
        outputs = dict(zip(self._shapes, values, strict=True))
        return checked_output(outputs, self._shapes, len(radiographs))

    def _check_signature(self) -> None:
        inputs = {argument.name: argument for argument in self._session.get_inputs()}
        told = self.bundle.header.input.fact_names
        shapes: dict[str, tuple[int | None, ...]] = {INPUT: (None, 1, None, None)}
        words = f"{INPUT} (N, 1, H, W)"
        if told:
            shapes[FACTS] = (None, width(told))
            words += f", {FACTS} (N, {width(told)})"
        fitting = [name for name, shape in shapes.items() if name in inputs
                   and _fits(inputs[name].shape, shape)]  # fmt: skip
        if fitting != list(inputs) or fitting != list(shapes):
            raise CorruptBundle(f"network.onnx: inputs {list(inputs)}; expected {words}")
        self._check_outputs(inputs)

    def _check_outputs(self, inputs: Mapping[str, onnxruntime.NodeArg]) -> None:
        outputs = {argument.name: argument for argument in self._session.get_outputs()}
        if set(outputs) != set(self._shapes):
            expected = ", ".join(self._shapes)
            raise CorruptBundle(
                f"network.onnx: outputs {', '.join(outputs)}; bundle.json promises {expected}"
            )
        for name, argument in (*inputs.items(), *outputs.items()):
            if argument.type != "tensor(float)":
                raise CorruptBundle(f"network.onnx: {name} is {argument.type}; expected float32")
        for name, shape in self._shapes.items():
            if not _fits(outputs[name].shape, (None, *shape)):
                raise CorruptBundle(
                    f"network.onnx: {name} has shape {outputs[name].shape}; "
                    f"bundle.json promises (N, {', '.join(map(str, shape))})"
                )


def check_batch(radiographs: Array) -> None:
    """Refuse an array that is not float32 (N, 1, H, W): ValueError, a bug in the caller."""
    shape = radiographs.shape
    if radiographs.dtype != np.float32 or len(shape) != 4 or shape[1] != 1 or 0 in shape:
        found = f"{radiographs.dtype} {shape}"
        raise ValueError(f"radiographs: found {found}; expected float32 (N, 1, H, W)")


def checked_input(
    header: BundleHeader, radiographs: Array, facts: Array | None
) -> Mapping[str, Array]:
    """What a bundle's graph is fed with, by name; of facts that nobody knows, zeros.

    Raises
    ------
    ValueError
        An array is of another type or shape than `Engine.run` says, or the bundle is told no
        facts: a bug in the caller.
    """
    check_batch(radiographs)
    names, n_films = header.input.fact_names, len(radiographs)
    if not names:
        if facts is not None:
            raise ValueError(f"facts: found {facts.shape}; {header.name} is told none")
        return {INPUT: radiographs}
    told = without_facts(names, n_films) if facts is None else facts
    if told.dtype != np.float32 or told.shape != (n_films, width(names)):
        expected = f"float32 ({n_films}, {width(names)})"
        raise ValueError(f"facts: found {told.dtype} {told.shape}; expected {expected}")
    return {INPUT: radiographs, FACTS: told}


def checked_output(
    outputs: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]], n_films: int
) -> GraphOutput:
    """What a graph gave for `n_films`, checked against the shapes that its bundle promises.

    Raises
    ------
    CorruptBundle
        Another shape, NaN, an infinity, or a share outside [0, 1].
    """
    for name, value in outputs.items():
        _check_values(name, value, (n_films, *shapes[name]))
    return GraphOutput(
        probability=_share("probability", outputs["probability"]),
        score=outputs["score"],
        map=outputs.get("map"),
        familiarity=_share("familiarity", outputs["familiarity"])
        if "familiarity" in outputs
        else None,
    )


def session_options(threads: int | None) -> onnxruntime.SessionOptions:
    """How graphs are run here: quietly, by so many threads (None = all), none of which spins."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    # Spinning threads answer a little sooner and keep every core busy while nothing is asked.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _fits(found: list[int | str | None], expected: tuple[int | None, ...]) -> bool:
    # A side that the graph names or leaves unknown is open, and compared after each run.
    sides = zip(found, expected, strict=False)
    return len(found) == len(expected) and all(
        not isinstance(side, int) or side == wanted for side, wanted in sides
    )


def _check_values(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise CorruptBundle(f"network.onnx: {name} came out as {value.shape}; expected {shape}")
    if not np.isfinite(value).all():
        raise CorruptBundle(f"network.onnx: {name} holds NaN or infinity; the bundle is unusable")


def _share(name: str, value: Array) -> Array:
    if value.min() < -_ROUNDING or value.max() > 1 + _ROUNDING:
        found = f"{value.min():g} to {value.max():g}"
        raise CorruptBundle(f"network.onnx: {name} came out as {found}; expected [0, 1]")
    return np.clip(value, 0, 1)


def _broken(what: str, error: Exception) -> str:
    # onnxruntime's messages run over lines and repeat themselves; the first line says it.
    reason = str(error).split("\n", 1)[0][:200]
    return f"network.onnx: {what} ({reason}); fetch or export the bundle again"
