from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.metrics import auroc, confusion_at
from plainfilm.evaluation.subgroups import axes_of, subgroup_numbers
from published import published_table


def grouped(table: Any, **texts: Any) -> Any:
    return replace(table, details={**table.details, **texts})


def measured(table: Any, draws: int = 50) -> Any:
    return subgroup_numbers(answers_of(table, 0), draw_patients(table.patient, draws, 0))


def test_a_group_is_measured_as_its_films_alone_would_be(make_table: Any) -> None:
    table = make_table(n=400)
    women = np.arange(400) % 4 < 2  # by patient
    numbers = measured(grouped(table, sex=np.where(women, "F", "M")))
    row = numbers["sex"]["groups"]["F"]["findings"]["mass"]
    labels, scores = table.labels[:, 1], table.scores[:, 1]
    assert row["auroc"].value == auroc(scores[women], labels[women])
    gap = auroc(scores[women], labels[women]) - auroc(scores[~women], labels[~women])
    assert row["auroc_gap"].value == pytest.approx(gap)
    assert row["auroc_gap"].low < row["auroc_gap"].value < row["auroc_gap"].high
    counts = confusion_at(table.probabilities[women, 1], labels[women], 0.4)
    assert row["sensitivity"].value == pytest.approx(counts.sensitivity)
    others = confusion_at(table.probabilities[~women, 1], labels[~women], 0.4)
    gap = counts.specificity - others.specificity
    assert row["specificity_gap"].value == pytest.approx(gap)
    assert row["prevalence"] == labels[women].mean()


def test_a_group_that_is_read_worse_shows_in_gap_and_under_diagnosis(make_table: Any) -> None:
    table = make_table(n=600)
    ap = np.arange(600) % 4 < 2
    scores = np.where(ap[:, None], -np.abs(table.scores), table.scores)
    low = np.where(ap[:, None], 0.01, table.probabilities)
    numbers = measured(
        grouped(replace(table, scores=scores, probabilities=low), view=np.where(ap, "AP", "PA"))
    )
    missed = numbers["view"]["groups"]["AP"]["under_diagnosis"]
    assert missed["rate"].value == 1
    assert missed["gap"].low > 0.3
    assert numbers["view"]["groups"]["AP"]["findings"]["mass"]["sensitivity_gap"].high < 0


def test_a_group_with_few_sick_is_hidden_and_says_so(make_table: Any) -> None:
    table = make_table(n=200)
    table.labels[:100, 1] = np.arange(100) < 19
    table.labels[100:, 0] = 1
    sex = np.where(np.arange(200) < 100, "F", "M")
    groups = measured(grouped(table, sex=sex))["sex"]["groups"]
    row = groups["F"]["findings"]["mass"]
    assert row["hidden"] == "19 present films; fewer than 20 say too little"
    assert (row["n_films"], row["n_present"], "auroc" in row) == (100, 19, False)
    hidden = groups["M"]["findings"]["pneumonia"]["hidden"]
    assert hidden.startswith("0 absent films; fewer than 20")


def test_beside_too_few_others_there_is_no_gap(make_table: Any) -> None:
    table = make_table(n=200)
    table.labels[100:, 1] = np.arange(100) < 19
    sex = np.where(np.arange(200) < 100, "F", "M")
    row = measured(grouped(table, sex=sex))["sex"]["groups"]["F"]["findings"]["mass"]
    assert "auroc" in row
    assert not [key for key in row if key.endswith("_gap")]


def test_an_axis_of_one_group_or_none_says_why_it_is_hidden(make_table: Any) -> None:
    table = make_table(n=20)
    nobody = grouped(table, sex=np.full(20, ""), view=np.full(20, "PA"))
    numbers = measured(nobody, 3)
    assert numbers["sex"] == {"hidden": "no film's sex is known"}
    assert numbers["view"]["hidden"].startswith("all films are 'PA'")
    assert numbers["age"]["hidden"].startswith("all films are 'under 18'")


def test_ages_fall_into_bands_and_unknown_ones_into_none(make_table: Any) -> None:
    ages = np.array([0, 17.9, 18, 39, 40, 60, 95, np.nan])
    table = replace(make_table(n=8), age=ages)
    bands = axes_of(table)["age"]
    assert {name: rows.sum() for name, rows in bands.items()} == {
        "under 18": 2, "18 to 39": 2, "40 to 59": 1, "from 60": 2,
    }  # fmt: skip


def test_published_predictions_differ_between_groups_as_measured(shared_data: Path) -> None:
    """Means over findings: women .837, men .834; PA .834, AP .819; by age .806 to .854."""
    table = published_table(shared_data)
    expected = {
        ("sex", "F"): 0.837, ("sex", "M"): 0.834, ("view", "PA"): 0.834, ("view", "AP"): 0.819,
        ("age", "under 18"): 0.806, ("age", "18 to 39"): 0.854, ("age", "40 to 59"): 0.836,
        ("age", "from 60"): 0.811,
    }  # fmt: skip
    axes = axes_of(table)
    for (axis, name), mean in expected.items():
        rows = axes[axis][name]
        # as they were measured: of children eleven findings, of AP films hernia too, shown by two
        fewest = 10 if axis == "age" else 1
        usable = np.flatnonzero(table.labels[rows].sum(axis=0) >= fewest)
        areas = [auroc(table.scores[rows, k], table.labels[rows, k]) for k in usable]
        assert float(np.mean(areas)) == pytest.approx(mean, abs=6e-4), name
