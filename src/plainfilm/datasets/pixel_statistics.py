"""The mean film and the deviation of every pixel, and films standardised by them.

Older work standardised its films so; our own networks do it in the graph, by one mean and one
deviation. Counts of grey levels are whole numbers, so the sums here are exact in any order: no
compensated summation is needed, and nothing but a block of films is ever held in memory.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import DatasetError

UNVARIED = 1.0  # grey level: the deviation of a pixel that is the same on all films

_BLOCK = 64  # films at a time


@dataclass(frozen=True, eq=False)
class PixelStatistics:
    """Of n films, in grey levels: float64 (H, W) each.

    Parameters
    ----------
    mean
        Of each pixel.
    deviation
        Its sample standard deviation, with n - 1; `UNVARIED` where all films agree.
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def standardise(self, films: NDArray[np.uint8]) -> NDArray[np.float32]:
        """New float32 (n, H, W): each pixel's distance from its mean, in its deviations."""
        mean, deviation = self.mean.astype(np.float32), self.deviation.astype(np.float32)
        distance = np.subtract(films, mean, dtype=np.float32)
        return np.divide(distance, deviation, out=distance)


def pixel_statistics(films: NDArray[np.uint8], rows: NDArray[np.int64]) -> PixelStatistics:
    """Mean and deviation of every pixel over some films of a cache.

    Parameters
    ----------
    films
        uint8 (all films, H, W), may be memory-mapped.
    rows
        Which of them: those of train, that nothing is learned from the others.

    Raises
    ------
    DatasetError
        Fewer than two films.
    """
    n = len(rows)
    if n < 2:
        raise DatasetError(f"pixel statistics: {n} films; expected two or more")
    total = np.zeros(films.shape[1:], np.int64)
    squares = np.zeros(films.shape[1:], np.int64)
    for start in range(0, n, _BLOCK):
        block = films[rows[start : start + _BLOCK]]
        total += block.sum(axis=0, dtype=np.int64)
        squares += np.square(block, dtype=np.uint16).sum(axis=0, dtype=np.int64)  # 255² fits
    variance = (n * squares - total**2) / (n * (n - 1))  # exact up to the division
    deviation = np.sqrt(variance)
    return PixelStatistics(total / n, np.where(variance > 0, deviation, UNVARIED))
