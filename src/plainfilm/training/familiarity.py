"""How much a film looks like those a network learned from, in [0, 1].

A film is described by how it looks (`Appearance`) and by what the network's stages make of it;
the description's Mahalanobis distance from the training films is turned into a percentile of the
validation films. See docs/concepts/familiarity.md for what it catches and what it misses.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

Descriptions = NDArray[np.float32]
Distances = NDArray[np.float64]

THUMBNAIL = 16  # pixels; the coarse picture: where body, lungs and air lie
EDGE_SIZES = (64, 32)  # pixels; the film at which edges are taken, each in 8 x 8 cells
EDGE_CELLS = 8
N_DIRECTIONS = 8
GREY_LEVELS = 12
MIN_SHRINKAGE = 0.1
MIN_SPREAD = 1e-3  # a feature that hardly varies must not dominate the distance
MAX_RANK = 256  # directions kept, shared by the networks of a bundle: they are half its bytes
# Of a stage's activations: statistics below count as they are, above as logarithms.
STATISTIC_UNIT = 0.02

# A variance below this is none. Not smaller: the ONNX exporter takes an addition of 1e-8 for
# nothing and drops it.
_FLAT = 1e-6
_LOG_FLOOR = 1e-3


class Appearance(nn.Module):
    """How a film looks, whoever it shows: (N, 1, S, S) in [0, 1] → (N, 1294).

    A 16 x 16 thumbnail and, in 8 x 8 cells, the strength of edges in 8 directions at two scales,
    of the film standardised to mean 0 and deviation 1; and how much of the film is how bright.
    Everything is taken from at most 64 x 64 pixels: compression, sharpening and the original's
    resolution hardly count.

    References
    ----------
    The edges follow Dalal and Triggs 2005, "Histograms of oriented gradients".
    """

    def forward(self, films: Tensor) -> Tensor:
        """One row of features per film."""
        parts = [_standardised(_resized(films, THUMBNAIL)).flatten(1)]
        parts += [_edges(_resized(films, side)) for side in EDGE_SIZES]
        parts.append(_brightness(_resized(films, EDGE_SIZES[0])))
        return torch.cat(parts, dim=1)


@dataclass(frozen=True, eq=False)
class Spread:
    """Where descriptions lie and how they spread: D features, of which r directions are kept.

    Parameters
    ----------
    mean, scale
        float32 (D,); features are first brought to mean 0 and deviation 1.
    directions
        float32 (D, r), orthonormal: the directions of largest variance.
    variances
        float32 (r,), along them.
    rest
        The variance taken for every other direction.
    """

    mean: Descriptions
    scale: Descriptions
    directions: Descriptions
    variances: Descriptions
    rest: float


def fit_spread(descriptions: Descriptions, rank: int = MAX_RANK) -> Spread:
    """The spread of training films' descriptions (n, D).

    The covariance is shrunk towards a multiple of the identity, by Ledoit and Wolf's share but by
    a tenth at least; directions beyond the first `rank` share one variance, the mean of theirs.

    Raises
    ------
    ValueError
        Fewer than two films.

    References
    ----------
    Ledoit and Wolf 2004, J. Multivariate Analysis 88:365; Lee et al. 2018 (arXiv 1807.03888).
    """
    n_films, n_features = descriptions.shape
    if n_films < 2:
        raise ValueError(f"found {n_films} films; a spread needs two")
    mean = descriptions.mean(axis=0, dtype=np.float64)
    scale = descriptions.std(axis=0, dtype=np.float64) + MIN_SPREAD
    covariance = _shrunk_covariance((descriptions - mean) / scale)
    variances, directions = np.linalg.eigh(covariance)  # ascending
    rank = min(rank, n_features - 1)
    rest = float(variances[: n_features - rank].mean())
    kept = slice(n_features - 1, n_features - 1 - rank, -1)
    as_float = np.float32
    return Spread(
        mean.astype(as_float),
        scale.astype(as_float),
        np.ascontiguousarray(directions[:, kept], as_float),
        variances[kept].astype(as_float),
        rest,
    )


class Distance(nn.Module):
    """Half the logarithm of the squared Mahalanobis distance per feature: (N, D) → (N,)."""

    mean: Tensor
    scale: Tensor
    directions: Tensor
    weights: Tensor

    def __init__(self, spread: Spread) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(spread.mean))
        self.register_buffer("scale", torch.from_numpy(spread.scale))
        self.register_buffer("directions", torch.from_numpy(spread.directions))
        weights = 1 / spread.variances.astype(np.float64) - 1 / spread.rest
        self.register_buffer("weights", torch.from_numpy(weights.astype(np.float32)))
        self.rest = spread.rest

    def forward(self, descriptions: Tensor) -> Tensor:
        """0 for a film whose every feature is one deviation off; lower = nearer."""
        off = (descriptions - self.mean) / self.scale
        along = off @ self.directions
        squared = off.square().sum(dim=1) / self.rest + (along.square() * self.weights).sum(dim=1)
        return 0.5 * torch.log(squared.clamp_min(_FLAT) / self.mean.shape[0])


@dataclass(frozen=True)
class Percentile:
    """From distance to familiarity: straight lines between knots, then a tail.

    Parameters
    ----------
    distances
        The knots, ascending.
    shares
        At each knot: the share of validation films at least as far; from 1 down, above 0.
    tail
        Beyond the last knot x the familiarity is share / (1 + (distance - x) / tail): it never
        reaches 0, so unfamiliar films still rank among themselves.
    """

    distances: tuple[float, ...]
    shares: tuple[float, ...]
    tail: float


def fit_percentile(distances: Distances) -> Percentile:
    """The percentile table of validation films' distances (n,).

    Raises
    ------
    ValueError
        Fewer than two different distances.
    """
    far = np.sort(distances.astype(np.float64))[::-1]
    if far.size < 2 or far[0] == far[-1]:
        raise ValueError(f"found {far.size} films of one distance; a percentile needs others")
    n = far.size
    # Rank i (0 = farthest) has i + 1 films at least as far. Dense where the cuts lie.
    wanted = np.concatenate(
        [np.arange(min(n, 16)), np.geomspace(1, n, 48).astype(int) - 1, [n - 1]]
    )
    ranks = np.unique(wanted)
    knots: dict[float, float] = {}
    for rank in ranks:  # equal distances: the largest share holds
        knots[float(far[rank])] = (rank + 1) / n
    ordered = sorted(knots.items())
    spread = float(np.quantile(far, 0.9) - np.quantile(far, 0.5))
    tail = max(spread, 1e-3 * float(far[0] - far[-1]))
    return Percentile(tuple(d for d, _ in ordered), tuple(s for _, s in ordered), tail)


class Familiarity(nn.Module):
    """The graph's last branch: fitted films and the stages' statistics → (N,) in [0, 1].

    Parameters
    ----------
    spread
        Of the training films' descriptions.
    percentile
        Of the validation films' distances; None = the distance itself comes out, to fit it.
    """

    knots: Tensor
    slopes: Tensor

    def __init__(self, spread: Spread, percentile: Percentile | None = None) -> None:
        super().__init__()
        self.appearance = Appearance()
        self.distance = Distance(spread)
        self.percentile = percentile
        if percentile is not None:
            knots = np.array(percentile.distances)
            slopes = np.diff(percentile.shares) / np.diff(knots)
            self.register_buffer("knots", torch.from_numpy(knots.astype(np.float32)))
            self.register_buffer("slopes", torch.from_numpy(slopes.astype(np.float32)))

    def forward(self, films: Tensor, pooled: Sequence[Tensor]) -> Tensor:
        """Familiarity of films (N, 1, S, S); `pooled` as `Classifier.embed` gives it."""
        distance = self.distance(self.describe(films, pooled))
        return distance if self.percentile is None else self._share(distance, self.percentile)

    def describe(self, films: Tensor, pooled: Sequence[Tensor]) -> Tensor:
        """The description (N, D) of films."""
        return describe(self.appearance, films, pooled)

    def _share(self, distance: Tensor, table: Percentile) -> Tensor:
        low, high = self.knots[:-1], self.knots[1:]
        inside = torch.minimum(torch.maximum(distance[:, None], low), high) - low
        share = table.shares[0] + (inside * self.slopes).sum(dim=1)
        beyond = F.relu(distance - table.distances[-1])
        return share.clamp(table.shares[-1], 1.0) / (1 + beyond / table.tail)


def describe(appearance: nn.Module, films: Tensor, pooled: Sequence[Tensor]) -> Tensor:
    """Descriptions (N, D): how films look, and the stages' statistics as `Classifier.embed` gives.

    The statistics spread over powers of ten; asinh is a logarithm that takes values below 0.
    """
    statistics = [torch.asinh(part / STATISTIC_UNIT) for part in pooled]
    return torch.cat([appearance(films), *statistics], dim=1)


def _shrunk_covariance(whitened: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance (D, D) of centred rows, shrunk towards the mean variance times the identity."""
    n_films, n_features = whitened.shape
    covariance = whitened.T @ whitened / n_films
    level = np.trace(covariance) / n_features
    distance = float((covariance**2).sum()) - n_features * level**2
    error = float((np.square(whitened).sum(axis=1) ** 2).sum()) / n_films**2
    error -= float((covariance**2).sum()) / n_films
    share = 1.0 if distance <= 0 else min(1.0, max(MIN_SHRINKAGE, error / distance))
    shrunk: NDArray[np.float64] = (1 - share) * covariance + share * level * np.eye(n_features)
    return shrunk


