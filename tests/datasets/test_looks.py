import functools
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from phantoms import somebody
from plainfilm.datasets.looks import SAME, find_alike, fitted, looks_of
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels

N_OTHERS = 30


def jpeg(film: Pixels, quality: int) -> Pixels:
    stream = io.BytesIO()
    Image.fromarray(np.rint(film * 255).astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream), np.float32) / 255


def resized(film: Pixels, size: tuple[int, int]) -> Pixels:
    return np.clip(np.asarray(Image.fromarray(film).resize(size), np.float32), 0, 1)


def window(film: Pixels) -> Pixels:
    low, high = np.percentile(film, [5, 95])
    return np.clip((film - low) / (high - low), 0, 1).astype(np.float32)


def lettered(film: Pixels) -> Pixels:
    film = film.copy()
    film[10:30, 220:240] = 1
    return film


def turned(film: Pixels, degrees: float) -> Pixels:
    return np.asarray(Image.fromarray(film).rotate(degrees, Image.Resampling.BILINEAR), np.float32)


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is": lambda film: film,
    "JPEG": lambda film: jpeg(film, 50),
    "half the size": lambda film: resized(film, (128, 128)),
    "another shape": lambda film: resized(film, (200, 300)),
    "sixteen greys": lambda film: np.rint(film * 15) / np.float32(15),
    "gamma": lambda film: film ** np.float32(1.7),
    "window": window,
    "2 % cut": lambda film: film[5:-5, 5:-5],
    "3 % cut at one side": lambda film: film[:, 8:],
    "a border": lambda film: np.pad(film, 5),
    "mirrored": lambda film: film[:, ::-1],
    "inverted": lambda film: 1 - film,
    "a letter": lettered,
    "turned by 3 degrees": lambda film: turned(film, 3),
    "turned by -5 degrees, mirrored": lambda film: turned(film, -5)[:, ::-1],
    "cut, resized, JPEG": lambda film: jpeg(resized(film[4:-6, 5:-3], (180, 190)), 60),
}


@functools.cache
def people() -> tuple[Pixels, ...]:
    return tuple(somebody(seed=seed) for seed in range(2 * N_OTHERS))


def squares(films: Sequence[Pixels]) -> NDArray[np.uint8]:
    return np.stack([fitted(np.ascontiguousarray(film), "squash") for film in films])


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_looks_like_its_film_and_like_no_other(name: str) -> None:
    films = people()[:N_OTHERS]
    copies = squares([COPIES[name](films[seed]) for seed in (3, 17)])

    found = find_alike(copies, looks_of(squares(films)))

    assert [(pair.film, pair.other) for pair in found] == [(0, 3), (1, 17)]
    assert all(pair.n_bits <= SAME for pair in found)


def test_different_films_do_not_look_the_same() -> None:
    films = squares(people())
    assert find_alike(films[:N_OTHERS], looks_of(films[N_OTHERS:])) == []


def test_a_film_of_one_grey_looks_like_nothing() -> None:
    blank = np.stack([np.full((64, 64), grey, np.uint8) for grey in (0, 7, 255)])
    assert not looks_of(blank).any()
    assert find_alike(blank, looks_of(blank)) == []
    assert find_alike(squares([somebody()]), looks_of(blank)) == []


def test_no_film_at_all() -> None:
    none = np.zeros((0, 64, 64), np.uint8)
    film = squares([somebody()])
    assert looks_of(none).shape == (0, 32)
    assert find_alike(none, looks_of(film)) == []
    assert find_alike(film, looks_of(none)) == []


def test_real_films_are_told_from_their_copies_and_from_each_other(shared_data: Path) -> None:
    """Films of 300 patients: no two look the same, and each is known when saved again."""
    first: dict[str, Path] = {}
    for path in sorted((shared_data / "nih-chestxray14-sample/images").iterdir()):
        first.setdefault(path.name.partition("_")[0], path)
    films = [read_radiograph(path).pixels for path in list(first.values())[:300]]
    looks = looks_of(squares(films))

    assert find_alike(squares(films[:150]), looks[150:]) == []
    again = squares([jpeg(window(resized(film, (200, 220))), 70) for film in films[::10]])
    assert [pair.other for pair in find_alike(again, looks)] == list(range(0, 300, 10))
    askew = squares([turned(film, 3) for film in films[::10]])
    assert [pair.other for pair in find_alike(askew, looks)] == list(range(0, 300, 10))
