"""Do copies of real films look like their originals, and different films like themselves?

    python benchmarks/looks.py FOLDER [FILMS]

FOLDER holds the public films `nih-chestxray14-sample`, `kermany-chest-xray`, `knee-oa-kl` and
`hannover-covid-chest`, each with a `labels.csv`; whichever is there is used. Of each set FILMS (60)
are copied in many ways. Then films are compared with all others, their sides moved and turned too:
those of other patients, which must not look the same, and those of the same patient.
"""

import csv
import io
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from plainfilm.datasets.looks import MOVED, SAME, TURNED, find_alike, fitted, looks_of
from plainfilm.images import read_radiograph
from plainfilm.radiograph import Pixels

SETS = ("nih-chestxray14-sample", "kermany-chest-xray", "knee-oa-kl", "hannover-covid-chest")
PATIENT = ("Patient ID", "patient_key", "patient_id")
N_PARTS = 15
_BATCH = 256

Squares = NDArray[np.uint8]
Rows = NDArray[np.int64]


def _picture(film: Pixels) -> Image.Image:
    return Image.fromarray(np.rint(film * 255).astype(np.uint8))


def _film(picture: Image.Image) -> Pixels:
    return np.asarray(picture, np.float32) / 255


def _jpeg(film: Pixels, quality: int) -> Pixels:
    stream = io.BytesIO()
    _picture(film).save(stream, "JPEG", quality=quality)
    return _film(Image.open(stream))


def _cut(film: Pixels, *shares: float) -> Pixels:
    (height, width), (up, down, left, right) = film.shape, shares
    rows = slice(round(up * height), height - round(down * height))
    return np.ascontiguousarray(film[rows, round(left * width) : width - round(right * width)])


def _window(film: Pixels, low: float, high: float) -> Pixels:
    first, last = np.percentile(film, [low, high])
    return np.clip((film - first) / (last - first + 1e-6), 0, 1).astype(np.float32)


