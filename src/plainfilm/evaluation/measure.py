"""The table of predictions in, the numbers of evaluation.json out; nothing else is looked at."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from plainfilm.evaluation.audit import audit_numbers
from plainfilm.evaluation.bootstrap import (
    N_DRAWS,
    TOO_FEW,
    Interval,
    PatientDraws,
    draw_patients,
    interval,
    rank_draws,
)
from plainfilm.evaluation.calibration import CrossFit
from plainfilm.evaluation.comparison import compare_with_published
from plainfilm.evaluation.metrics import Floats, auroc, average_precision
from plainfilm.evaluation.operating import (
    CalibrationNumbers,
    OperatingPoint,
    calibration_numbers,
    operating_point,
    refit_across,
)
from plainfilm.evaluation.table import Predictions

SCHEMA = "plainfilm.evaluation/1"


@dataclass(frozen=True, eq=False)
class FindingNumbers:
    """Everything measured of one finding, and the draws its means are made of."""

    display: str
    n_films: int
    n_present: int
    n_present_refused: int
    too_few: bool
    prevalence: float
    auroc: Interval
    average_precision: Interval
    threshold: float
    rates: OperatingPoint
    calibration: CalibrationNumbers
    auroc_draws: Floats
    average_precision_draws: Floats


def evaluate_table(path: Path, *, draws: int = N_DRAWS, seed: int = 0) -> dict[str, object]:
    """evaluation.json, from predictions.parquet alone.

    Parameters
    ----------
    path
        The table `Predictions.save` wrote.
    draws, seed
        Of the bootstrap over patients.

    Returns
    -------
    What docs/concepts/evaluation.md describes; a number with an interval is [value, low, high],
    and what cannot be computed is None.

    Raises
    ------
    EvaluationError
        The table cannot be read, or holds no film.
    """
    return measure(Predictions.load(path), draws, seed)


def measure(table: Predictions, n_draws: int = N_DRAWS, seed: int = 0) -> dict[str, object]:
    """The numbers of a table, ready to be written as JSON."""
    present_refused = (table.labels[table.refused != ""] == 1).sum(axis=0)
    table = answered(table)
    draws = draw_patients(table.patient, n_draws, seed)
    numbers = [
        _finding(table, column, int(present_refused[column]), draws, seed)
        for column in range(len(table.about.findings))
    ]
    measured: dict[str, object] = {
        **_facts(table),
        "draws": n_draws,
        "seed": seed,
        "intervals": "95 % percentile intervals of a bootstrap over patients: [value, low, high]",
        "mean": _means(numbers),
        "findings": {f: _row(n) for f, n in zip(table.about.findings, numbers, strict=True)},
        "familiarity": _familiarity(table),
        "published": compare_with_published(table, draws),
        "audits": audit_numbers(table, draws),
    }
    return {key: _plain(value) for key, value in measured.items()}


def answered(table: Predictions) -> Predictions:
    """The table with no label known for refused films, so that they count nowhere."""
    refused = table.refused != ""
    return replace(table, labels=np.where(refused[:, None], np.nan, table.labels))


def honest_answers(table: Predictions, column: int, seed: int) -> CrossFit | None:
    """Probabilities and thresholds of one finding that know nothing of the film they judge.

    As shipped; refitted across patients where calibrator and threshold were fitted on these films;
    None where too few patients have the finding for that.
    """
    probability, labels = table.probabilities[:, column], table.labels[:, column]
    if table.about.refit_rule is None:
        return CrossFit(probability, np.full(labels.shape, table.about.thresholds[column]))
    scores, rule = table.scores[:, column], table.about.refit_rule
    return refit_across(scores, labels, table.patient, rule, seed)


def _facts(table: Predictions) -> dict[str, object]:
    about = table.about
    kinds = Counter(re.sub(r"\d+(\.\d+)?", "N", reason) for reason in table.refused if reason)
    return {
        "schema": SCHEMA,
        "bundle": {
            "name": about.bundle,
            "version": about.version,
            "network_sha256": about.network_sha256,
        },
        "data_set": about.data_set,
        "split": about.split,
        "split_sha256": about.split_sha256,
        "n_films": len(table),
        "n_patients": int(np.unique(table.patient).size),
        "n_refused": int((table.refused != "").sum()),
        "refused": dict(sorted(kinds.items())),
        "calibrated": about.calibrated,
        "calibration_method": about.calibration_method,
        "calibration_source": about.calibration_source,
        "threshold_rule": about.threshold_rule,
        "cross_fitted": about.refit_rule is not None,
        "cautions": list(about.cautions),
    }


def _finding(
    table: Predictions, column: int, present_refused: int, draws: PatientDraws, seed: int
) -> FindingNumbers:
    scores, labels = table.scores[:, column], table.labels[:, column]
    ranked = rank_draws(draws, scores, labels)
    n_films, n_present = int((~np.isnan(labels)).sum()), int((labels == 1).sum())
    fit = honest_answers(table, column, seed)
    return FindingNumbers(
        display=table.about.displays[column],
        n_films=n_films,
        n_present=n_present,
        n_present_refused=present_refused,
        too_few=min(n_present, n_films - n_present) < TOO_FEW,
        prevalence=n_present / n_films if n_films else math.nan,
        auroc=interval(auroc(scores, labels), ranked.auroc),
        average_precision=interval(average_precision(scores, labels), ranked.average_precision),
        threshold=table.about.thresholds[column],
        rates=operating_point(draws, fit.probability, labels, fit.threshold)
        if fit
        else OperatingPoint(),
        calibration=calibration_numbers(draws, fit.probability, labels)
        if fit
        else CalibrationNumbers(),
        auroc_draws=ranked.auroc,
        average_precision_draws=ranked.average_precision,
    )


def _row(numbers: FindingNumbers) -> dict[str, object]:
    plain = {field.name: getattr(numbers, field.name) for field in fields(numbers)}
    rates, calibration = plain.pop("rates"), plain.pop("calibration")
    del plain["auroc_draws"], plain["average_precision_draws"]
    return {**plain, **vars(rates), **vars(calibration)}


def _means(numbers: Sequence[FindingNumbers]) -> dict[str, object]:
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


def _familiarity(table: Predictions) -> dict[str, object]:
    measured = table.familiarity[np.isfinite(table.familiarity)]
    cut = table.about.caution_below
    share = float((measured < cut).mean()) if cut is not None and measured.size else None
    return {"caution_below": cut, "n_measured": int(measured.size), "share_below": share}


def _plain(value: object) -> object:
    """What JSON can hold: an interval as a list of three, NaN as None."""
    if isinstance(value, Interval):
        return [_plain(value.value), _plain(value.low), _plain(value.high)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
