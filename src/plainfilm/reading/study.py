"""The films of one examination, read one by one, and what they say together."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from plainfilm.findings import FindingResult, Prediction

T = TypeVar("T")

_SMALLEST = 1e-7  # nearest a probability comes to 0 or 1 before its logit is taken


def combine(name: str, films: Sequence[Prediction]) -> Prediction:
    """One prediction for a study.

    The score is the mean of the films' scores. The probability is the sigmoid of the mean of the
    logits of their probabilities: under Platt's calibration the same as calibrating the mean
    score. Familiarity is the least familiar film's. A map belongs to one film, so only a study of
    a single film has maps. Films that were refused are left out, with a caution for each; where
    all were, the study is refused.

    Parameters
    ----------
    name
        The study's name.
    films
        At least one; of one bundle.
    """
    answered = [film for film in films if film.refused is None]
    shares = [film.familiarity for film in answered or films if film.familiarity is not None]
    refusals = [f"{film.name}: {film.refused}" for film in films if film.refused is not None]
    left_out = tuple(f"left out of the study: {reason}" for reason in refusals)
    return Prediction(
        name=name,
        bundle=films[0].bundle,
        calibrated=all(film.calibrated for film in answered or films),
        results=_mean_results(answered),
        familiarity=min(shares, default=None),
        cautions=(*_cautions(answered or films), *(left_out if answered else ())),
        refused=None if answered else "; ".join(refusals),
        age_years=_shared([film.age_years for film in films]),
        view=_shared([film.view for film in films]),
        body_part=_shared([film.body_part for film in films]),
    )


def _shared(values: Sequence[T | None]) -> T | None:
    """The value that all have, else None."""
    return values[0] if all(value == values[0] for value in values) else None


def mean_probability(probabilities: Sequence[float]) -> float:
    """What several films together say: the sigmoid of the mean logit; one film says its own.

    Probabilities nearer than 1e-7 to 0 or 1 count as that near; NaN gives NaN.
    """
    if len(probabilities) == 1:
        return probabilities[0]
    mean_logit = float(np.mean([_logit(probability) for probability in probabilities]))
    return 1 / (1 + math.exp(-mean_logit))


def _mean_results(films: Sequence[Prediction]) -> tuple[FindingResult, ...]:
    of_findings = zip(*(film.results for film in films), strict=True)
    return tuple(_mean_result(results) for results in of_findings)


def _mean_result(results: tuple[FindingResult, ...]) -> FindingResult:
    first = results[0]
    if len(results) == 1:
        return first
    return FindingResult(
        finding=first.finding,
        probability=mean_probability([result.probability for result in results]),
        score=float(np.mean([result.score for result in results])),
        threshold=first.threshold,
        prevalence=first.prevalence,
    )


def _logit(probability: float) -> float:
    inside = min(max(probability, _SMALLEST), 1 - _SMALLEST)
    return math.log(inside / (1 - inside))


def _cautions(films: Sequence[Prediction]) -> tuple[str, ...]:
    # What holds for every film is said once; the rest names its film.
    shared = [text for text in films[0].cautions if all(text in film.cautions for film in films)]
    own = [f"{film.name}: {text}" for film in films for text in film.cautions if text not in shared]
    return (*shared, *own)
