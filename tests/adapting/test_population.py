import pytest

from plainfilm.adapting.population import PopulationWords, population_of
from plainfilm.errors import EvaluationError
from plainfilm.radiograph import View
from plainfilm.reading.gate import Circumstances

FILMS = (
    Circumstances(34.9, View.PA, "chest"),
    Circumstances(71.2, View.AP, "chest"),
    Circumstances(None, None, None),
)


def test_what_is_not_said_is_taken_from_the_films() -> None:
    found = population_of(PopulationWords("adults"), FILMS)
    assert (found.body_parts, found.views) == (("chest",), ("PA", "AP"))
    assert found.age_years == (34, 71)


def test_what_is_said_counts() -> None:
    said = PopulationWords("knees", (18, 95), ("LATERAL",), ("knee",))
    found = population_of(said, FILMS)
    assert (found.body_parts, found.views, found.age_years) == (("knee",), ("LATERAL",), (18, 95))
    assert population_of(PopulationWords("all", "any"), FILMS).age_years is None


@pytest.mark.parametrize(
    ("said", "films", "words"),
    [
        (PopulationWords("x"), FILMS[2:], "body part, and you do not; say --body-part"),
        (PopulationWords("x", body_parts=("chest",)), FILMS[2:], "view, and you do not"),
        (PopulationWords("x", None, ("PA",), ("chest",)), FILMS[2:], "say --ages 18-95 or"),
        (PopulationWords("x", (9, 2)), FILMS, "age_years: found"),
        (PopulationWords("x", views=("UP",)), FILMS, "views: found"),
    ],
)  # fmt: skip
def test_what_nobody_tells_is_asked_for(
    said: PopulationWords, films: tuple[Circumstances, ...], words: str
) -> None:
    with pytest.raises(EvaluationError, match=words):
        population_of(said, films)
