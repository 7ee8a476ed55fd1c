"""What a film looks like, in 256 bits, and which films look the same however they were saved.

A film is shrunk to 32 x 32. Its greys are replaced by their ranks, so that no window and no gamma
matters; each place is compared with its surroundings, so that a letter matters in its place only;
towards the edges it fades, so that little depends on where the film was cut. The bits are the
signs of its lowest cosine coefficients, and how many of two films' bits differ says how alike they
look. Films that are near each other are compared again with their sides moved in or out, since a
film that was cut is the same film; what is not known then, is turned by a few degrees.
`benchmarks/looks.py` measures it on copies and on other films.

The bits hold a blurred shape at most: no letter and no name can be read in them.

References
----------
Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions (signs of cosine
coefficients, compared by how many differ).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.datasets.fit import FitPolicy, fit
from plainfilm.radiograph import Pixels

N_BYTES = 32
N_BITS = 8 * N_BYTES
SAME = 20  # bits; films that differ in so many or fewer look the same
MOVED = 15  # bits; the same once sides were moved, which brings other films nearer, too
NEAR = 56  # bits; films that differ in so many or fewer are compared with their sides moved
TURNED = 18  # bits; the same once the film was turned
LEAST_SIDE = 32  # pixels of a square that can be looked at

_SEEN = 128  # side of the square that a film is fitted into before it is shrunk
_STEP = 0.025  # of a side; by so much it is moved in or out
_FINER = ((_STEP / 2, 40), (_STEP / 4, 30))  # steps, and from how many bits on they are not tried
_ANGLES = (-4.5, -1.5, 1.5, 4.5)  # degrees by which a film is turned to be compared
_FINER_ANGLES = (1, 0.5, 0.25)  # steps, each both ways
_NEAR_TURNED = 44  # bits; films that differ in so many or fewer are compared at angles between
_MARGIN = 16  # one part of the side in so many is added around, for sides that move out
_AROUND = 5  # cells on each side of one, which are its surroundings
_STEEPEST = 1.5  # deviations of the surroundings; more counts as so much
_FLAT = 0.02  # of the ranks; added to the deviation, so that noise is not drawn out
_FADE = 0.25  # of the side, from each edge
_TINY = 1e-9  # what rounding leaves of a film of one single grey

Square = NDArray[np.uint8]
Looks = NDArray[np.uint8]


@dataclass(frozen=True)
class Alike:
    """Two films that look the same: their places, and how many bits differ."""

    film: int
    other: int
    n_bits: int


def fitted(pixels: Pixels, policy: FitPolicy) -> Square:
    """uint8 (128, 128): a film of any size as `looks_of` and `find_alike` take it."""
    return fit(pixels, _SEEN, policy)


def looks_of(squares: NDArray[np.uint8] | Sequence[Square]) -> Looks:
    """uint8 (n, 32): what films (n, S, S) of at least 32 pixels look like; 0 of one single grey."""
    looks = [_bits(_views(square, np.zeros((1, 4)))) for square in squares]
    return np.concatenate([np.zeros((0, N_BYTES), np.uint8), *looks])


def find_alike(squares: NDArray[np.uint8] | Sequence[Square], others: Looks) -> list[Alike]:
    """Which of the films (n, S, S) look the same as one of the others (m, 32), at most one each.

    A film that is mirrored or inverted looks the same, and so does one with up to about 3 % of a
    side cut off or added, or turned by up to about 6 degrees. Films of one single grey look like
    nothing.
    """
    looks, listed = looks_of(squares), _signs(others)
    listed[~others.any(axis=1)] = 0
    n_bits = _differing(_signs(looks), listed)
    found = []
    seen = looks.any(axis=1) & (n_bits.min(axis=1, initial=N_BITS) <= NEAR)
    for film in np.flatnonzero(seen).tolist():
        near = np.flatnonzero(n_bits[film] <= NEAR)
        before = n_bits[film, near]
        at_once = before.min() <= SAME
        least = before if at_once else _moved(squares[film], listed[near])
        best = int(least.argmin())
        if at_once or least[best] <= MOVED:
            found.append(Alike(film, int(near[best]), int(least[best])))
    known = {pair.film for pair in found}
    left = [film for film in np.flatnonzero(looks.any(axis=1)).tolist() if film not in known]
    found += _find_turned(squares, left, listed)
    return sorted(found, key=lambda pair: pair.film)


def _find_turned(
    squares: NDArray[np.uint8] | Sequence[Square], films: Sequence[int], others: Pixels
) -> list[Alike]:
    """Which of these films look the same as one of the others once they are turned."""
    nearest = dict.fromkeys(films, (N_BITS, 0, 0.0))  # bits, other, degrees
    for angle in _ANGLES if films and len(others) else ():
        views = [_bits(_turned(squares[film], (angle,))) for film in films]
        agreed = _agreed(_signs(np.concatenate(views)), others)
        for film, row in zip(films, agreed, strict=True):
            other = int(row.argmax())
            nearest[film] = min(nearest[film], (round((N_BITS - row[other]) / 2), other, angle))
    found = []
    for film, (n_bits_so, other, angle) in nearest.items():
        if n_bits_so <= _NEAR_TURNED:
            least = _turned_finer(squares[film], others[[other]], n_bits_so, angle)
            found += [Alike(film, other, least)] if least <= TURNED else []
    return found


def _turned_finer(square: Square, other: Pixels, n_bits: int, angle: float) -> int:
    """The fewest bits that differ from the other (1, 256) at angles around one."""
    for step in _FINER_ANGLES:
        around = (angle - step, angle + step)
        again = _differing(_signs(_bits(_turned(square, around))), other)[:, 0]
        if again.min() < n_bits:
            n_bits, angle = int(again.min()), around[int(again.argmin())]
    return n_bits


def _moved(square: Square, others: Pixels) -> NDArray[np.int64]:
    """The fewest bits that differ from each of the others when the film's sides are moved."""
    turns = np.array(list(product((-1, 0, 1), repeat=4)))
    first = _differing(_signs(_bits(_views(square, _STEP * turns))), others)
    least: NDArray[np.int64] = first.min(axis=0)
    for other, start in enumerate(_STEP * turns[first.argmin(axis=0)]):
        for step, limit in _FINER:
            if not MOVED < least[other] <= limit:
                break
            cuts = start + step * turns
            again = _differing(_signs(_bits(_views(square, cuts))), others[[other]])[:, 0]
            least[other], start = min(least[other], again.min()), cuts[again.argmin()]
    return least


