"""How well probabilities agree with what happens: reliability table and calibration error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.metrics import Floats, Labels, Scores, known

N_BINS = 15

Bins = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Reliability:
    """One row per bin, each array (bins,): mean probability and share present are NaN if empty."""

    n_films: NDArray[np.intp]
    mean_probability: Floats
    share_present: Floats

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap of the bins, weighted by their films."""
        filled = self.n_films > 0
        gaps = np.abs(self.mean_probability - self.share_present)[filled]
        return float((gaps * self.n_films[filled]).sum() / max(1, self.n_films.sum()))


def equal_width_bins(probability: Scores, n_bins: int = N_BINS) -> Bins:
    """The bin 0 .. n_bins - 1 of each probability; bins are [0, 1/n), [1/n, 2/n) .. [.., 1]."""
    return np.minimum((probability.astype(np.float64) * n_bins).astype(np.intp), n_bins - 1)


def equal_mass_bins(probability: Scores, n_bins: int = N_BINS) -> Bins:
    """Bins of (nearly) equally many films by rising probability; ties stay in one bin."""
    values, group, count = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    bins: Bins = (middle * n_bins / max(1, probability.size)).astype(np.intp)[group]
    return np.minimum(bins, n_bins - 1) if values.size else bins


def reliability(probability: Scores, labels: Labels, bins: Bins, n_bins: int) -> Reliability:
    """The reliability table of probabilities (n,), labels (n,) without NaN and their bins (n,)."""
    count = np.bincount(bins, minlength=n_bins)
    safe = np.where(count == 0, np.nan, count)
    mean_probability = np.bincount(bins, weights=probability, minlength=n_bins) / safe
    share_present = np.bincount(bins, weights=labels, minlength=n_bins) / safe
    return Reliability(count, mean_probability, share_present)


def ece(probability: Scores, labels: Labels, n_bins: int = N_BINS) -> float:
    """Expected calibration error over `n_bins` bins of equal width; NaN labels are left out.

    Returns
    -------
    In [0, 1]; 0 = in every bin the mean probability equals the share of present films. Small sets
    read high: with n films even perfect probabilities give about sqrt(bins / n) / 2.

    References
    ----------
    Naeini, Cooper and Hauskrecht 2015, AAAI 29:2901; Guo et al. 2017, section 2.
    """
    films = known(probability, labels)
    bins = equal_width_bins(films.scores, n_bins)
    return reliability(films.scores, films.present.astype(np.float64), bins, n_bins).error


def ece_equal_mass(probability: Scores, labels: Labels, n_bins: int = N_BINS) -> float:
    """Expected calibration error over bins of equally many films; NaN labels are left out."""
    films = known(probability, labels)
    bins = equal_mass_bins(films.scores, n_bins)
    return reliability(films.scores, films.present.astype(np.float64), bins, n_bins).error
