"""Predictions as JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import ReportError
from plainfilm.findings import BundleId, Finding, FindingResult, Prediction
from plainfilm.reports.as_json import json_report, json_text, prediction_json
from plainfilm.reports.content import Report

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "prediction.md"


def test_a_single_film_is_an_object_and_a_list_is_an_array(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction
) -> None:
    single, one = (
        json_report(make_report(answered, is_single=is_single)) for is_single in (True, False)
    )
    two = json_report(make_report(answered, refused))
    assert json.loads(single) == prediction_json(answered)
    assert json.loads(one) == [prediction_json(answered)]
    assert [film["name"] for film in json.loads(two)] == ["film.png", "knee.png"]


def test_the_schema_is_the_documented_one(answered: Prediction) -> None:
    found = prediction_json(answered)
    assert list(found) == [
        "schema", "name", "bundle", "read_as", "calibrated", "findings", "familiarity",
        "cautions", "refused",
    ]  # fmt: skip
    assert found["schema"] == "plainfilm.prediction/1"
    assert found["findings"][0] == {
        "finding": "pneumonia",
        "display": "Pneumonia",
        "probability": 0.91,
        "score": answered.results[0].score,
        "threshold": 0.5,
        "present": True,
        "prevalence": None,
    }
    text = DOCUMENT.read_text(encoding="utf-8")
    for key in [*found, *found["findings"][0], *found["bundle"], *found["read_as"]]:
        assert f'"{key}"' in text, f"{key} is not documented"


def test_the_document_s_example_is_what_is_written() -> None:
    blocks = DOCUMENT.read_text(encoding="utf-8").split("```json\n")[1:]
    example = json.loads(blocks[0].split("```")[0])
    results = tuple(
        FindingResult(
            Finding(f["finding"], f["display"]),
            f["probability"],
            f["score"],
            f["threshold"],
            prevalence=f["prevalence"],
        )
        for f in example["findings"]
    )
    prediction = Prediction(
        example["name"],
        BundleId(**example["bundle"]),
        example["calibrated"],
        results,
        example["familiarity"],
        tuple(example["cautions"]),
        example["refused"],
        **example["read_as"],
    )
    assert prediction_json(prediction) == example


def test_a_refused_film_has_a_reason_and_no_findings(refused: Prediction) -> None:
    found = prediction_json(refused)
    assert (found["findings"], found["refused"]) == ([], "A knee; expected a chest.")
    assert found["familiarity"] is None


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(answered: Prediction, score: float) -> None:
    broken = replace(answered, results=(replace(answered.results[0], score=score),))
    with pytest.raises(ReportError, match=r"film\.png: the score of pneumonia"):
        prediction_json(broken)


@given(name=st.text(), caution=st.text())
def test_any_text_comes_back(answered: Prediction, name: str, caution: str) -> None:
    found = json.loads(json_text(replace(answered, name=name, cautions=(caution,))))
    assert (found["name"], found["cautions"]) == (name, [caution])


def test_a_name_with_half_a_letter_is_still_written(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    content = json_report(make_report(replace(answered, name="film\udcff.png"), is_single=True))
    assert json.loads(content)["name"] == "film?.png"
