"""The words beside the numbers."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.findings import FindingResult, Prediction
from plainfilm.reports import wording

PAGE_WORDS = Path(__file__).parents[2] / "web" / "src" / "words" / "en.json"

WORDS_WE_NEVER_SAY = ("likelihood", "confidence", "suspicious", "suggestive", "normal film")


def test_s3_33_the_page_and_the_reports_say_the_same_of_what_this_is() -> None:
    page = json.loads(PAGE_WORDS.read_text(encoding="utf-8"))
    ours = [wording.NOT_A_DEVICE, wording.ASSISTS, wording.NOT_REVIEWED]
    assert [page[key] for key in ("device", "assists", "reviewed")] == ours
    assert "never replaces" in wording.ASSISTS
    assert "second opinion" in wording.ASSISTS


@given(st.floats(0, 1))
def test_a_number_has_two_digits_at_most(value: float) -> None:
    percent, score = wording.number(value, True), wording.number(value, False)
    assert percent in {"< 1 %", "> 99 %", *(f"{whole} %" for whole in range(1, 100))}
    assert score in {"< 0.01", "> 0.99", *(f"0.{part:02d}" for part in range(1, 100))}


@pytest.mark.parametrize(
    ("value", "percent", "score"),
    [
        (0.0, "< 1 %", "< 0.01"),
        (0.0099, "< 1 %", "< 0.01"),
        (0.01, "1 %", "0.01"),
        (0.938, "94 %", "0.94"),
        (0.99, "99 %", "0.99"),
        (0.991, "> 99 %", "> 0.99"),
        (1.0, "> 99 %", "> 0.99"),
    ],
)
def test_a_number_is_a_percentage_only_where_calibrated(
    value: float, percent: str, score: str
) -> None:
    assert wording.number(value, True) == percent
    assert wording.number(value, False) == score


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.901, "most likely"),
        (0.9, "likely"),
        (0.75, "may represent"),
        (0.25, "unlikely"),
        (0.05, "very unlikely"),
        (0.0, "very unlikely"),
    ],
)
def test_the_bands_are_those_of_the_published_scale(probability: float, words: str) -> None:
    assert wording.band(probability) == words


@pytest.mark.parametrize(
    ("probability", "share", "words"),
    [
        (0.126, 0.03, "below the threshold; 4.2 times the average (3 %)"),
        (0.0002, 0.02, "below the threshold; less than 0.1 times the average (2 %)"),
        (0.60, 0.24, "above the threshold; 2.5 times the average (24 %)"),
        (0.60, 0.25, "above the threshold; may represent"),
        (0.60, 0.0, "above the threshold; may represent"),
        (0.60, None, "above the threshold; may represent"),
    ],
)
def test_a_rare_finding_is_put_beside_the_average(
    answered: Prediction, probability: float, share: float | None, words: str
) -> None:
    result = replace(answered.results[0], probability=probability, prevalence=share)
    assert wording.reading(result, True) == words
    assert "average" not in wording.reading(result, False)


def test_an_uncalibrated_number_gets_no_band(answered: Prediction) -> None:
    first = answered.results[0]
    assert wording.reading(first, True) == "above the threshold; most likely"
    assert wording.reading(first, False) == "above the threshold"
    assert wording.kind_of_number(False) == "model score"


def test_a_tie_with_the_threshold_is_above(answered: Prediction) -> None:
    tie: FindingResult = replace(answered.results[0], probability=0.5)
    assert wording.verdict(tie) == "above"


def test_nothing_above_the_threshold_is_not_called_normal(answered: Prediction) -> None:
    quiet = replace(answered, results=answered.results[1:])
    found = wording.summary(quiet)
    assert found == "No finding above its threshold. This does not mean that the film is normal."


def test_one_finding_alone_says_nothing_of_the_others(answered: Prediction) -> None:
    alone = replace(answered, results=answered.results[1:2])
    assert wording.summary(alone).startswith("Atelectasis is below its threshold. This does not")


def test_what_is_above_the_threshold_is_not_called_a_diagnosis(answered: Prediction) -> None:
    assert wording.summary(answered) == "Above the threshold: Pneumonia. Not a diagnosis."


def test_a_refusal_says_why(refused: Prediction) -> None:
    words = "Refused: A knee; expected a chest. No answer is given for this film."
    assert wording.summary(refused) == words
    assert wording.summary(replace(refused, refused="A knee; expected a chest")) == words


def test_some_words_are_never_said() -> None:
    constants = {n: v for n, v in vars(wording).items() if n.isupper() and isinstance(v, str)}
    said = " ".join(constants.values()).lower()
    assert "not a medical device" in said
    assert not [word for word in WORDS_WE_NEVER_SAY if word in said]


def test_familiarity_is_a_share_of_the_validation_films(
    answered: Prediction, refused: Prediction
) -> None:
    assert "at least as familiar as 42 %" in wording.familiarity(answered)
    assert wording.familiarity(refused) == ""
    rare, first = (replace(answered, familiarity=share) for share in (0.0099, 0.01))
    assert (
        "Fewer than 1 % of the films the bundle was validated on look this unfamiliar"
        in wording.familiarity(rare)
    )
    assert "as familiar as 1 % of the films" in wording.familiarity(first)


@pytest.mark.parametrize(
    ("n", "files", "findings"),
    [(1, "1 file could not", "1 more finding,"), (2, "2 files could not", "2 more findings,")],
)
def test_one_is_one_and_two_are_more(n: int, files: str, findings: str) -> None:
    assert wording.not_read(n).startswith(files)
    assert findings in wording.more_heat(n)
    assert wording.not_read(0) == ""


def test_a_measured_number_comes_with_its_interval(evaluation: dict[str, object]) -> None:
    assert wording.measured(evaluation, "pneumonia") == "0.975 (0.958 to 0.988), 312 films"
    assert wording.measured(evaluation, "atelectasis").endswith("9 films, too few to rely on")


@pytest.mark.parametrize(
    "evaluation",
    [None, {}, {"findings": []}, {"findings": {"x": {"auroc": "0.9"}}}, {"findings": {"x": 3}}],
)
def test_what_was_not_measured_is_not_made_up(evaluation: dict[str, object] | None) -> None:
    assert wording.measured(evaluation, "x") == "not measured"
    assert wording.measured_on(evaluation) == ""


def test_the_films_it_was_measured_on_are_named(evaluation: dict[str, object]) -> None:
    found = wording.measured_on(evaluation)
    assert found == "Measured on phantoms, test split: 312 films of 200 patients."


def test_what_a_terminal_should_not_be_sent_is_not_printable() -> None:
    assert wording.printable("a\x1b[2Jb\nc\udcff ü") == "a?[2Jb?c? ü"


def test_a_finding_that_may_be_told_by_chance_alone_says_so() -> None:
    evaluation = {"findings": {"mass": {"auroc": [0.62, 0.49, 0.74], "n_films": 241}}}
    assert (
        wording.measured(evaluation, "mass") == "0.620 (0.490 to 0.740), 241 films; may be chance"
    )


def test_what_was_measured_does_not_stand_beside_a_film_outside_the_population(
    answered: Prediction, evaluation: dict[str, object]
) -> None:
    outside = replace(answered, cautions=("OUTSIDE POPULATION: age 40, expected 1 to 5",))
    assert wording.measured_for(answered, evaluation, "pneumonia").startswith("0.975")
    assert wording.measured_for(outside, evaluation, "pneumonia") == "not measured on such films"


def test_a_report_says_what_the_film_was_taken_for(answered: Prediction) -> None:
    known = replace(answered, age_years=5.8, view="PA", body_part=None)
    assert wording.read_as(known) == "Read as: age 5, view PA, body part not known."
