"""The table of predictions in, the numbers of evaluation.json out; nothing else is looked at."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from plainfilm.evaluation.answers import Answers, answered, answers_of
from plainfilm.evaluation.audit import audit_numbers
from plainfilm.evaluation.audit_words import alarms
from plainfilm.evaluation.averages import average_numbers
from plainfilm.evaluation.bootstrap import (
    N_DRAWS,
    Interval,
    PatientDraws,
    draw_patients,
    mean_interval,
)
from plainfilm.evaluation.breakdown import body_part_numbers, study_numbers
from plainfilm.evaluation.collapse import collapse_words
from plainfilm.evaluation.comparison import compare_with_published
from plainfilm.evaluation.conformal import conformal_numbers
from plainfilm.evaluation.degrade import degradation_numbers
from plainfilm.evaluation.finding_numbers import FindingNumbers, finding_numbers, means, row
from plainfilm.evaluation.label_noise import contradictions
from plainfilm.evaluation.metadata import metadata_floors
from plainfilm.evaluation.net_benefit import decision_curves
from plainfilm.evaluation.points import point_numbers
from plainfilm.evaluation.subgroups import subgroup_numbers
from plainfilm.evaluation.table import Predictions

SCHEMA = "plainfilm.evaluation/1"


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
    films = answers_of(table, seed)
    draws = draw_patients(table.patient, n_draws, seed)
    audits = audit_numbers(answered(table), draws)
    columns = range(len(table.about.findings))
    numbers = [finding_numbers(films, column, draws) for column in columns]
    measured: dict[str, object] = {
        **_facts(table),
        "cautions": [*table.about.cautions, *collapse_words(table, numbers), *alarms(audits)],
        "draws": n_draws,
        "seed": seed,
        "intervals": "95 % intervals of a bootstrap over patients: [value, low, high]",
        "mean": means(numbers),
        "averages": average_numbers(films, draws),
        "findings": _rows(films, numbers),
        "points": point_numbers(films, draws),
        "studies": study_numbers(films, n_draws, seed),
        "body_parts": body_part_numbers(films, n_draws, seed),
        "subgroups": subgroup_numbers(films, draws),
        "metadata": metadata_floors(answered(table), draws),
        "decision_curves": decision_curves(films, draws),
        "conformal": conformal_numbers(films, draws, seed),
        "contradictions": contradictions(films),
        "familiarity": _familiarity(table, draws),
        "published": compare_with_published(answered(table), draws),
        "audits": audits,
        "degradation": degradation_numbers(answered(table), draws),
    }
    return {key: plain(value) for key, value in measured.items()}


def _rows(answers: Answers, numbers: Sequence[FindingNumbers]) -> dict[str, dict[str, object]]:
    findings = answers.table.about.findings
    return {finding: row(n) for finding, n in zip(findings, numbers, strict=True)}


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
        "test_reads": about.test_reads,
        "n_films": len(table),
        "n_patients": int(np.unique(table.patient).size),
        "n_refused": int((table.refused != "").sum()),
        "refused": dict(sorted(kinds.items())),
        "calibrated": about.calibrated,
        "calibration_method": about.calibration_method,
        "calibration_source": about.calibration_source,
        "threshold_rule": about.threshold_rule,
        "cross_fitted": about.refit_rule is not None,
        "context": {} if about.context is None else asdict(about.context),
    }


def _familiarity(table: Predictions, draws: PatientDraws) -> dict[str, object]:
    measured, cut = np.isfinite(table.familiarity), table.about.caution_below
    share: Interval | None = None
    if cut is not None and measured.any():
        share = mean_interval(draws, np.where(measured, table.familiarity < cut, np.nan))
    return {"caution_below": cut, "n_measured": int(measured.sum()), "share_below": share}


def plain(value: object) -> object:
    """What JSON can hold of numbers: an interval as a list of three, NaN as None."""
    if isinstance(value, Interval):
        return [plain(value.value), plain(value.low), plain(value.high)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
