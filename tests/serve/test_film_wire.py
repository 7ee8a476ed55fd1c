"""A radiograph comes back whole from its header and pixels; what is none is told apart."""

import json

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.radiograph import Laterality, Radiograph, View
from plainfilm.serve.film_wire import header_of, radiograph_of

FILM = Radiograph(
    phantom(size=(12, 10)), "a", View.PA, "chest", (0.1, 0.2), 40.5, Laterality.LEFT, ("b",)
)


def test_what_is_sent_comes_back() -> None:
    header = json.loads(json.dumps(header_of(FILM)))
    back = radiograph_of(header, FILM.pixels.ravel(), "a")
    np.testing.assert_array_equal(back.pixels, FILM.pixels)
    assert {**vars(back), "pixels": 0} == {**vars(FILM), "pixels": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": [12, 11]}, {"shape": 120}, {"shape": ["12", "10"]}, {"view": "UP"},
        {"spacing_mm": [0.1]}, {"spacing_mm": [-1, 1]}, {"age_years": "40"}, {"age_years": 400},
        {"laterality": "X"}, {"cautions": "b"}, {"cautions": [1]}, {"body_part": 3},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_film_is_told_apart(wrong: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        radiograph_of({**header_of(FILM), **wrong}, FILM.pixels.ravel(), "a")


def test_a_missing_fact_is_told_apart() -> None:
    header = header_of(FILM)
    del header["view"]
    with pytest.raises(KeyError):
        radiograph_of(header, FILM.pixels.ravel(), "a")
