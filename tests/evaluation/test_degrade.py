import re
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.degrade import (
    DEGRADED,
    PREFIX,
    SAMPLE,
    at_resolution,
    degradation_numbers,
    rotated,
    sampled_rows,
    with_gamma,
)


@given(st.integers(16, 90), st.integers(16, 90))
def test_every_degraded_film_is_still_a_film(height: int, width: int) -> None:
    """S0-30."""
    pixels = phantom(size=(height, width))
    before = pixels.copy()
    for degrade in DEGRADED.values():
        film = degrade(pixels)
        assert film.dtype == np.float32
        assert film.ndim == 2
        assert 0 <= film.min() <= film.max() <= 1
        np.testing.assert_array_equal(film, degrade(pixels))
    np.testing.assert_array_equal(pixels, before)


def test_the_degradations_are_those_asked_for() -> None:
    """S0-30: resolutions 64/128/224, JPEG 20/50/90, gamma 0.5/1/2 (1 is the film), ±15/30."""
    asked = [f"resolution {n}" for n in (64, 128, 224)] + [f"JPEG {n}" for n in (20, 50, 90)]
    asked += ["gamma 0.5", "gamma 2", *(f"rotation {n}" for n in (-30, -15, 15, 30))]
    assert set(asked) <= set(DEGRADED)
    film = phantom(size=(40, 40))
    np.testing.assert_array_equal(with_gamma(film, 1.0), film)


def test_more_of_a_degradation_takes_more_away() -> None:
    film = phantom(size=(300, 250))

    def lost(name: str) -> float:
        return float(np.abs(DEGRADED[name](film) - film).mean())

    assert lost("JPEG 20") > lost("JPEG 50") > lost("JPEG 90")
    assert lost("noise 0.1") > lost("noise 0.05")
    assert lost("photograph") > 0
    assert [at_resolution(film, n).shape for n in (64, 224, 400)] == [
        (64, 53),
        (224, 187),
        (300, 250),
    ]


def test_a_film_turns_counter_clockwise() -> None:
    film = np.zeros((41, 41), np.float32)
    film[20, 38] = 1  # at three o'clock
    row, column = np.unravel_index(rotated(film, 30).argmax(), film.shape)
    assert row < 20 < column


def test_at_most_the_sample_is_degraded() -> None:
    assert sampled_rows(5) == frozenset(range(5))
    rows = sampled_rows(1000)
    assert len(rows) == SAMPLE
    assert max(rows) < 1000
    assert rows == sampled_rows(1000)


def test_a_fall_is_told_by_its_name(make_table: Any) -> None:
    table = make_table(n=120)
    table.labels[10:, 1] = 0  # few films show the second finding
    rng = np.random.default_rng(1)
    audits = {PREFIX + name: table.scores.copy() for name in DEGRADED}
    audits[PREFIX + "JPEG 20"] = rng.normal(0, 1, table.scores.shape)
    for answers in audits.values():
        answers[100:] = np.nan  # not in the sample
    table = replace(table, audits=audits)
    found: Any = degradation_numbers(table, draw_patients(table.patient, 30, 0))
    assert found["n_films"] == 100
    mass, pneumonia = found["findings"]["mass"], found["findings"]["pneumonia"]
    assert pneumonia["degraded"]["JPEG 90"].value == pneumonia["auroc"].value
    assert "by more than 0.05 under JPEG 20 (0." in pneumonia["words"]
    assert "JPEG 50" not in pneumonia["words"]
    fall, low, high = re.findall(r"-?\d\.\d\d(?=[ ,\]])", pneumonia["words"].partition("(")[2])
    assert float(low) < float(fall) < float(high)  # of the same draws, film by film
    lost = pneumonia["auroc"].value - pneumonia["degraded"]["JPEG 20"].value
    assert fall == f"{lost:.2f}"
    assert mass["too_few"]
    assert mass["words"].endswith("too few to say.")


def test_nothing_degraded_no_numbers(make_table: Any) -> None:
    table = make_table(n=6)
    draws = draw_patients(table.patient, 5, 0)
    assert degradation_numbers(table, draws) == {}
    nothing = {PREFIX + name: np.full_like(table.scores, np.nan) for name in DEGRADED}
    assert degradation_numbers(replace(table, audits=nothing), draws) == {}


def test_where_nothing_falls_that_is_said(make_table: Any) -> None:
    table = make_table(n=80)
    audits = {PREFIX + name: table.scores for name in DEGRADED}
    found: Any = degradation_numbers(
        replace(table, audits=audits), draw_patients(table.patient, 5, 0)
    )
    words = found["findings"]["pneumonia"]["words"]
    assert words == ("Pneumonia: no degradation costs more than 0.05 of the AUROC.")
