from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.tone_numbers import tone_alarms, tone_numbers
from plainfilm.evaluation.tones import FORMAT, ToneFilm, Tones

N_FILMS = 80


def tones(whole: float, alike: float, alone: float, forest: float, n: int = N_FILMS) -> Tones:
    """Films, every other one sick, whose scores are so many deviations apart."""
    rng = np.random.default_rng(1)
    noise = rng.normal(size=n)  # shared: what a common tone does is paired
    films = [
        ToneFilm(
            patient=f"p{number}",
            labels=(float(number % 2),),
            whole=(noise[number] + whole * (number % 2),),
            alike=(noise[number] + alike * (number % 2),),
            alone=(rng.normal() + alone * (number % 2),),
            tone=(rng.normal() + forest * (number % 2),),
        )
        for number in range(n)
    ]
    return Tones(FORMAT, {"mass": "Mass"}, tuple(films))


def row(found: Tones) -> Any:
    numbers: Any = tone_numbers(found, 200, 0)
    return numbers["findings"]["mass"]


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        ((2, 0, 2, 3), "SHORTCUT, Mass: the bundle answers by the film's tone"),
        ((3, 2.2, 2, 3), "SHORTCUT, Mass: the bundle answers by the film's tone"),
        ((2, 1, 0, 3), "Mass: with all films in one tone the AUROC is"),  # not by tone alone
        ((2, 1, 2, 0), "Mass: with all films in one tone the AUROC is"),  # no tone tells it
        ((2, 2, 2, 3), "Mass: the tone is not shown to matter"),
        ((0, 0, 2, 3), "Mass: told too little on these films"),
    ],
)
def test_a_shortcut_must_be_missed_be_enough_and_be_there(
    apart: tuple[float, float, float, float], words: str
) -> None:
    assert row(tones(*apart))["words"].startswith(words)


def test_a_fall_is_the_difference_of_the_two_and_paired() -> None:
    found = row(tones(2, 1, 1, 2))
    whole, alike, fall = found["whole"], found["alike"], found["fall"]
    assert fall.value == pytest.approx(whole.value - alike.value)
    assert fall.high - fall.low < (whole.high - whole.low) + (alike.high - alike.low)


def test_of_few_patients_nothing_is_said() -> None:
    few = tone_numbers(tones(2, 0, 2, 3, n=18), 50, 0)
    assert tone_alarms(few) == []
    assert "fewer than 10 patients" in row(tones(2, 0, 2, 3, n=18))["words"]
    assert tone_alarms(tone_numbers(tones(2, 0, 2, 3), 50, 0))
