"""Does it judge women and men, young and old, AP and PA films alike? The numbers of each group.

Each group is measured at the deployed threshold, the same for all. Its gap is its number minus that
of all other films of known group, from the same draws of patients. The under-diagnosis rate is the
share of sick films (any finding present) on which nothing is called present.

References
----------
Seyyed-Kalantari et al. 2021, Nature Medicine 27:2176 (under-diagnosis).
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import Interval, PatientDraws, interval, rank_draws
from plainfilm.evaluation.metrics import Floats, Labels, auroc
from plainfilm.evaluation.operating import operating_point
from plainfilm.evaluation.slope import calibration_line
from plainfilm.evaluation.table import Predictions

MIN_PRESENT = 20  # present films (and absent ones) below which a group's numbers are hidden
AGE_BANDS = ((0, 18, "under 18"), (18, 40, "18 to 39"), (40, 60, "40 to 59"), (60, 999, "from 60"))

Rows = NDArray[np.bool_]


def subgroup_numbers(answers: Answers, draws: PatientDraws) -> dict[str, object]:
    """Per axis (sex, age, view, body_part) what is measured of each group.

    An axis of which fewer than two groups are known has no numbers but a `hidden` that says why,
    and so has a finding with fewer than 20 present or 20 absent films in a group. There is no gap
    where the other films are as few.
    """
    measured: dict[str, object] = {}
    for axis, groups in axes_of(answers.table).items():
        if len(groups) < 2:
            found = "no film's" if not groups else f"all films are {next(iter(groups))!r}: one"
            measured[axis] = {"hidden": f"{found} {axis.replace('_', ' ')} is known"}
            continue
        known = np.logical_or.reduce(list(groups.values()))
        measured[axis] = {
            "n_unknown": int((~known).sum()),
            "groups": {
                name: _group(answers, draws, rows, known & ~rows) for name, rows in groups.items()
            },
        }
    return measured


def axes_of(table: Predictions) -> dict[str, Mapping[str, Rows]]:
    """Per axis its groups: name to bool (n,), only those that have a film."""
    axes: dict[str, Mapping[str, Rows]] = {
        axis: {name: texts == name for name in np.unique(texts).tolist() if name}
        for axis, texts in table.details.items()
        if axis in ("sex", "view", "body_part")
    }
    bands = {name: (table.age >= low) & (table.age < high) for low, high, name in AGE_BANDS}
    return {**axes, "age": {name: rows for name, rows in bands.items() if rows.any()}}


def _group(answers: Answers, draws: PatientDraws, rows: Rows, others: Rows) -> dict[str, object]:
    findings = answers.table.about.findings
    return {
        "n_films": int(rows.sum()),
        "n_patients": int(np.unique(answers.table.patient[rows]).size),
        "n_refused": int((answers.table.refused[rows] != "").sum()),
        **_under_diagnosis(answers, draws, rows, others),
        "findings": {
            finding: _finding(answers, column, draws, (rows, others))
            for column, finding in enumerate(findings)
        },
    }


def _under_diagnosis(
    answers: Answers, draws: PatientDraws, rows: Rows, others: Rows
) -> dict[str, object]:
    """Share of the sick that nothing is called present of; hidden below 20 sick films."""
    if any(fit is None for fit in answers.fits):
        return {"under_diagnosis": {"hidden": "some findings have no threshold"}}
    called = np.stack([f.probability >= f.threshold for f in answers.fits if f], axis=1)
    sick = (answers.labels == 1).any(axis=1)
    missed = sick & ~called.any(axis=1)
    n_sick = int((sick & rows).sum())
    if n_sick < MIN_PRESENT:
        return {"under_diagnosis": {"hidden": _few(n_sick, "sick")}}
    share, drawn = _shares(draws, missed & rows, sick & rows)
    other, other_drawn = _shares(draws, missed & others, sick & others)
    gap = interval(share - other, drawn - other_drawn)
    return {"under_diagnosis": {"n_sick": n_sick, "rate": interval(share, drawn), "gap": gap}}


def _finding(
    answers: Answers, column: int, draws: PatientDraws, parts: tuple[Rows, Rows]
) -> dict[str, object]:
    labels, rest = (np.where(rows, answers.labels[:, column], np.nan) for rows in parts)
    n_films, n_present = int((~np.isnan(labels)).sum()), int((labels == 1).sum())
    counted: dict[str, object] = {
        "n_films": n_films,
        "n_present": n_present,
        "prevalence": n_present / n_films if n_films else math.nan,
    }
    for kind, few in (("present", n_present), ("absent", n_films - n_present)):
        if few < MIN_PRESENT:
            return {**counted, "hidden": _few(few, kind)}
    measured = {**counted, **_rates(answers, column, draws, labels)}
    if min((rest == 1).sum(), (rest == 0).sum()) >= MIN_PRESENT:
        measured |= _gaps(answers, column, draws, (labels, rest))
    return measured


def _rates(answers: Answers, column: int, draws: PatientDraws, labels: Labels) -> dict[str, object]:
    scores, fit = answers.table.scores[:, column], answers.fits[column]
    area = interval(auroc(scores, labels), rank_draws(draws, scores, labels).auroc)
    if fit is None:
        return {"auroc": area}
    point = operating_point(draws, fit.probability, labels, fit.threshold)
    line = calibration_line(draws, fit.probability, labels)
    return {
        "auroc": area,
        "sensitivity": point.sensitivity,
        "specificity": point.specificity,
        "calibration_slope": line.slope,
        "calibration_intercept": line.intercept,
    }


def _gaps(
    answers: Answers, column: int, draws: PatientDraws, labels: tuple[Labels, Labels]
) -> dict[str, object]:
    """What the group has more than the others, from the same draws."""
    scores, fit = answers.table.scores[:, column], answers.fits[column]
    areas = [auroc(scores, each) for each in labels]
    drawn = [rank_draws(draws, scores, each).auroc for each in labels]
    gaps: dict[str, object] = {"auroc_gap": interval(areas[0] - areas[1], drawn[0] - drawn[1])}
    if fit is not None:
        called = fit.probability >= fit.threshold
        sick, healthy = ((labels[0] == value, labels[1] == value) for value in (1, 0))
        gaps["sensitivity_gap"] = _gap(draws, sick, called)
        gaps["specificity_gap"] = _gap(draws, healthy, ~called)
    return gaps


def _gap(draws: PatientDraws, wholes: tuple[Rows, Rows], part: Rows) -> Interval:
    """The part's share of the first rows minus its share of the second."""
    (one, drawn), (two, others) = (_shares(draws, part & whole, whole) for whole in wholes)
    return interval(one - two, drawn - others)


def _shares(draws: PatientDraws, part: Rows, whole: Rows) -> tuple[float, Floats]:
    sums = draws.sums(np.stack([part, whole], axis=1).astype(np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn: Floats = sums[:, 0] / sums[:, 1]
    return (float(part.sum() / whole.sum()) if whole.any() else math.nan), drawn


def _few(n: int, kind: str) -> str:
    return f"{n} {kind} films; fewer than {MIN_PRESENT} say too little"
