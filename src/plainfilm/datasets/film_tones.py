"""A film's tone: how much of it is how bright, wherever that is; and films brought into a tone.

A tone is 64 quantiles of a film's greys, the middles of 64 equal parts, and says nothing of where
on the film a grey stands. Windows, gamma, exposure and the maker of a detector change it, and so
does disease that lightens or darkens much of the film.

References
----------
Gonzalez and Woods, Digital Image Processing, "Histogram matching (specification)".
"""

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.film_facts import Facts
from plainfilm.radiograph import Pixels

N_PARTS = 64
SHARES = (1, 5, 10, 25, 50, 75, 90, 95, 99)  # percent of the film that is darker
TONE_FACTS = tuple(f"grey at {share} %" for share in SHARES)

Square = NDArray[np.uint8]
Tone = NDArray[np.float64]

_MIDDLES = (np.arange(N_PARTS) + 0.5) / N_PARTS


def tone_of(film: Square) -> Tone:
    """float64 (64,), rising, in [0, 1]: the tone of a film (H, W) of at least one pixel."""
    shares, there = _darker(film)
    return np.interp(_MIDDLES, shares[there], np.flatnonzero(there) / 255)


def in_tone(film: Square, tone: Tone) -> Pixels:
    """float32 (H, W): the film (H, W) with its greys changed so that its tone is the one given.

    Brighter stays brighter and equal stays equal, so a film with much of one single grey (black
    around the body) keeps as much of one grey, and comes near the tone only.
    """
    shares, _ = _darker(film)
    greys: Pixels = np.interp(shares, _MIDDLES, tone).astype(np.float32)
    return greys[film]


def tone_facts(tones: Tone) -> dict[str, Facts]:
    """Each of `TONE_FACTS` of films' tones (n, 64): float64 (n,), in [0, 1]."""
    found = ([float(np.interp(share / 100, _MIDDLES, tone)) for tone in tones] for share in SHARES)
    return dict(zip(TONE_FACTS, map(np.array, found), strict=True))


def cached_tones(cache: Cache, rows: NDArray[np.int64], aspect: Facts) -> Tone:
    """float64 (n, 64): the tones of some films of a cache.

    Parameters
    ----------
    aspect
        float64 (n,), width by height of each film, by which the black that was added at two sides
        is left out where the films were padded.
    """
    tones = np.empty((len(rows), N_PARTS))
    for number, row in enumerate(rows):
        film = cache.pixels[row]
        padded = cache.policy == "pad" and np.isfinite(aspect[number])
        tones[number] = tone_of(_unpadded(film, aspect[number]) if padded else film)
    return tones


def _unpadded(film: Square, aspect: float) -> Square:
    size = len(film)
    height, width = (max(1, round(size * min(1.0, share))) for share in (1 / aspect, aspect))
    top, left = (size - height) // 2, (size - width) // 2
    return film[top : top + height, left : left + width]


def _darker(film: Square) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of each of 256 greys: the share of the film that is darker, equals counted half; is it there?

    Both (256,).
    """
    counts = np.bincount(film.ravel(), minlength=256)
    return (np.cumsum(counts) - counts / 2) / film.size, counts > 0
