"""A bundle's own words."""

import json
from dataclasses import replace

from plainfilm.reading.bundle import Bundle, Calibration
from plainfilm.reports.of_bundle import bundle_json, bundle_line, bundle_text
from tiny_bundle import tiny_bundle


def test_the_json_is_that_of_the_bundle_with_its_hash(bundle: Bundle) -> None:
    found = bundle_json(bundle)
    assert found["sha256"] == bundle.id.sha256
    assert found["evaluation"] is None
    assert json.loads(bundle.files["bundle.json"]).items() <= found.items()
    json.dumps(found, allow_nan=False)


def test_a_bundle_fits_a_line(bundle: Bundle) -> None:
    assert bundle_line(bundle) == "tiny 1.0.0  3 findings  frontal chests of any age"
    assert "1 finding " in bundle_line(tiny_bundle(1))


def test_the_text_says_what_to_know_first(bundle: Bundle, evaluation: dict[str, object]) -> None:
    text = bundle_text(bundle.with_evaluation(evaluation, "card"))
    for words in (
        "Intended use: Tests",
        "Population: frontal chests",
        "Limit: It has learned nothing.",
        "Calibration: Platt",
        "Pneumonia (pneumonia): threshold 50 %, AUROC 0.975 (0.958 to 0.988)",
        "Measured on phantoms",
        "Not a medical device",
    ):
        assert words in text


def test_an_uncalibrated_bundle_says_so(bundle: Bundle) -> None:
    bare = replace(bundle.header, calibration=Calibration(False, "", "", {}))
    text = bundle_text(replace(bundle, header=bare))
    assert "not probabilities" in text
    assert "threshold 0.50" in text
