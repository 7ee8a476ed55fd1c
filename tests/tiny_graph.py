"""A whole reading graph of a network with a few hundred weights, quick to trace."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from phantoms import phantom
from plainfilm.evaluation.calibration import Platt
from plainfilm.networks import Classifier
from plainfilm.reading.bundle import FitPolicy
from plainfilm.training.familiarity import (
    Appearance,
    Familiarity,
    describe,
    fit_percentile,
    fit_spread,
)
from plainfilm.training.graph import Fit, ReadingGraph
from plainfilm.training.onnx_file import to_onnx

SIZE = 32
N_FINDINGS = 3
CALIBRATION = (Platt(1.0, 0.0), Platt(0.5, -1.0), Platt(2.0, 0.3))


class TinyBody(nn.Module):
    out_channels = 6

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, stride=2, padding=1)
        self.second = nn.Conv2d(4, 6, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> Sequence[Tensor]:
        first = torch.relu(self.first(x))
        return [first, torch.relu(self.second(first))]


def tiny_classifier(seed: int = 0) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Classifier(TinyBody(), N_FINDINGS).eval()


def phantoms(n_films: int, first: int = 0, size: tuple[int, int] = (SIZE, SIZE)) -> Tensor:
    films = [phantom(size=size, seed=first + i) for i in range(n_films)]
    return torch.from_numpy(np.stack(films))[:, None]


def tiny_familiarity(classifiers: Sequence[Classifier]) -> Familiarity:
    """Fitted on 60 phantoms, its percentiles on 40 others."""

    def pooled(films: Tensor) -> list[Tensor]:
        return [classifier.embed(films)[1] for classifier in classifiers]

    with torch.no_grad():
        known, others = phantoms(60), phantoms(40, first=100)
        spread = fit_spread(describe(Appearance(), known, pooled(known)).numpy(), rank=20)
        distances = Familiarity(spread)(others, pooled(others))
    return Familiarity(spread, fit_percentile(distances.numpy().astype(np.float64)))


def tiny_graph(policy: FitPolicy = FitPolicy.SQUASH, seeds: Sequence[int] = (0,)) -> ReadingGraph:
    classifiers = [tiny_classifier(seed) for seed in seeds]
    return ReadingGraph(classifiers, Fit(SIZE, policy), CALIBRATION, tiny_familiarity(classifiers))


@cache
def tiny_network(policy: FitPolicy = FitPolicy.SQUASH) -> bytes:
    """`tiny_graph` as an ONNX file; traced once a session."""
    return to_onnx(tiny_graph(policy))
