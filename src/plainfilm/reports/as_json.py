"""Predictions as JSON, in the schema `plainfilm.prediction/1` (docs/reference/prediction.md)."""

import json
import math
from collections.abc import Sequence

from plainfilm.errors import ReportError
from plainfilm.findings import FindingResult, Prediction
from plainfilm.reports.content import Report

SCHEMA = "plainfilm.prediction/1"


def json_report(report: Report) -> bytes:
    """The file of a report: one object for a single film, else an array; UTF-8.

    Raises
    ------
    ReportError
        A number is not finite, which JSON cannot say.
    """
    answer = report.predictions[0] if report.is_single else report.predictions
    return (json_text(answer) + "\n").encode("utf-8", errors="replace")


def json_text(answer: Prediction | Sequence[Prediction]) -> str:
    """JSON text: an object for a prediction, an array for a sequence, however many it holds.

    Raises
    ------
    ReportError
        A number is not finite.
    """
    whole: object
    if isinstance(answer, Prediction):
        whole = prediction_json(answer)
    else:
        whole = [prediction_json(prediction) for prediction in answer]
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)


def prediction_json(prediction: Prediction) -> dict[str, object]:
    """One prediction as plain types, in the order of the schema; without its maps.

    Raises
    ------
    ReportError
        A score is not finite.
    """
    bundle = prediction.bundle
    told = {} if prediction.facts is None else {"facts": dict(prediction.facts)}
    return {
        "schema": SCHEMA,
        "name": prediction.name,
        "bundle": {"name": bundle.name, "version": bundle.version, "sha256": bundle.sha256},
        "read_as": {
            "age_years": None if prediction.age_years is None else float(prediction.age_years),
            "view": None if prediction.view is None else str(prediction.view),
            "body_part": prediction.body_part,
        },
        **told,
        "calibrated": prediction.calibrated,
        "findings": [_finding_json(prediction, result) for result in prediction.results],
        "familiarity": None if prediction.familiarity is None else float(prediction.familiarity),
        "cautions": list(prediction.cautions),
        "refused": prediction.refused,
    }


def _finding_json(prediction: Prediction, result: FindingResult) -> dict[str, object]:
    if not math.isfinite(result.score):
        raise ReportError(
            f"{prediction.name}: the score of {result.finding.name} is {result.score}; expected a "
            "finite number. The bundle is broken: run plainfilm bundles verify"
        )
    return {
        "finding": result.finding.name,
        "display": result.finding.display,
        "probability": float(result.probability),
        "score": float(result.score),
        "threshold": float(result.threshold),
        "present": bool(result.present),
        "prevalence": None if result.prevalence is None else float(result.prevalence),
    }
