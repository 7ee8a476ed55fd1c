"""A familiarity from one's own films: for a bundle that has none, or whose networks learned anew.

In a finished graph the statistics of the network's stages, which a bundle made here also measures,
are out of reach: what is left there is the appearance of a film (`add_familiarity`).
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from plainfilm.radiograph import Pixels
from plainfilm.reading.bundle import FamiliarityCut, InputFit
from plainfilm.training.familiarity import (
    MAX_RANK,
    Appearance,
    Descriptions,
    Familiarity,
    Percentile,
    Spread,
    fit_percentile,
    fit_spread,
)
from plainfilm.training.graph import INPUT, Fit
from plainfilm.training.onnx_file import to_onnx
from plainfilm.training.statement import CAUTION_BELOW

MIN_FILMS = 100  # below, hardly a film is left to set the cut by
OUTPUT = "familiarity"
BY_LOOKS = "; what the network makes of a film is not in it"
_PREFIX = "appearance_"

Held = NDArray[np.bool_]


class Looks(NamedTuple):
    """What `AppearanceGraph` gives: `familiarity` (N,) in [0, 1]."""

    familiarity: Tensor


class Measure(NamedTuple):
    """How films spread, the percentiles of the held-out ones, and the cuts with their words."""

    spread: Spread
    percentile: Percentile
    cut: FamiliarityCut


class AppearanceGraph(nn.Module):
    """Radiographs in, familiarity out.

    Parameters
    ----------
    fit
        The bundle's.
    familiarity
        Of the appearance alone.
    """

    outputs = (OUTPUT,)
    n_facts = 0

    def __init__(self, fit: Fit, familiarity: Familiarity) -> None:
        super().__init__()
        self.fit = fit
        self.familiarity = familiarity
        self.eval().requires_grad_(False)

    def forward(self, radiographs: Tensor) -> Looks:
        """Familiarity of float32 (N, 1, H, W) in [0, 1]."""
        return Looks(self.familiarity(self.fit(radiographs), []))


def measure(
    described: Descriptions, held_out: Held, also: str = "", rank: int = MAX_RANK
) -> Measure | None:
    """A familiarity for films like these; None where they are too few or all alike.

    Parameters
    ----------
    described
        Descriptions (n, D) as `training.familiarity.describe` gives them.
    held_out
        bool (n,): the films that set the percentiles; the others show how films spread.
    also
        Put behind the words that say how it was measured.
    rank
        Directions kept, see `fit_spread`.
    """
    if len(described) < MIN_FILMS or not np.ptp(described, axis=0).any():
        return None
    spread = fit_spread(described[~held_out], rank)
    with torch.no_grad():
        away = Familiarity(spread).distance(torch.from_numpy(described[held_out]))
    try:
        table = fit_percentile(away.numpy().astype(np.float64))
    except ValueError:  # no percentile can be told
        return None
    return Measure(spread, table, _cut(table, len(described), int(held_out.sum()), also))


def add_familiarity(
    network: bytes, fitted: InputFit, films: Iterable[Pixels], held_out: Held
) -> tuple[bytes, FamiliarityCut] | None:
    """The graph with the output `familiarity`, and its cuts; None where no film can set them.

    Parameters
    ----------
    network
        A graph without this output.
    fitted
        How the graph fits its films.
    films
        Radiographs (H, W) of the bundle's kind.
    held_out
        As `measure` has it.
    """
    fit = Fit(fitted.size, fitted.policy)
    found = measure(_describe(fit, films), held_out, BY_LOOKS)
    if found is None:
        return None
    graph = AppearanceGraph(fit, Familiarity(found.spread, found.percentile))
    return _joined(network, graph), found.cut


def _describe(fit: Fit, films: Iterable[Pixels]) -> Descriptions:
    appearance = Appearance()
    with torch.no_grad():
        rows = [appearance(fit(torch.from_numpy(film)[None, None]))[0].numpy() for film in films]
    return np.stack(rows)


def _cut(table: Percentile, n_films: int, n_held_out: int, also: str) -> FamiliarityCut:
    last = table.shares[-1]
    words = (
        f"percentile of {n_held_out:,} of the {n_films:,} films it was adapted on, by how they "
        f"look beside those of the other patients{also}. Refused is what lies farther than each "
        "of them, by at least as much as their 90th percentile lies beyond their median"
    )
    return FamiliarityCut(max(CAUTION_BELOW, last), float(f"{last / 2:.2g}"), words)


def _joined(network: bytes, graph: AppearanceGraph) -> bytes:
    """Both graphs as one, side by side behind the same input."""
    proto = onnx.load_model_from_string(network)
    (version,) = (o.version for o in proto.opset_import if o.domain in ("", "ai.onnx"))
    branch = onnx.load_model_from_string(to_onnx(graph, opset=version))
    onnx.compose.add_prefix(branch, _PREFIX, inplace=True)
    names = {_PREFIX + INPUT: INPUT, _PREFIX + OUTPUT: OUTPUT}
    for node in branch.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    (output,) = branch.graph.output
    output.name = OUTPUT
    proto.graph.node.extend(branch.graph.node)
    proto.graph.initializer.extend(branch.graph.initializer)
    proto.graph.output.append(output)
    proto.ir_version = max(proto.ir_version, branch.ir_version)
    onnx.checker.check_model(proto, full_check=True)
    content: bytes = proto.SerializeToString(deterministic=True)
    return content
