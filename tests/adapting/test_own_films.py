from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plainfilm.adapting.own_films import read_films
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import EvaluationError
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Population


def some(own_films: Path, folder: Path, n_films: int) -> Manifest:
    """Copies of the first films, with an album of no films beside them."""
    manifest = Manifest.load(own_films)
    for sample in manifest.samples[:n_films]:
        (folder / sample.image).write_bytes((own_films / sample.image).read_bytes())
    return replace(manifest, samples=manifest.samples[:n_films], root=folder)


def test_what_cannot_be_read_is_counted(parent: Path, own_films: Path, tmp_path: Path) -> None:
    manifest = some(own_films, tmp_path, 6)
    (tmp_path / "001.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "003.png")
    told: list[tuple[int, int]] = []
    films = read_films(Reader(parent), manifest, lambda *count: told.append(count))
    assert [sample.image for sample in films.samples] == [
        "000.png",
        "002.png",
        "004.png",
        "005.png",
    ]
    assert films.left_out == {"not readable": 1, "no film to judge, as the gate says": 1}
    assert told == [(n, 6) for n in range(1, 7)]
    assert np.array_equal(films.labels, manifest.labels[[0, 2, 4, 5]])


def test_films_outside_the_stated_population_are_counted(parent: Path, own_films: Path) -> None:
    manifest = Manifest.load(own_films)
    films = read_films(Reader(parent), replace(manifest, samples=manifest.samples[:10]))
    thirties = films.inside(Population(("chest",), ("PA",), (30, 33), "up to 33"))
    assert [sample.age for sample in thirties.samples] == [30, 31, 32, 33]
    assert thirties.left_out == {"outside the population you state": 6}
    assert len(thirties.scores) == len(thirties.probabilities) == len(thirties.known) == 4
    with pytest.raises(EvaluationError, match="no film is of the population you state"):
        films.inside(Population(("knee",), ("PA",), None, "knees"))


def test_films_of_which_none_can_be_read_are_refused(
    parent: Path, own_films: Path, tmp_path: Path
) -> None:
    manifest = some(own_films, tmp_path, 2)
    for sample in manifest.samples:
        (tmp_path / sample.image).write_bytes(b"no picture")
    with pytest.raises(EvaluationError, match="none of the 2 films can be used: 2 not readable"):
        read_films(Reader(parent), manifest)
