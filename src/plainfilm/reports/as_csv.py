"""Predictions as one table: a row for each film and finding; a refused film has one row."""

import csv
import io
from collections.abc import Iterator

from plainfilm.findings import Prediction
from plainfilm.reports.content import Report

COLUMNS = (
    "name", "finding", "display", "probability", "score", "threshold", "present",
    "calibrated", "familiarity", "refused", "cautions",
    "bundle", "bundle_version", "bundle_sha256",
    "age_years", "view", "body_part", "prevalence",
)  # fmt: skip

# What spreadsheet programs take for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")


def csv_report(report: Report) -> bytes:
    """The file of a report: UTF-8, lines end in CR LF, the columns are always `COLUMNS`.

    Text that a spreadsheet would run as a formula starts with an apostrophe. Booleans are "true"
    and "false", an unknown value is empty, cautions are joined by " | ". The last columns tell
    what the film was read as, and at which share of the finding its probability holds.

    References
    ----------
    RFC 4180; OWASP, "CSV Injection".
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # its default dialect is RFC 4180's
    writer.writerow(COLUMNS)
    for prediction in report.predictions:
        writer.writerows(_rows(prediction))
    return text.getvalue().encode("utf-8", errors="replace")


def _rows(prediction: Prediction) -> Iterator[tuple[str, ...]]:
    name, about = _safe(prediction.name), _about(prediction)
    if prediction.refused is not None:
        yield (name, *[""] * 6, *about, "")
    for result in prediction.results:
        numbers = (_number(value) for value in (result.probability, result.score, result.threshold))
        finding = (_safe(result.finding.name), _safe(result.finding.display))
        share = "" if result.prevalence is None else _number(result.prevalence)
        yield (name, *finding, *numbers, _boolean(result.present), *about, share)


def _about(prediction: Prediction) -> tuple[str, ...]:
    familiarity = prediction.familiarity
    return (
        _boolean(prediction.calibrated),
        "" if familiarity is None else _number(familiarity),
        _safe(prediction.refused or ""),
        _safe(" | ".join(prediction.cautions)),
        _safe(prediction.bundle.name),
        _safe(prediction.bundle.version),
        prediction.bundle.sha256,
        "" if prediction.age_years is None else _number(prediction.age_years),
        prediction.view or "",
        _safe(prediction.body_part or ""),
    )


def _number(value: float) -> str:
    return f"{float(value):.9g}"  # nine digits bring a float32 back exactly


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _safe(text: str) -> str:
    dangerous = text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if dangerous else text
