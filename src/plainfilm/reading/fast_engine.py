"""FastEngine: runs a bundle's graph by OpenVINO; extra [fast].

The golden outputs are its judge, as they are onnxruntime's: where it computes something else, it
is not used. OpenVINO 2026.4 does: its CPU ignores that the graph's resize shrinks with a widened
filter, so films are fitted here, by the same filter, and pass the graph's resize unchanged.
"""

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Bundle, FitPolicy
from plainfilm.reading.engine import (
    INPUT,
    Array,
    EngineName,
    GraphOutput,
    check_installed,
    checked_input,
    checked_output,
)
from plainfilm.reading.golden import output_shapes
from plainfilm.reading.runtimes import load_openvino


class FastEngine:
    """A bundle's graph, ready to run by OpenVINO; the same port as `Engine`.

    Parameters
    ----------
    threads
        Calls that run at once, each on one thread; None = one for each core.

    Raises
    ------
    MissingExtra
        OpenVINO is not installed.
    CorruptBundle
        It cannot build the graph.
    """

    name = EngineName.OPENVINO

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        check_installed(self.name)
        openvino = load_openvino()
        self.bundle = bundle
        self._shapes = output_shapes(bundle.header)
        streams = str(threads) if threads else "AUTO"
        how = {
            # Stated, since the default changes with the processor (bf16 where it has it).
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": str(threads or 0),
            "ENABLE_CPU_PINNING": "NO",
        }
        try:
            core = openvino.Core()
            self._compiled = core.compile_model(core.read_model(bundle.network), "CPU", how)
        except RuntimeError as error:
            raise CorruptBundle(_broken("cannot build it", error)) from error
        self._of_thread = threading.local()

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        """The graph's outputs for a batch; as `Engine.run`."""
        fed = dict(checked_input(self.bundle.header, radiographs, facts))
        stated = self.bundle.header.input
        fed[INPUT] = fit(radiographs, stated.size, stated.policy)
        outputs = self._run(fed)
        return checked_output(outputs, self._shapes, len(radiographs))

    def _run(self, fed: Mapping[str, Array]) -> Mapping[str, Array]:
        if not hasattr(self._of_thread, "request"):  # a request is no matter of two threads
            self._of_thread.request = self._compiled.create_infer_request()
        try:
            found = self._of_thread.request.infer(dict(fed))
            return {name: np.array(found[name], np.float32) for name in self._shapes}
        except (RuntimeError, KeyError) as error:
            raise CorruptBundle(_broken("cannot run it", error)) from error


def fit(radiographs: Array, size: int, policy: FitPolicy) -> Array:
    """Films as the graph itself fits them: (N, 1, H, W) to (N, 1, S, S), antialiased bilinear.

    A film of S x S passes unchanged.
    """
    square = _squared(radiographs, policy)
    down, across = (_triangle(side, size) for side in square.shape[2:])
    return np.ascontiguousarray(down @ square @ across.T, dtype=np.float32)


def _squared(films: Array, policy: FitPolicy) -> Array:
    if policy is FitPolicy.SQUASH:
        return films
    height, width = films.shape[2:]
    side = max(height, width) if policy is FitPolicy.PAD else min(height, width)
    for axis, length in ((2, height), (3, width)):
        before = (side - length) // 2  # below 0 where it is cut off
        after = side - length - before
        if before < 0 or after < 0:
            films = films[(slice(None),) * axis + (slice(-before, length + after),)]
        else:
            edges = [(0, 0)] * 4
            edges[axis] = (before, after)
            films = np.pad(films, edges)
    return films


def _triangle(length: int, size: int) -> NDArray[np.float32]:
    # (size, length): the weights of the triangle filter, widened where the film shrinks.
    scale = length / size
    reach = max(scale, 1.0)
    centres = (np.arange(size) + 0.5) * scale
    distance = np.abs(np.arange(length) + 0.5 - centres[:, None]) / reach
    weights = np.clip(1 - distance, 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _broken(what: str, error: Exception) -> str:
    return f"network.onnx: OpenVINO {what} ({str(error).strip().splitlines()[0][:200]})"
