import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm import Radiograph, Reader
from plainfilm.errors import BundleError
from plainfilm.findings import FindingResult, Prediction
from plainfilm.radiograph import View
from plainfilm.reading.prevalence import at_prevalence, check_prevalences, for_site
from tiny_bundle import tiny_bundle

BUNDLE = tiny_bundle(1)
SHARES = st.floats(0.001, 0.999)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(tiny_bundle(2), threads=1)


@pytest.fixture(scope="module")
def prediction(reader: Reader) -> Any:
    film = Radiograph(phantom(size=(64, 64)), "film", view=View.PA, body_part="chest")
    return reader.read(film)


def test_the_published_examples_of_prior_correction() -> None:
    assert at_prevalence(0.30, 0.0305, 0.1041) == pytest.approx(0.612843, abs=5e-7)
    assert at_prevalence(0.30, 0.0473, 0.01) == pytest.approx(0.080200, abs=5e-7)


@given(st.floats(0, 1), SHARES, SHARES)
def test_odds_are_multiplied_and_there_and_back_is_nowhere(
    p: float, fitted: float, local: float
) -> None:
    moved = at_prevalence(p, fitted, local)
    assert 0 <= moved <= 1
    assert at_prevalence(p, fitted, fitted) == pytest.approx(p)
    assert at_prevalence(moved, local, fitted) == pytest.approx(p, abs=1e-6)
    assert at_prevalence(fitted, fitted, local) == pytest.approx(local)  # the average film


def test_probability_and_threshold_move_alike_and_it_is_said(prediction: Any) -> None:
    found = for_site(prediction, {"pneumonia": 0.05})
    before, after = prediction.results[0], found.results[0]
    assert after.probability == at_prevalence(before.probability, 0.5, 0.05) < before.probability
    assert after.threshold == pytest.approx(0.05)
    assert (after.present, after.prevalence, after.score) == (before.present, 0.05, before.score)
    assert "recalibrated to a prevalence of 0.05" in found.cautions[-1]
    assert "(0.5 among the films of its calibration)" in found.cautions[-1]
    assert found.results[1] is prediction.results[1]  # nothing was said of it
    assert for_site(prediction, {}) is prediction


@given(st.floats(0, 1), st.floats(0, 1), SHARES)
def test_no_call_changes(p: float, threshold: float, local: float) -> None:
    result = FindingResult(BUNDLE.header.label_set.findings[0], p, 0.0, threshold, prevalence=0.3)
    found = for_site(Prediction("film", BUNDLE.id, True, (result,), None), {"pneumonia": local})
    assert found.results[0].present == result.present


def test_model_scores_and_refusals_are_left_as_they_are(prediction: Any) -> None:
    scores = replace(prediction, calibrated=False)
    found = for_site(scores, {"pneumonia": 0.05})
    assert found.results == scores.results
    assert "not recalibrated" in found.cautions[-1]
    refused = replace(prediction, calibrated=False, results=(), refused="too dark")
    assert for_site(refused, {"pneumonia": 0.05}) is refused


@pytest.mark.parametrize(
    ("local", "changes", "words"),
    [
        ({"hernia": 0.1}, {}, "knows no 'hernia'; expected pneumonia, atelectasis"),
        ({"pneumonia": 1.0}, {}, "prevalence of pneumonia 1.0; expected a share between 0 and 1"),
        ({"pneumonia": math.nan}, {}, "expected a share"),
        (
            {"pneumonia": 0.1},
            {"prevalence": {"pneumonia": 1.0, "atelectasis": 0.5}},
            "states no share of pneumonia",
        ),
        ({"pneumonia": 0.1}, {"calibrated": False, "prevalence": {}}, "was never calibrated"),
    ],
)
def test_what_cannot_be_recalibrated_is_refused(
    local: dict[str, float], changes: dict[str, Any], words: str
) -> None:
    header = tiny_bundle(2).header
    header = replace(header, calibration=replace(header.calibration, **changes))
    with pytest.raises(BundleError, match=words):
        check_prevalences(header, local)
    check_prevalences(header, {})


def test_findings_that_exclude_each_other_are_refused() -> None:
    header = tiny_bundle(2).header
    header = replace(header, label_set=replace(header.label_set, exclusive=True))
    with pytest.raises(BundleError, match="exclude each other"):
        check_prevalences(header, {"pneumonia": 0.1})
