"""Films that look like those a network learned from, or like films of another split.

A bundle carries the looks (`looks.py`) of the films it learned from, beside their digests
(`seen.py`). So a film is noticed that was saved again: in another format or size, in fewer bits,
through another window, without its header, a little cut or turned, mirrored or inverted.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from plainfilm.datasets.fit import FitPolicy
from plainfilm.datasets.looks import (
    LEAST_SIDE,
    N_BYTES,
    Looks,
    Square,
    find_alike,
    fitted,
    looks_of,
)
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.seen import (
    ADAPTED_KEY,
    ADAPTED_LOOKS_KEY,
    LEARNED,
    LOOKS_KEY,
    MOST,
    listed,
    packed,
)
from plainfilm.errors import ImageError
from plainfilm.images import read_radiograph

N_NAMED = 5  # pairs of films that a sentence names
_BATCH = 256  # films in hand at a time


def film_looks(
    manifest: Manifest, squares: NDArray[np.uint8], splits: Sequence[str] = LEARNED
) -> dict[str, str]:
    """What a bundle carries (in `provenance.details`) of the looks of the films in these splits.

    Parameters
    ----------
    manifest
        The films.
    squares
        uint8 (n, S, S): the films as a cache holds them.

    Returns
    -------
    Empty where there are more than 90,000 films, or squares of less than 32 pixels.
    """
    rows = [row for row, sample in enumerate(manifest.samples) if sample.split in splits]
    if not 0 < len(rows) <= MOST or squares.shape[1] < LEAST_SIDE:
        return {}
    parts = [looks_of(squares[part]) for part in _batches(rows)]
    return {LOOKS_KEY: packed(_seen(np.concatenate(parts)))}


def adapted_looks(details: dict[str, str], manifest: Manifest, policy: FitPolicy) -> dict[str, str]:
    """What an adapted bundle carries of all films of a manifest, beside those it carried before.

    Nothing where it was adapted before and carries no looks of those films, so that nobody takes a
    part for the whole.

    Raises
    ------
    DatasetError
        The bundle's own list cannot be read.
    """
    if ADAPTED_KEY in details and ADAPTED_LOOKS_KEY not in details:
        return {}
    looks = listed(details, ADAPTED_LOOKS_KEY) if ADAPTED_LOOKS_KEY in details else set()
    for _, squares in _read(manifest, policy):
        looks |= _seen(looks_of(squares))
    return {ADAPTED_LOOKS_KEY: packed(looks)}


def lookalikes(
    details: dict[str, str], films: Manifest, policy: FitPolicy, key: str = LOOKS_KEY
) -> tuple[str, ...]:
    """The images among the films that look like one of those in a bundle's list.

    Every film is decoded; one that cannot be is passed over. Nothing where there is no such list.

    Raises
    ------
    DatasetError
        The bundle's list cannot be read.
    """
    if key not in details:
        return ()
    content = b"".join(sorted(listed(details, key)))
    learned = np.frombuffer(content, np.uint8).reshape(-1, N_BYTES)
    found: list[str] = []
    for images, squares in _read(films, policy):
        found += [images[pair.film] for pair in find_alike(squares, learned)]
    return tuple(found)


def split_lookalikes(manifest: Manifest, squares: NDArray[np.uint8]) -> tuple[str, ...]:
    """Sentences that name films of one split that look like films of another.

    Parameters
    ----------
    manifest
        The films; those in no split do not count.
    squares
        uint8 (n, S, S): the films as a cache holds them; of less than 32 pixels nothing is said.
    """
    if squares.shape[1] < LEAST_SIDE:
        return ()
    rows = {name: manifest.rows(name).tolist() for name in manifest.split_names}
    looks = {
        name: np.concatenate([looks_of(squares[part]) for part in _batches(own)])
        for name, own in rows.items()
    }
    told = []
    for first, second in combinations(manifest.split_names, 2):
        pairs = list(_pairs(squares, rows[second], rows[first], looks[first]))
        if pairs:
            told.append(_pairs_words(manifest, pairs, first, second))
    return tuple(told)


def _pairs(
    squares: NDArray[np.uint8], films: list[int], others: list[int], looks: Looks
) -> Iterator[tuple[int, int]]:
    for part in _batches(films):
        for pair in find_alike(squares[part], looks):
            yield part[pair.film], others[pair.other]


def _pairs_words(
    manifest: Manifest, pairs: Sequence[tuple[int, int]], first: str, second: str
) -> str:
    names = [sample.image.rpartition("/")[2] for sample in manifest.samples]
    shown = ", ".join(f"{names[film]} like {names[other]}" for film, other in pairs[:N_NAMED])
    more = f" and {len(pairs) - N_NAMED:,} more" if len(pairs) > N_NAMED else ""
    if len(pairs) == 1:
        return f"LEAK, a film in {second!r} looks like one in {first!r}: {shown}. Look at both."
    count = f"{len(pairs):,} films in {second!r} look like films in {first!r}"
    return f"LEAK, {count}: {shown}{more}. Look at them."


def _seen(looks: Looks) -> set[bytes]:
    """Without films of one single grey, which look like nothing."""
    return {look.tobytes() for look in looks if look.any()}


def _read(films: Manifest, policy: FitPolicy) -> Iterator[tuple[list[str], list[Square]]]:
    """The films' images and squares, as many at a time as fit into little memory."""
    for part in _batches(list(range(len(films)))):
        images, squares = list[str](), list[Square]()
        for sample in (films.samples[row] for row in part):
            try:
                film = read_radiograph(films.root / sample.image)
            except ImageError:
                continue
            images.append(sample.image)
            squares.append(fitted(film.pixels, policy))
        if images:
            yield images, squares


def _batches(rows: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
