"""Bundles side by side on the very same films: differences, p-values, and one ranked column.

What is compared are tables of predictions (`predictions.parquet`), so no film is read again. Tables
of different splits, data sets or labels are refused: an AUROC of one split says nothing beside one
of another, and a ranked column of both would be read as if it did.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.answers import Answers, answers_of
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
from plainfilm.evaluation.delong import delong, holm
from plainfilm.evaluation.measure import plain
from plainfilm.evaluation.metrics import Floats, auroc, average_precision, brier
from plainfilm.evaluation.report_folders import load_tables
from plainfilm.evaluation.table import Predictions

SCHEMA = "plainfilm.comparison/1"
MEASURES = ("auroc", "average_precision", "brier")


def compare_reports(
    folders: Sequence[Path], *, draws: int = N_DRAWS, seed: int = 0
) -> dict[str, object]:
    """Compare what `evaluate` wrote for two or more bundles; every one with the first.

    Parameters
    ----------
    folders
        Reports: folders that hold predictions.parquet.
    draws, seed
        Of the bootstrap over patients.

    Returns
    -------
    What docs/concepts/evaluation.md describes under "Two bundles".

    Raises
    ------
    EvaluationError
        See `report_folders.load_tables` and `compare_tables`.
    """
    tables, cautions = load_tables(folders)
    return {**compare_tables(tables, draws=draws, seed=seed), "cautions": cautions}


def not_shown_as_good(found: Mapping[str, object], margin: float) -> list[str]:
    """What a comparison leaves open: others that may be worse than the first, and in what.

    An other is as good in a finding where the upper end of the interval of the first's AUROC minus
    its own is at most `margin`; with few films no interval is that narrow (non-inferiority).

    References
    ----------
    Piaggio et al. 2012, Reporting of noninferiority and equivalence randomized trials, JAMA 308.
    """
    against = found["against"]
    return [
        f"{pair['other']}: {finding}"
        for pair in (against if isinstance(against, list) else [])
        for finding, row in pair["findings"].items()
        if not _upper(row) <= margin  # written so that NaN and None count
    ]


def _upper(row: Mapping[str, Any]) -> float:
    end = row["auroc"]["difference"][2] if row["auroc"]["difference"] else None
    return math.nan if end is None else float(end)


def compare_tables(
    tables: Sequence[Predictions], *, draws: int = N_DRAWS, seed: int = 0
) -> dict[str, object]:
    """The comparison of tables of the same split, on the films that all of them answered.

    Raises
    ------
    EvaluationError
        There are fewer than two tables; they are of different data sets, splits or labels; they
        have no finding, or no film, in common.
    """
    answered, findings = in_common(tables)
    first = tables[0]
    readers = [_Reader.of(table, answered, findings, seed) for table in tables]
    drawn = draw_patients(first.patient[answered], draws, seed)
    ranked = [_ranked(reader, findings, drawn) for reader in readers]
    return {
        "schema": SCHEMA,
        "data_set": first.about.data_set,
        "split": first.about.split,
        "split_sha256": first.about.split_sha256,
        "n_films": int(answered.sum()),
        "n_without": int((~answered).sum()),
        "n_patients": int(np.unique(first.patient[answered]).size),
        "draws": draws,
        "seed": seed,
        "bundles": sorted(ranked, key=_mean_auroc, reverse=True),
        "against": [plain(_against(readers[0], other, findings, drawn)) for other in readers[1:]],
    }


def in_common(tables: Sequence[Predictions]) -> tuple[NDArray[np.bool_], list[str]]:
    """The films, as a mask, and the findings that all tables answer; raises as `compare_tables`."""
    if len(tables) < 2:
        raise EvaluationError(f"{len(tables)} report to compare; expected two or more")
    for other in tables[1:]:
        _check_same_films(tables[0], other)
    first = tables[0].about
    findings = [f for f in first.findings if all(f in t.about.findings for t in tables)]
    answered = np.logical_and.reduce([table.refused == "" for table in tables])
    if not findings or not answered.any():
        found = "no finding" if not findings else "no film that all of them answered"
        raise EvaluationError(f"{_names(tables)}: {found} in common; nothing can be compared")
    return answered, findings


@dataclass(frozen=True, eq=False)
class _Reader:
    """A bundle and its answers on the films in common."""

    name: str
    answers: Answers

    @staticmethod
    def of(table: Predictions, keep: np.ndarray, findings: Sequence[str], seed: int) -> "_Reader":
        about = table.about
        columns = [about.findings.index(finding) for finding in findings]
        films = answers_of(table, seed).rows(keep)  # refitted on all its films, then compared
        few = replace(
            films.table,
            about=replace(about, findings=tuple(findings)),
            labels=films.table.labels[:, columns],
            scores=films.table.scores[:, columns],
        )
        fits = tuple(films.fits[column] for column in columns)
        return _Reader(f"{about.bundle} {about.version}", Answers(few, fits))

    def column(self, number: int) -> tuple[Floats, Floats, CrossFit | None]:
        """Scores, labels and honest answers of one finding."""
        table = self.answers.table
        return table.scores[:, number], table.labels[:, number], self.answers.fits[number]


def _check_same_films(first: Predictions, other: Predictions) -> None:
    for key, words in (
        ("data_set", "data set"),
        ("split", "split"),
        ("split_sha256", "split hash"),
    ):
        ours, theirs = getattr(first.about, key), getattr(other.about, key)
        if ours != theirs:
            found = f"{_names([first, other])}: measured on another {words}"
            shown = (
                f"{ours[:12]} and {theirs[:12]}"
                if key == "split_sha256"
                else f"{ours} and {theirs}"
            )
            raise EvaluationError(
                f"{found} ({shown}); numbers of different films are not put side by side. "
                "Evaluate both on the same prepared folder"
            )
    if not np.array_equal(first.name, other.name):
        raise EvaluationError(
            f"{_names([first, other])}: one split, but other films. Evaluate both again"
        )
    for number, finding in enumerate(first.about.findings):
        if finding in other.about.findings:
            theirs = other.labels[:, other.about.findings.index(finding)]
            if not np.array_equal(first.labels[:, number], theirs, equal_nan=True):
                raise EvaluationError(
                    f"{_names([first, other])}: {finding} has other labels. Evaluate both again"
                )


def _names(tables: Sequence[Predictions]) -> str:
    return " and ".join(f"{table.about.bundle} {table.about.version}" for table in tables)


def _ranked(reader: _Reader, findings: Sequence[str], draws: PatientDraws) -> dict[str, object]:
    values, drawn = [], []
    for number in range(len(findings)):
        scores, labels, _ = reader.column(number)
        area = auroc(scores, labels)
        if math.isfinite(area):
            values.append(area)
            drawn.append(rank_draws(draws, scores, labels).auroc)
    mean = interval(float(np.mean(values)), np.mean(drawn, axis=0)) if values else None
    about = reader.answers.table.about
    return {
        "bundle": about.bundle,
        "version": about.version,
        "network_sha256": about.network_sha256,
        "split_sha256": about.split_sha256,
        "n_findings": len(values),
        "mean_auroc": plain(mean),
    }


def _mean_auroc(ranked: dict[str, object]) -> float:
    mean = ranked["mean_auroc"]
    return float(mean[0]) if isinstance(mean, list) else -math.inf


def _against(
    first: _Reader, other: _Reader, findings: Sequence[str], draws: PatientDraws
) -> dict[str, object]:
    rows = {finding: _row(first, other, number, draws) for number, finding in enumerate(findings)}
    for row, adjusted in zip(rows.values(), holm([_p(row) for row in rows.values()]), strict=True):
        row["p_holm"] = adjusted
    return {"first": first.name, "other": other.name, "findings": rows}


def _p(row: dict[str, object]) -> float:
    value = row["p_delong"]
    return value if isinstance(value, float) else math.nan


def _row(first: _Reader, other: _Reader, number: int, draws: PatientDraws) -> dict[str, object]:
    """One finding: each measure of both and their difference, first minus other."""
    (ours, labels, our_fit), (theirs, _, their_fit) = first.column(number), other.column(number)
    n_present = int((labels == 1).sum())
    tested = delong(ours, theirs, labels, first.answers.table.patient)
    row: dict[str, object] = {
        "n_films": int((~np.isnan(labels)).sum()),
        "n_present": n_present,
        "too_few": n_present < TOO_FEW,
    }
    one, two = rank_draws(draws, ours, labels), rank_draws(draws, theirs, labels)
    areas = auroc(ours, labels), auroc(theirs, labels)
    precisions = average_precision(ours, labels), average_precision(theirs, labels)
    row["auroc"] = _pair(areas, (one.auroc, two.auroc))
    row["average_precision"] = _pair(precisions, (one.average_precision, two.average_precision))
    if our_fit is not None and their_fit is not None:
        probabilities = our_fit.probability, their_fit.probability
        squared = [_brier_draws(draws, each, labels) for each in probabilities]
        values = brier(probabilities[0], labels), brier(probabilities[1], labels)
        row["brier"] = _pair(values, (squared[0], squared[1]))
    return {**row, "p_delong": tested.p, "p_bootstrap": _bootstrap_p(one.auroc - two.auroc)}


def _pair(values: tuple[float, float], drawn: tuple[Floats, Floats]) -> dict[str, Interval]:
    return {
        "first": interval(values[0], drawn[0]),
        "other": interval(values[1], drawn[1]),
        "difference": interval(values[0] - values[1], drawn[0] - drawn[1]),
    }


def _brier_draws(draws: PatientDraws, probability: Floats, labels: Floats) -> Floats:
    use = ~np.isnan(labels)
    squared = np.where(use, probability - labels, 0.0) ** 2
    sums = draws.sums(np.stack([squared, use], axis=1))
    with np.errstate(invalid="ignore"):
        mean: Floats = sums[:, 0] / sums[:, 1]
    return mean


def _bootstrap_p(differences: Floats) -> float:
    """Two-sided: twice the smaller share of draws on either side of 0, never 0 itself."""
    usable = differences[np.isfinite(differences)]
    if usable.size == 0:
        return math.nan
    smaller = min((usable <= 0).sum(), (usable >= 0).sum())
    return float(min(1.0, 2 * (smaller + 1) / (usable.size + 1)))
