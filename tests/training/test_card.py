from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.reading.bundle import Bundle
from plainfilm.reading.shelf import bundled
from plainfilm.training.card import NOT_A_DEVICE, NOTHING_MEASURED, card
from tiny_bundle import tiny_bundle

HEADER = tiny_bundle(n_findings=2).header
FIRST, SECOND = HEADER.label_set.names
NUMBERS = {
    "auroc": [0.975, 0.958, 0.988],
    "average_precision": [0.9, 0.85, 0.95],
    "sensitivity": [0.95, 0.9, 0.99],
    "specificity": [0.8, None, None],
    "n_films": 312,
    "n_present": 195,
}
MEASURED = {
    "data_set": "kermany",
    "split": "test",
    "n_films": 312,
    "n_patients": 214,
    "n_refused": 3,
    "cross_fitted": True,
    "mean": {"auroc": [0.8, 0.7, 0.9]},
    "findings": {FIRST: NUMBERS, SECOND: {"auroc": [None, None, None], "too_few": True}},
    "cautions": ["Labels were read from reports."],
}


def test_a_card_says_that_it_is_no_medical_device() -> None:
    assert NOT_A_DEVICE in card(HEADER, None)


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_a_shipped_card_is_what_this_version_writes(path: Path) -> None:
    bundle = Bundle.load(path)

    again = "run python scripts/rewrite_bundle.py src/plainfilm/bundles/*.bundle"
    assert bundle.card == card(bundle.header, bundle.evaluation), again


def test_a_card_without_numbers_says_so() -> None:
    assert NOTHING_MEASURED in card(HEADER, None)
    assert NOTHING_MEASURED not in card(HEADER, MEASURED)


def test_every_measured_number_has_its_interval_beside_it() -> None:
    text = card(HEADER, MEASURED)
    assert "0.975 (0.958 to 0.988)" in text
    assert "0.800 (no interval)" in text
    assert "| **mean** |  |  | 0.800 (0.700 to 0.900) |" in text


def test_a_finding_that_could_not_be_measured_has_a_dash() -> None:
    rows = [line for line in card(HEADER, MEASURED).splitlines() if "| — |" in line]
    assert len(rows) >= 1


def test_cross_fitting_few_films_and_cautions_are_said() -> None:
    text = card(HEADER, MEASURED)
    assert "each film is judged by a fit that saw other patients only" in text
    assert f"So few films that the numbers mean little: {SECOND}." in text
    assert "- Labels were read from reports." in text


def test_an_uncalibrated_bundle_gives_model_scores() -> None:
    calibration = replace(HEADER.calibration, calibrated=False, prevalence={})
    text = card(replace(HEADER, calibration=calibration), None)
    assert "model scores, not probabilities" in text


def test_a_bundle_without_familiarity_says_so() -> None:
    assert "Not measured: this bundle cannot tell" in card(replace(HEADER, familiarity=None), None)


@pytest.mark.parametrize(("n", "words"), [(0, "0 were"), (1, "1 was"), (2, "2 were")])
def test_refused_films_are_counted(n: int, words: str) -> None:
    assert f"of which {words} refused." in card(HEADER, {**MEASURED, "n_refused": n})


def test_the_gates_figures_are_shown() -> None:
    row = {
        "films": "knees",
        "n_films": 496,
        "auroc": [0.99, 0.98, 1.0],
        "flagged": [1.0, 0.99, 1.0],
        "refused": [0.9, 0.8, 0.95],
    }
    gate = {"known_films": "312 test films", "rows": [row]}
    text = card(HEADER, {**MEASURED, "gate": gate})
    assert (
        "| knees | 496 | 0.990 (0.980 to 1.000) | 1.000 (0.990 to 1.000) | 0.900 (0.800 to 0.950) |"
        in text
    )


def test_the_audits_are_shown() -> None:
    marker = {
        "n_films": 117,
        "mean_absolute_change": [0.012, 0.01, 0.014],
        "largest_change": 0.1,
    }
    audits = {FIRST: {"marker": marker, "frame_auroc": [0.62, 0.55, 0.69]}}
    text = card(HEADER, {**MEASURED, "audits": audits})
    told = "0.012 (0.010 to 0.014); at most 0.100 (117 films)"
    assert f"| {told} | 0.620 (0.550 to 0.690) | — |" in text


def test_an_older_evaluation_of_the_letter_has_no_interval_and_says_so() -> None:
    marker = {"n_films": 117, "mean_absolute_change": 0.012, "largest_change": 0.1}
    text = card(HEADER, {**MEASURED, "audits": {FIRST: {"marker": marker}}})
    assert "| 0.012 (no interval); at most 0.100 (117 films) |" in text


def test_the_published_networks_numbers_stand_beside_ours() -> None:
    row = {
        "this_bundle": [0.7, 0.6, 0.8],
        "published": [0.8, 0.7, 0.9],
        "difference": [-0.1, -0.2, 0.0],
    }
    published = {"n_films": 100, "findings": {FIRST: row}, "mean": row}
    text = card(HEADER, {**MEASURED, "published": published})
    assert "0.700 (0.600 to 0.800) | 0.800 (0.700 to 0.900) | -0.100 (-0.200 to 0.000)" in text


def test_a_card_tells_how_to_rebuild_the_bundle() -> None:
    assert f"plainfilm export run --data prepared --out {HEADER.name}.bundle" in card(HEADER, None)


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    unknown = dict.fromkeys(("split_sha256", "n_patients", "patients_sha256", "seed", "seconds"))
    source = replace(HEADER.provenance, **unknown)
    calibration = replace(HEADER.calibration, calibrated=False, prevalence={})

    text = card(replace(HEADER, population=None, provenance=source, calibration=calibration), None)

    assert "Not stated: nobody has said, or measured, whose films" in text
    assert "None" not in text.split("## Where it comes from")[1].split("## How")[0]


def test_what_was_found_of_maps_and_poor_films_is_shown() -> None:
    found = {
        "display": "Mass",
        "n_present": 30,
        "auroc": [0.75, 0.5, 0.9],
        "degraded": {"JPEG 20": [0.625, 0.5, 0.7]},
        "words": "Mass: falls.",
    }
    numbers = {
        "degradation": {"n_films": 7, "findings": {"mass": found}},
        "explanations": {"n_films": 9, "n_refused": 1, "words": ["NOT flat."]},
    }
    text = card(HEADER, numbers)
    assert "## Poor films\n\n- AUROC on 7 films" in text
    assert "| Mass | 30 | 0.750 [0.500, 0.900] | 0.625 [0.500, 0.700] |" in text
    assert "- NOT flat.\n" in text.partition("## Do the maps mean anything?")[2]


def test_what_only_a_program_reads_stays_in_the_header() -> None:
    details = {"history": "epoch: loss; 1: 0.5", "torch": "2.13"}
    text = card(replace(HEADER, provenance=replace(HEADER.provenance, details=details)), None)

    assert "- torch: 2.13" in text
    assert "epoch: loss" not in text
