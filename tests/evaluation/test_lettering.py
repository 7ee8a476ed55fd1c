import numpy as np
import pytest

from phantoms import phantom
from plainfilm.evaluation.audit import paste_marker
from plainfilm.evaluation.lettering import without_letters


@pytest.mark.parametrize("size", [(256, 256), (500, 400), (96, 80)])
def test_a_pasted_letter_is_painted_over(size: tuple[int, int]) -> None:
    film = phantom(size=size)
    marked = paste_marker(film)
    letter = marked != film
    painted = without_letters(marked)
    left = np.abs(painted - film)[letter].mean() / np.abs(marked - film)[letter].mean()
    assert left < 0.35


def test_the_middle_of_the_film_is_never_touched() -> None:
    film = phantom(size=(256, 256))
    film[120:130, 120:124] = 1
    np.testing.assert_array_equal(without_letters(film)[60:200, 60:200], film[60:200, 60:200])


def test_a_film_without_marks_stays_as_it_is() -> None:
    film = np.full((120, 100), 0.4, np.float32)
    assert without_letters(film) is film
    film[:, :20] = 0.9  # a bright half is no mark
    np.testing.assert_array_equal(without_letters(film), film)
