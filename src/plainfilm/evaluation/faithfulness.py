"""Does the score hang on the hottest places? Deletion and insertion, beside a random order.

Deletion: the cells of a map, hottest first, are painted over with the film's mean grey, a tenth of
them at a time. Insertion: the film begins as that grey, and the cells come back, hottest first. If
the map tells where the score comes from, the score falls sooner (or rises sooner) than when the
cells go (or come) in random order; the lead is the mean distance of the two curves. A painted film
is like none that the network knows, so a lead is weak evidence, and a missing lead is stronger.

References
----------
Petsiuk, Das and Saenko 2018, BMVC (deletion and insertion); Hooker et al. 2019, NeurIPS 32 (why
painted films mislead).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.radiograph import Pixels

STEPS = 10
_SEED = 0  # of the random order

Score = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Films float32 (N, 1, H, W) in, scores (N,) out."""


@dataclass(frozen=True)
class Curves:
    """A film's score as its cells go or come: `STEPS` + 1 values each, the first with none done."""

    deletion: tuple[float, ...]
    deletion_random: tuple[float, ...]
    insertion: tuple[float, ...]
    insertion_random: tuple[float, ...]

    @property
    def deletion_lead(self) -> float:
        """By how much lower the score is than in random order, on average over the steps."""
        return _mean(self.deletion_random) - _mean(self.deletion)

    @property
    def insertion_lead(self) -> float:
        """By how much higher the score is than in random order, on average over the steps."""
        return _mean(self.insertion) - _mean(self.insertion_random)


def curves(score: Score, pixels: Pixels, values: NDArray[np.float32]) -> Curves:
    """Delete and insert a film's cells by its map `values` (h, w), and in random order.

    The map's cells lie over the whole film, as under the policy squash.
    """
    hottest = np.argsort(-values, axis=None, kind="stable")
    chance = np.random.default_rng(_SEED).permutation(values.size)
    grey = np.full_like(pixels, pixels.mean())

    def along(order: NDArray[np.intp], start: Pixels, end: Pixels) -> tuple[float, ...]:
        """The scores while the cells go over from `start` to `end` in this order."""
        rank = np.empty(values.size, np.intp)
        rank[order] = np.arange(values.size)
        ranks = _stretched(rank.reshape(values.shape), pixels.shape)
        done = [round(step * values.size / STEPS) for step in range(STEPS + 1)]
        films = np.stack([np.where(ranks < n, end, start) for n in done])[:, None]
        return tuple(float(value) for value in score(films.astype(np.float32)))

    return Curves(
        along(hottest, pixels, grey),
        along(chance, pixels, grey),
        along(hottest, grey, pixels),
        along(chance, grey, pixels),
    )


def _stretched(cells: NDArray[np.intp], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Each pixel's cell."""
    rows, columns = (
        np.arange(extent) * n // extent for extent, n in zip(shape, cells.shape, strict=True)
    )
    return cells[np.ix_(rows, columns)]


def _mean(values: tuple[float, ...]) -> float:
    return float(np.mean(values))
