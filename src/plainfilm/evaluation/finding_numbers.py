"""What is measured of one finding, on films or on studies, and the means over findings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import TOO_FEW, Interval, PatientDraws, interval, rank_draws
from plainfilm.evaluation.metrics import Confusion, Floats, auroc, average_precision
from plainfilm.evaluation.operating import (
    CalibrationNumbers,
    OperatingPoint,
    calibration_numbers,
    operating_point,
)

ONE_CLASS = 0.99  # share of the calls from which they are called all alike


@dataclass(frozen=True, eq=False)
class FindingNumbers:
    """Everything measured of one finding, and the draws its means are made of.

    `majority_accuracy` is what calling all films alike would reach; `one_class` says that the
    bundle does just that, though the labels do not.
    """

    display: str
    n_films: int
    n_present: int
    n_present_refused: int
    too_few: bool
    prevalence: float
    majority_accuracy: float
    auroc: Interval
    average_precision: Interval
    threshold: float
    rates: OperatingPoint
    one_class: bool
    calibration: CalibrationNumbers
    auroc_draws: Floats
    average_precision_draws: Floats


def finding_numbers(answers: Answers, column: int, draws: PatientDraws) -> FindingNumbers:
    """What is measured of one finding."""
    about, labels = answers.table.about, answers.labels[:, column]
    scores, fit = answers.table.scores[:, column], answers.fits[column]
    ranked = rank_draws(draws, scores, labels)
    n_films, n_present = int((~np.isnan(labels)).sum()), int((labels == 1).sum())
    prevalence = n_present / n_films if n_films else math.nan
    rates, calibration = OperatingPoint(), CalibrationNumbers()
    if fit is not None:
        rates = operating_point(draws, fit.probability, labels, fit.threshold)
        calibration = calibration_numbers(draws, fit.probability, labels)
    return FindingNumbers(
        display=about.displays[column],
        n_films=n_films,
        n_present=n_present,
        n_present_refused=int(answers.present_refused[column]),
        too_few=min(n_present, n_films - n_present) < TOO_FEW,
        prevalence=prevalence,
        majority_accuracy=max(prevalence, 1 - prevalence),
        auroc=interval(auroc(scores, labels), ranked.auroc),
        average_precision=interval(average_precision(scores, labels), ranked.average_precision),
        threshold=about.thresholds[column],
        rates=rates,
        one_class=calls_one_class(rates.confusion),
        calibration=calibration,
        auroc_draws=ranked.auroc,
        average_precision_draws=ranked.average_precision,
    )


def calls_one_class(counts: Confusion | None) -> bool:
    """Whether at least 99 % of the films are called alike, and fewer of them are."""
    if counts is None:
        return False
    n_films = sum(vars(counts).values())
    called = counts.true_present + counts.false_present
    present = counts.true_present + counts.false_absent
    return any(
        alike >= ONE_CLASS * n_films > truly
        for alike, truly in ((called, present), (n_films - called, n_films - present))
    )


def row(numbers: FindingNumbers) -> dict[str, object]:
    """The numbers as evaluation.json has them: one level, without draws."""
    plain = {field.name: getattr(numbers, field.name) for field in fields(numbers)}
    rates, calibration = plain.pop("rates"), plain.pop("calibration")
    del plain["auroc_draws"], plain["average_precision_draws"]
    counts = {"confusion": rates.confusion and vars(rates.confusion)}
    return {**plain, **vars(rates), **counts, **vars(calibration)}


def means(numbers: Sequence[FindingNumbers]) -> dict[str, object]:
    """Plain means over the findings that have films of both classes; draws are shared."""
    used = [n for n in numbers if math.isfinite(n.auroc.value)]
    if not used:
        return {"n_findings": 0}
    return {
        "n_findings": len(used),
        "auroc": _mean([n.auroc for n in used], [n.auroc_draws for n in used]),
        "average_precision": _mean(
            [n.average_precision for n in used], [n.average_precision_draws for n in used]
        ),
    }


def _mean(values: Sequence[Interval], drawn: Sequence[Floats]) -> Interval:
    return interval(float(np.mean([v.value for v in values])), np.mean(drawn, axis=0))
