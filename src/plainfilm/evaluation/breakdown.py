"""The same numbers once more: by study, and of each body part, by film and by study."""

from typing import Literal

import numpy as np

from plainfilm.evaluation.answers import Answers
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.finding_numbers import finding_numbers, means, row
from plainfilm.evaluation.studies import by_study, n_mixed

NOT_KNOWN = "not known"


def study_numbers(films: Answers, n_draws: int, seed: int) -> dict[str, object]:
    """What is measured on studies; empty where every study is a single film."""
    studies = by_study(films)
    if studies is None:
        return {}
    return {"n_mixed": n_mixed(films), **_numbers(studies, "studies", n_draws, seed)}


def body_part_numbers(films: Answers, n_draws: int, seed: int) -> dict[str, object]:
    """What is measured on the films of each body part; empty where there are fewer than two."""
    parts = films.table.details["body_part"]
    names = np.unique(parts).tolist()
    if len(names) < 2:
        return {}
    measured: dict[str, object] = {}
    for name in names:
        of_part = films.rows(parts == name)
        measured[name or NOT_KNOWN] = {
            **_numbers(of_part, "films", n_draws, seed),
            "studies": study_numbers(of_part, n_draws, seed),
        }
    return measured


def _numbers(
    answers: Answers, unit: Literal["films", "studies"], n_draws: int, seed: int
) -> dict[str, object]:
    table = answers.table
    draws = draw_patients(table.patient, n_draws, seed)
    columns = range(len(table.about.findings))
    numbers = [finding_numbers(answers, column, draws) for column in columns]
    rows = {finding: row(n) for finding, n in zip(table.about.findings, numbers, strict=True)}
    return {
        f"n_{unit}": len(table),
        "n_patients": int(np.unique(table.patient).size),
        "n_refused": int((table.refused != "").sum()),
        "mean": means(numbers),
        "findings": {name: _counted(numbers, unit) for name, numbers in rows.items()},
    }


def _counted(numbers: dict[str, object], unit: str) -> dict[str, object]:
    """A finding's row that says what it counts: `n_studies` for `n_films`."""
    return {(f"n_{unit}" if key == "n_films" else key): n for key, n in numbers.items()}
