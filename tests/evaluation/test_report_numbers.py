import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.points import choose_points
from plainfilm.evaluation.report_numbers import further_sections, not_measured

KEYS = (
    "averages", "points", "subgroups", "metadata", "decision_curves", "conformal", "contradictions",
)  # fmt: skip


@pytest.fixture
def numbers(make_table: Any) -> Any:
    table = make_table(n=240, points=choose_points(make_table(n=200, seed=5)))
    table.labels[:100, 1] = 0
    details = {
        **table.details,
        "sex": np.where(np.arange(240) < 100, "F", "M"),
        "view": np.where(np.arange(240) % 4 < 2, "AP", "PA"),
    }
    return measure(replace(table, details=details), 20)


def test_every_section_stands_on_the_page_with_its_numbers(numbers: Any) -> None:
    page = "".join(further_sections(numbers).values())
    assert re.findall(r"<h3>(.+?)</h3>", page) == [
        "Averages over findings", "Operating points", "Groups of patients",
        "What view, age and sex alone tell", "Is acting on it worth it?", "Sure and unsure",
        "Labels to look at again",
    ]  # fmt: skip
    shown = {
        "micro_auroc": numbers["averages"]["micro_auroc"],
        "point": numbers["points"]["findings"]["mass"]["sensitivity-0.95"]["sensitivity"],
        "ppv": numbers["points"]["findings"]["mass"]["shipped"]["at_prevalence"]["0.05"]["ppv"],
        "group": numbers["subgroups"]["view"]["groups"]["AP"]["findings"]["mass"]["auroc_gap"],
        "missed": numbers["subgroups"]["sex"]["groups"]["F"]["under_diagnosis"]["rate"],
        "floor": numbers["metadata"]["mass"]["view"]["auroc"],
        "benefit": numbers["decision_curves"]["mass"][2]["net_benefit"],
        "covered": numbers["conformal"]["findings"]["mass"]["coverage_present"],
    }
    for name, (value, low, high) in shown.items():
        assert f"<td>{value:.3f} [{low:.3f}, {high:.3f}]</td>" in page, name
    worst = numbers["contradictions"]["mass"][0]
    assert f"{worst['film']} ({worst['probability']:.3f})" in page


def test_what_is_hidden_says_why(numbers: Any) -> None:
    page = "".join(further_sections(numbers).values())
    assert "Too few to say: mass: 0 present films." in page  # of women
    assert "Not shown: body_part: all films are &#x27;chest&#x27;" in page


def test_a_finding_on_few_films_is_grey_in_every_section(make_table: Any) -> None:
    table = make_table(n=100)
    table.labels[:, 1] = np.arange(100) % 12 == 0  # nine films
    view = np.where(np.arange(100) % 4 < 2, "AP", "PA")
    page = "".join(
        further_sections(
            measure(replace(table, details={**table.details, "view": view}), 5)
        ).values()
    )
    rows = re.findall(r"<tr( class='few')?><td>(pneumonia|mass)</td>", page)
    told = [grey for grey, name in rows if name == "mass"]
    assert told.count("") == 1  # the films to look at again claim nothing
    assert len(told) == 1 + 1 + 4 + 1 + 1
    assert not any(grey for grey, name in rows if name == "pneumonia")


def test_an_older_evaluation_names_what_it_lacks(numbers: Any) -> None:
    older = {key: value for key, value in numbers.items() if key not in KEYS}
    words = not_measured(older)
    assert "older: averages, points, subgroups, metadata, decision curves, conformal" in words
    assert set(further_sections(older).values()) == {""}
    assert not_measured(numbers) == ""


def test_where_nothing_can_be_measured_the_page_still_stands(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:] = np.nan
    page = "".join(further_sections(measure(table, 5)).values())
    assert "no validation film was read" in page
    assert "0 patients of a class for 5 folds" in page
    assert "do not vary" in page
