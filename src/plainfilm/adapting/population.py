"""The people and films that a bundle was adapted to: what the user states, what the films tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from plainfilm.errors import EvaluationError
from plainfilm.radiograph import View
from plainfilm.reading.bundle import Population
from plainfilm.reading.gate import Circumstances

Ages = tuple[float, float]


@dataclass(frozen=True)
class PopulationWords:
    """Whose films they are, as their owner says.

    Parameters
    ----------
    words
        One sentence for people: "adults of our hospital, chest from the front".
    ages
        Youngest and oldest in completed years; "any" = any age; None = as the films say.
    views, body_parts
        () = as the films say.
    """

    words: str
    ages: Ages | str | None = None
    views: tuple[str, ...] = ()
    body_parts: tuple[str, ...] = ()


def population_of(said: PopulationWords, films: Sequence[Circumstances]) -> Population:
    """The population, from what was said, and where nothing was from what is known of the films.

    Raises
    ------
    EvaluationError
        Neither tells the ages, the views or the body part, or what was said is impossible.
    """
    parts = said.body_parts or tuple(sorted({f.body_part for f in films if f.body_part}))
    views = said.views or tuple(view for view in View if any(f.view == view for f in films))
    for what, found, option in (
        ("body part", parts, "--body-part chest"),
        ("view", views, "--views PA,AP"),
    ):
        if not found:
            raise EvaluationError(f"no film tells its {what}, and you do not; say {option}")
    try:
        return Population(
            tuple(parts), tuple(str(v) for v in views), _ages(said, films), said.words
        )
    except ValueError as error:
        raise EvaluationError(f"population: {error}") from error


def _ages(said: PopulationWords, films: Sequence[Circumstances]) -> Ages | None:
    if isinstance(said.ages, tuple):
        return said.ages
    if said.ages is not None:
        return None
    known = [film.age_years for film in films if film.age_years is not None]
    if not known:
        raise EvaluationError(
            "no film tells an age, and you do not; say --ages 18-95 or --ages any"
        )
    return float(int(min(known))), float(int(max(known)))