def _lettered(film: Pixels) -> Pixels:
    marked, (height, width) = film.copy(), film.shape
    marked[height // 20 : height // 6, -width // 6 : -width // 12] = 1
    return marked


def _half(film: Pixels) -> Pixels:
    return _film(_picture(film).resize((film.shape[1] // 2, film.shape[0] // 2)))


def _turned(film: Pixels, degrees: float) -> Pixels:
    return _film(_picture(film).rotate(degrees, Image.Resampling.BILINEAR))


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG, quality 50": lambda film: _jpeg(film, 50),
    "JPEG, quality 20": lambda film: _jpeg(film, 20),
    "half the size": _half,
    "64 greys": lambda film: (np.rint(film * 63) / 63).astype(np.float32),
    "gamma 0.6": lambda film: film**0.6,
    "gamma 1.7": lambda film: film**1.7,
    "window, 5 to 95 %": lambda film: _window(film, 5, 95),
    "window, 10 to 99 %": lambda film: _window(film, 10, 99),
    "histogram equalised": lambda film: _film(ImageOps.equalize(_picture(film))),
    "letter of 12 % in a corner": _lettered,
    "1 % cut, each side": lambda film: _cut(film, 0.01, 0.01, 0.01, 0.01),
    "2 % cut, each side": lambda film: _cut(film, 0.02, 0.02, 0.02, 0.02),
    "3 % cut, each side": lambda film: _cut(film, 0.03, 0.03, 0.03, 0.03),
    "3 % cut, one side": lambda film: _cut(film, 0, 0, 0.03, 0),
    "5 % cut, one side": lambda film: _cut(film, 0, 0, 0.05, 0),
    "8 % cut, one side": lambda film: _cut(film, 0.08, 0, 0, 0),
    "black border of 2 %": lambda film: np.pad(film, round(0.02 * min(film.shape))),
    **{f"turned by {n} degrees": partial(_turned, degrees=n) for n in (1, 3, 5, 7)},
    "turned by 3 degrees, 1 % cut, JPEG 70": lambda film: _jpeg(
        _cut(_turned(film, 3), 0.01, 0.01, 0.01, 0.01), 70
    ),
    "mirrored": lambda film: np.ascontiguousarray(film[:, ::-1]),
    "inverted": lambda film: np.float32(1) - film,
    "half the size, window, 2 % cut, JPEG 70": lambda film: _jpeg(
        _window(_half(_cut(film, 0.02, 0.02, 0.02, 0.02)), 5, 95), 70
    ),
}


def main(folder: Path, n_copied: int) -> None:
    """Print two tables."""
    paths, patients, names = list[Path](), list[str](), list[str]()
    for name in SETS:
        for path, patient in _listed(folder / name):
            paths.append(path)
            patients.append(f"{name} {patient}")
            names.append(name)
    squares = np.stack([fitted(read_radiograph(path).pixels, "squash") for path in paths])
    looks = looks_of(squares)
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(np.flatnonzero(np.array(names) == name))[:n_copied] for name in SETS]
    rows = np.concatenate(drawn)
    limits = f"{SAME} bits differ, {MOVED} with moved sides, {TURNED} once turned"
    print(f"{len(rows)} films copied; found = at most {limits}")
    for what, change in COPIES.items():
        films = [change(read_radiograph(paths[row]).pixels) for row in rows]
        copies = np.stack([fitted(film, "squash") for film in films])
        first = sum(bool(find_alike(copies[[i]], looks[[row]])) for i, row in enumerate(rows))
        turned = looks_of(copies)
        second = sum(bool(find_alike(squares[[row]], turned[[i]])) for i, row in enumerate(rows))
        print(f"{what:42} found {first:4}; {second:4} where the original is the later one")
    start = time.perf_counter()
    _compare(squares, looks, np.array(patients), np.array(names))
    print(f"in {time.perf_counter() - start:.0f} s")


def _compare(
    squares: Squares, looks: NDArray[np.uint8], patients: NDArray[np.str_], names: NDArray[np.str_]
) -> None:
    """Films of each fifteenth part of the patients beside all others, then each patient's own."""
    _, numbers = np.unique(patients, return_inverse=True)
    parts = np.random.default_rng(0).integers(0, N_PARTS, numbers.max() + 1)[numbers]
    n_pairs, found = 0, list[str]()
    for part in range(N_PARTS):
        films, others = np.flatnonzero(parts == part), np.flatnonzero(parts != part)
        n_pairs += len(films) * len(others)
        for film, other, n_bits in _alike(squares, looks, films, others):
            same = "same pixels" if (squares[film] == squares[other]).all() else "other pixels"
            found.append(f"{names[film]}, {names[other]}: {n_bits} bits, {same}")
    print(f"{len(looks):,} films, {n_pairs:,} comparisons of different patients' films")
    print("of these look the same (each way):", found)
    n_own, own = 0, list[str]()
    for number in range(numbers.max() + 1):
        films = np.flatnonzero(numbers == number)
        for film in films:
            others = films[films != film]
            n_own += len(others)
            own += [
                "same pixels" if (squares[film] == squares[other]).all() else f"{n_bits} bits"
                for _, other, n_bits in _alike(squares, looks, np.array([film]), others)
            ]
    counted = {words: own.count(words) for words in sorted(set(own))}
    print(f"{n_own:,} comparisons of one patient's films; look the same: {counted}")


def _alike(
    squares: Squares, looks: NDArray[np.uint8], films: Rows, others: Rows
) -> Iterator[tuple[int, int, int]]:
    for start in range(0, len(films) if len(others) else 0, _BATCH):
        part = films[start : start + _BATCH]
        for pair in find_alike(squares[part], looks[others]):
            yield int(part[pair.film]), int(others[pair.other]), pair.n_bits


def _listed(folder: Path) -> list[tuple[Path, str]]:
    if not (folder / "labels.csv").is_file():
        return []
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    return [
        (folder / row["file"], next(row[key] for key in PATIENT if row.get(key))) for row in rows
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
