"""The films of one examination, read one by one, and what they say together."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from plainfilm.findings import FindingResult, Prediction
from plainfilm.reading.facts import Fact, Facts

T = TypeVar("T")
Mean = Callable[[Sequence[Sequence[float]]], list[float]]

_SMALLEST = 1e-7  # nearest a probability comes to 0 or 1 before its logit is taken


def combine(name: str, films: Sequence[Prediction], *, mean: Mean | None = None) -> Prediction:
    """One prediction for a study.

    The score is the mean of the films' scores. The probability is the mean in logits
    (`mean_each`, or where exactly one finding holds for a film `mean_choice`): the same as
    calibrating the mean score by the bundle's own calibrator. Familiarity is the least familiar
    film's. A map belongs to one film, so only a study of a single film has maps. Films that were
    refused are left out, with a caution for each; where all were, the study is refused.

    Parameters
    ----------
    name
        The study's name.
    films
        At least one; of one bundle.
    mean
        How the films' probabilities become the study's; None = `mean_each`.
    """
    answered = [film for film in films if film.refused is None]
    shares = [film.familiarity for film in answered or films if film.familiarity is not None]
    refusals = [f"{film.name}: {film.refused}" for film in films if film.refused is not None]
    left_out = tuple(f"left out of the study: {reason}" for reason in refusals)
    return Prediction(
        name=name,
        bundle=films[0].bundle,
        calibrated=all(film.calibrated for film in answered or films),
        results=_mean_results(answered, mean or mean_each),
        familiarity=min(shares, default=None),
        cautions=(*_cautions(answered or films), *(left_out if answered else ())),
        refused=None if answered else "; ".join(refusals),
        age_years=_shared([film.age_years for film in films]),
        view=_shared([film.view for film in films]),
        body_part=_shared([film.body_part for film in films]),
        facts=_shared_facts([film.facts for film in films]),
    )


def _shared(values: Sequence[T | None]) -> T | None:
    """The value that all have, else None."""
    return values[0] if all(value == values[0] for value in values) else None


def _shared_facts(
    films: Sequence[Facts | None],
) -> Facts | None:
    """What the network was told of every film alike; of the rest None."""
    told = [each for each in films if each is not None]
    if not told:
        return None
    return {name: _same_fact([each[name] for each in told]) for name in told[0]}


def _same_fact(facts: Sequence[Fact]) -> Fact:
    return facts[0] if all(fact == facts[0] for fact in facts) else None


def mean_probability(probabilities: Sequence[float]) -> float:
    """What several films together say of one finding: the sigmoid of the mean logit.

    One film says its own. Probabilities nearer than 1e-7 to 0 or 1 count as that near; NaN gives
    NaN.
    """
    if len(probabilities) == 1:
        return probabilities[0]
    mean_logit = float(np.mean([_logit(probability) for probability in probabilities]))
    return 1 / (1 + math.exp(-mean_logit))


def mean_each(films: Sequence[Sequence[float]]) -> list[float]:
    """The `mean_probability` of each finding by itself, from (films, K) to (K,)."""
    return [mean_probability(column) for column in zip(*films, strict=True)]


def mean_choice(films: Sequence[Sequence[float]]) -> list[float]:
    """The same where a film shows exactly one finding: the softmax of the mean logarithms.

    One film says its own; else the probabilities add up to 1.
    """
    if len(films) == 1:
        return list(films[0])
    inside = np.maximum(np.array(films, dtype=np.float64), _SMALLEST)
    powers = np.exp(np.log(inside).mean(axis=0))
    shares: list[float] = (powers / powers.sum()).tolist()
    return shares


def _mean_results(films: Sequence[Prediction], mean: Mean) -> tuple[FindingResult, ...]:
    if len(films) < 2:
        return films[0].results if films else ()
    probabilities = mean([[result.probability for result in film.results] for film in films])
    of_findings = zip(*(film.results for film in films), strict=True)
    return tuple(
        _mean_result(results, probability)
        for results, probability in zip(of_findings, probabilities, strict=True)
    )


def _mean_result(results: Sequence[FindingResult], probability: float) -> FindingResult:
    first = results[0]
    return FindingResult(
        finding=first.finding,
        probability=probability,
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
