"""Inverted films are told from upright ones, on drawn and on real films."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from phantoms import phantom
from plainfilm.reading.polarity import looks_inverted, uprightness


@given(st.integers(0, 10_000), st.tuples(st.integers(8, 90), st.integers(8, 90)))
def test_the_negative_is_as_far_on_the_other_side(seed: int, size: tuple[int, int]) -> None:
    film = phantom(size=size, seed=seed)

    assert uprightness(1 - film) == pytest.approx(-uprightness(film), abs=1e-4)
    assert -1 <= uprightness(film) <= 1


def test_brightness_and_contrast_change_nothing() -> None:
    film = phantom()

    assert uprightness(0.3 * film + 0.5) == pytest.approx(uprightness(film), abs=1e-5)


def test_a_mirrored_film_is_as_upright() -> None:
    film = phantom(size=(64, 64))

    assert uprightness(film[:, ::-1]) == pytest.approx(uprightness(film), abs=1e-5)


def test_a_film_whose_parts_are_alike_is_neither() -> None:
    stripes = np.tile(np.float32([0, 1, 1, 0]), (32, 8))

    assert uprightness(stripes) == pytest.approx(0, abs=1e-6)


def test_a_drawn_chest_is_upright_and_its_negative_inverted() -> None:
    assert not looks_inverted(phantom())
    assert looks_inverted(1 - phantom())


@pytest.mark.parametrize(
    "folder", ["nih-chestxray14-sample", "hannover-covid-chest", "kermany-chest-xray"]
)
@pytest.mark.slow
def test_few_real_films_are_flagged_and_nearly_all_negatives(
    shared_data: Path, folder: str
) -> None:
    with (shared_data / folder / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file) if row["split"] == "test"]
    films = [
        np.asarray(Image.open(shared_data / folder / name).convert("L")) / np.float32(255)
        for name in names
    ]

    flagged = np.mean([looks_inverted(film) for film in films])
    negatives = np.mean([looks_inverted(1 - film) for film in films])

    assert flagged <= 0.01
    assert negatives >= 0.98
