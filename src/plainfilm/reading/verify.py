"""Whether a bundle still says what it said when it was made: its golden outputs must return."""

import numpy as np

from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Bundle
from plainfilm.reading.engine import Engine, GraphOutput, RunsGraph
from plainfilm.reading.golden import OUTPUTS, Array

TOLERANCE = 1e-4
# Familiarity is a rank among validation films: where they lie close, a difference in the last
# digit of float32 moves it by a rank.
FAMILIARITY_TOLERANCE = 0.01


def verify(bundle: Bundle, *, tolerance: float = TOLERANCE) -> None:
    """Run the golden radiographs of a bundle and compare.

    Parameters
    ----------
    tolerance
        Largest difference of probability, score and map, relative to the largest golden value
        of that output where this is above 1. Familiarity may differ by 0.01.

    Raises
    ------
    CorruptBundle
        The graph cannot be built or run, or an output does not return.
    """
    verify_engine(Engine(bundle, threads=1), tolerance=tolerance)


def verify_engine(engine: RunsGraph, *, tolerance: float = TOLERANCE) -> None:
    """Like `verify`, with an engine that exists already."""
    golden, bundle = engine.bundle.golden, engine.bundle.header.name
    for index, pixels in enumerate(golden.radiographs):
        facts = golden.facts[index][None] if golden.facts else None
        found = _outputs(engine.run(pixels[None, None], facts))
        for name, expected in golden.outputs[index].items():
            allowed = tolerance * max(1.0, float(np.abs(expected).max()))
            if name == "familiarity":
                allowed = max(tolerance, FAMILIARITY_TOLERANCE)
            worst = float(np.abs(np.asarray(found[name])[0] - expected).max())
            if worst > allowed:
                raise CorruptBundle(
                    f"{bundle}: golden.npz: {name}_{index} came back {worst:.2g} away; at "
                    f"most {allowed:.2g} is allowed. The graph is not the one that was exported, "
                    "or computes wrongly on this machine"
                )


def _outputs(found: GraphOutput) -> dict[str, Array | None]:
    values = (found.probability, found.score, found.map, found.familiarity)
    return dict(zip(OUTPUTS, values, strict=True))
