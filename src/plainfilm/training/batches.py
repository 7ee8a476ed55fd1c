"""Manifest and cache → batches of films and labels, in an order that is a function of its seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.training.chance import generator_for
from plainfilm.training.copies import Copies, changed
from plainfilm.training.side import SideTarget, side_columns
from plainfilm.training.side_inputs import SideInput, fact_columns

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Batch:
    """Films float32 (N, 1, S, S) in [0, 1] and labels float32 (N, K + A): 1, 0 or NaN = unknown.

    K findings, then A columns of side targets. `weights` (N, K + A) is what each label counts, None
    = 1; `opinions` (N, K) in [0, 1] is what another network said, NaN = nothing, None = no network.
    `facts` (N, k) are what the network is told of the films, None = nothing. In a team, films are
    those that one process needs, and all else is of the whole batch.
    """

    films: Tensor
    labels: Tensor
    weights: Tensor | None = None
    opinions: Tensor | None = None
    facts: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Films:
    """The films of one split.

    Parameters
    ----------
    pixels
        uint8 (all films of the cache, S, S), memory-mapped.
    rows
        int64 (n,), which of them.
    labels
        float32 (n, K): 1, 0 or NaN = unknown.
    side
        float32 (n, A): side targets likewise.
    weights
        float32 (n, K): what each film counts for each finding; None = 1.
    opinions
        float32 (n, K): what another network said of each; None = no other network.
    changes
        int8 (n,): how copies differ from their films, see `copies`; None = no film is a copy.
    facts
        float32 (n, k): what the network is told of each, see `reading.facts`; None = nothing.
    """

    pixels: NDArray[np.uint8]
    rows: Positions
    labels: NDArray[np.float32]
    side: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None
    opinions: NDArray[np.float32] | None = None
    changes: NDArray[np.int8] | None = None
    facts: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, positions: Positions, needed: Positions | None = None) -> Batch:
        """The films at these positions of the split; with `needed`, the pixels of those alone."""
        seen = positions if needed is None else positions[needed]
        pixels = torch.from_numpy(np.asarray(self.pixels[self.rows[seen]]))
        labels = torch.from_numpy(np.hstack([self.labels[positions], self.side[positions]]))
        films = pixels.unsqueeze(1).float() / 255
        films = films if self.changes is None else changed(films, self.changes[seen])
        facts = None if self.facts is None else torch.from_numpy(self.facts[positions])
        return Batch(films, labels, self._weights(positions), self._opinions(positions), facts)

    def with_copies(self, copies: Copies) -> "Films":
        """These films, then the copies."""
        taken = np.concatenate([np.arange(len(self)), copies.positions])
        changes = np.concatenate([np.zeros(len(self), np.int8), copies.changes])
        return replace(
            self,
            rows=self.rows[taken],
            labels=self.labels[taken],
            side=self.side[taken],
            weights=None if self.weights is None else self.weights[taken],
            opinions=None if self.opinions is None else self.opinions[taken],
            changes=changes if changes.any() else None,
            facts=None if self.facts is None else self.facts[taken],
        )

    def _weights(self, positions: Positions) -> Tensor | None:
        if self.weights is None:
            return None
        side = np.ones_like(self.side[positions])  # side targets are thrown away: left as they are
        return torch.from_numpy(np.hstack([self.weights[positions], side]))

    def _opinions(self, positions: Positions) -> Tensor | None:
        return None if self.opinions is None else torch.from_numpy(self.opinions[positions])


def films_of(
    manifest: Manifest,
    cache: Cache,
    split: str,
    side_targets: Sequence[SideTarget] = (),
    side_inputs: Sequence[SideInput] = (),
) -> Films:
    """The films of one split, "train", "val" or "test"; empty where there are none."""
    rows = [i for i, sample in enumerate(manifest.samples) if sample.split == split]
    positions = np.asarray(rows, dtype=np.int64)
    side = side_columns(manifest, side_targets)
    facts = fact_columns(manifest, side_inputs)[positions] if side_inputs else None
    labels = manifest.labels[positions]
    return Films(cache.pixels, positions, labels, side[positions], facts=facts)


def steps_per_epoch(n_films: int, batch_size: int) -> int:
    """Full batches in an epoch, at least 1; what is left over waits for another epoch's order."""
    return max(1, n_films // batch_size)


def epoch_order(n_films: int, seed: int, epoch: int) -> Positions:
    """Each film once, shuffled: a function of seed and epoch alone."""
    order = torch.randperm(n_films, generator=generator_for(seed, "order", epoch))
    return order.numpy()


def batch_positions(
    order: Positions, step: int, batch_size: int, *, rank: int = 0, world: int = 1
) -> Positions:
    """Which films step `step` of an epoch sees; with several processes, the part of one of them.

    The parts of all ranks together are the batch of one process.
    """
    whole = order[step * batch_size : (step + 1) * batch_size]
    return whole[rank::world]
