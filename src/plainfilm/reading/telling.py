"""`Telling`: an engine that tells the graph the same facts of every film.

For whatever asks a graph again and again of one film, altered: what is known of it stays the same.
"""

import numpy as np

from plainfilm.findings import Prediction
from plainfilm.reading.engine import Array, GraphOutput, RunsGraph
from plainfilm.reading.facts import Vector, facts_vector


class Telling:
    """An engine with facts; the same port.

    Parameters
    ----------
    facts
        float32 (k,), what every film's `facts_vector` is.
    """

    def __init__(self, engine: RunsGraph, facts: Vector) -> None:
        self.bundle, self.name = engine.bundle, engine.name
        self._engine, self._facts = engine, facts

    def run(self, radiographs: Array, facts: Array | None = None) -> GraphOutput:
        """The graph's outputs for a batch; as `Engine.run`. Facts given here count more."""
        told = np.tile(self._facts, (len(radiographs), 1)) if facts is None else facts
        return self._engine.run(radiographs, told)


def telling(engine: RunsGraph, prediction: Prediction) -> RunsGraph:
    """The engine that tells what was told for a prediction; itself where its graph is told none."""
    names = engine.bundle.header.input.fact_names
    if not names:
        return engine
    return Telling(engine, facts_vector(names, prediction.facts or {}))