def _resized(films: Tensor, side: int) -> Tensor:
    return F.interpolate(films, (side, side), mode="bilinear", align_corners=False, antialias=True)


def _standardised(films: Tensor) -> Tensor:
    centred = films - films.mean(dim=(1, 2, 3), keepdim=True)
    return centred / (centred.square().mean(dim=(1, 2, 3), keepdim=True) + _FLAT).sqrt()


def _edges(films: Tensor) -> Tensor:
    """Logarithm of the mean edge strength per direction and cell: (N, 8 x 8 x 8)."""
    padded = F.pad(_standardised(films), (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    strength = (across.square() + down.square() + _FLAT).sqrt()
    angles = [2 * math.pi * step / N_DIRECTIONS for step in range(N_DIRECTIONS)]
    along = [across * math.cos(angle) + down * math.sin(angle) for angle in angles]
    parts = torch.cat([F.relu(part).square() / strength for part in along], dim=1)
    cells = F.avg_pool2d(parts, films.shape[2] // EDGE_CELLS)
    return torch.log(cells + _LOG_FLOOR).flatten(1)


def _brightness(films: Tensor) -> Tensor:
    """A smooth histogram of luminance (logarithms), its mean and deviation: (N, 14)."""
    pixels = films.flatten(1)
    levels = [step / (GREY_LEVELS - 1) for step in range(GREY_LEVELS)]
    near = [torch.exp(-0.5 * ((pixels - level) * GREY_LEVELS).square()) for level in levels]
    shares = torch.stack([part.mean(dim=1) for part in near], dim=1)
    mean = pixels.mean(dim=1, keepdim=True)
    deviation = ((pixels - mean).square().mean(dim=1, keepdim=True) + _FLAT).sqrt()
    return torch.cat([torch.log(shares + _LOG_FLOOR), mean, deviation], dim=1)
