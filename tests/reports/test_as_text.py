"""Predictions for a terminal."""

from dataclasses import replace

from plainfilm.findings import Prediction
from plainfilm.reports.as_text import text_table


def test_a_film_is_a_short_table(answered: Prediction) -> None:
    assert text_table(answered).splitlines() == [
        "film.png  (tiny 1.0.0)",
        "  caution: The view is not known.",
        "  finding       estimated probability  threshold",
        "  Pneumonia                      91 %       50 %  above the threshold; most likely",
        "  Atelectasis                    30 %       50 %  below the threshold; may represent",
        "  Cardiomegaly                  < 1 %       50 %  below the threshold; very unlikely",
        "  Above the threshold: Pneumonia. Not a diagnosis.",
    ]


def test_an_uncalibrated_bundle_s_numbers_are_model_scores(answered: Prediction) -> None:
    table = text_table(replace(answered, calibrated=False))
    assert "model score" in table
    assert "probability" not in table
    assert "0.91" in table


def test_a_refused_film_has_no_table(refused: Prediction) -> None:
    lines = text_table(refused).splitlines()
    assert len(lines) == 2
    assert "Refused: A knee; expected a chest." in lines[1]


def test_the_population_override_is_shouted(answered: Prediction) -> None:
    table = text_table(replace(answered, cautions=("OUTSIDE POPULATION: 40 years.",)))
    assert "  OUTSIDE POPULATION: 40 years." in table.splitlines()


def test_a_name_cannot_steer_the_terminal(answered: Prediction) -> None:
    table = text_table(replace(answered, name="a\x1b[31m\nb"))
    assert table.startswith("a?[31m?b  (tiny 1.0.0)\n")