def _differing(signs: Pixels, others: Pixels) -> NDArray[np.int64]:
    """int64 (n, m): how many bits differ, of the film as it is, mirrored or inverted."""
    n_bits: NDArray[np.int64] = np.rint((N_BITS - _agreed(signs, others)) / 2).astype(np.int64)
    return n_bits


def _agreed(signs: Pixels, others: Pixels) -> Pixels:
    """float32 (n, m): bits that agree less those that differ, at most, of the film as it is,
    mirrored or inverted.
    """
    straight: Pixels = signs @ others.T
    mirrored: Pixels = np.multiply(signs, _MIRRORED, dtype=np.float32) @ others.T
    np.abs(straight, out=straight)
    np.abs(mirrored, out=mirrored)
    np.maximum(straight, mirrored, out=straight)
    return straight


def _views(square: Square, cuts: NDArray[np.float64]) -> Pixels:
    """float32 (m, 32, 32): the film shrunk, by each row of cuts (m, 4) less at its upper, lower,
    left and right side; shares, below 0 where something is added.
    """
    side = len(square)
    margin = side // _MARGIN
    picture = Image.fromarray(np.pad(square, margin, mode="edge").astype(np.float32))
    size, way = (LEAST_SIDE, LEAST_SIDE), Image.Resampling.BOX
    views = []
    for up, down, left, right in cuts:
        near = margin + left * side, margin + up * side
        far = margin + (1 - right) * side, margin + (1 - down) * side
        views.append(np.asarray(picture.resize(size, way, (*near, *far)), np.float32))
    return np.stack(views)


def _turned(square: Square, angles: Sequence[float]) -> Pixels:
    """float32 (m, 32, 32): the film turned counter-clockwise by degrees and shrunk; what comes in
    at its sides is what stood there.
    """
    size, margin = 2 * LEAST_SIDE, LEAST_SIDE // 4
    small = Image.fromarray(square).resize((size, size), Image.Resampling.BOX)
    picture = Image.fromarray(np.pad(np.asarray(small, np.float32), margin, mode="edge"))
    box = (margin, margin, margin + size, margin + size)
    to, way = (LEAST_SIDE, LEAST_SIDE), Image.Resampling.BOX
    turned = (picture.rotate(angle, Image.Resampling.BILINEAR) for angle in angles)
    return np.stack([np.asarray(each.resize(to, way, box), np.float32) for each in turned])


def _bits(small: Pixels) -> Looks:
    """uint8 (n, 32) of shrunken films."""
    ranked = np.stack([_ranks(film) for film in small])
    away = ranked - _MEAN @ ranked @ _MEAN.T
    deviation = np.sqrt(np.maximum(_MEAN @ away**2 @ _MEAN.T, 0))
    local = np.clip(away / (deviation + _FLAT), -_STEEPEST, _STEEPEST) * _WINDOW
    waves = _COSINES @ local @ _COSINES.T
    rows, columns = _LOWEST
    return np.packbits(waves[:, rows, columns] > _TINY, axis=1)


def _ranks(film: Pixels) -> NDArray[np.float64]:
    """The share of cells that are darker, equals counted half."""
    _, place, count = np.unique(film, return_inverse=True, return_counts=True)
    middle = (np.cumsum(count) - count / 2) / film.size
    return middle[place].reshape(film.shape)


def _signs(looks: Looks) -> Pixels:
    return np.unpackbits(looks, axis=1).astype(np.float32) * 2 - 1


def _mean_matrix() -> NDArray[np.float64]:
    """Averages each cell with those around it; beyond an edge stands what is within, mirrored."""
    matrix = np.zeros((LEAST_SIDE, LEAST_SIDE))
    for cell in range(LEAST_SIDE):
        for around in range(cell - _AROUND, cell + _AROUND + 1):
            inside = around if around >= 0 else -around - 1
            inside = min(inside, 2 * LEAST_SIDE - 1 - inside)
            matrix[cell, inside] += 1 / (2 * _AROUND + 1)
    return matrix


def _window() -> NDArray[np.float64]:
    middle = (np.arange(LEAST_SIDE) + 0.5) / LEAST_SIDE
    fade = np.sin(np.minimum(np.minimum(middle, 1 - middle) / _FADE, 1) * np.pi / 2) ** 2
    return np.outer(fade, fade)


def _lowest() -> NDArray[np.int64]:
    """int64 (2, 256): rows and columns of the coefficients, the lowest first, without the mean."""
    places = sorted(product(range(LEAST_SIDE), repeat=2), key=lambda place: (sum(place), place))
    return np.array(places[1 : N_BITS + 1]).T


_MEAN, _WINDOW, _LOWEST = _mean_matrix(), _window(), _lowest()
_COSINES = np.cos(np.pi * np.outer(np.arange(LEAST_SIDE), np.arange(LEAST_SIDE) + 0.5) / LEAST_SIDE)
_MIRRORED = np.where(_LOWEST[1] % 2, -1, 1).astype(np.float32)  # odd across: turned by mirroring
