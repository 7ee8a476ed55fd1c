import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.audit import AUDITS
from plainfilm.evaluation.degrade import DEGRADED, PREFIX
from plainfilm.evaluation.measure import evaluate_table, measure
from plainfilm.evaluation.metrics import auroc, brier, confusion_at
from plainfilm.evaluation.reliability import ece


def test_the_numbers_follow_from_the_file_alone(make_table: Any, tmp_path: Path) -> None:
    table = make_table()
    table.save(tmp_path / "predictions.parquet")
    numbers = evaluate_table(tmp_path / "predictions.parquet", draws=50, seed=1)
    assert numbers == measure(table, 50, 1)
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_a_number_stands_with_its_interval(make_table: Any) -> None:
    table = make_table()
    numbers: Any = measure(table, 100)
    row = numbers["findings"]["mass"]
    value, low, high = row["auroc"]
    assert value == auroc(table.scores[:, 1], table.labels[:, 1])
    assert low < value < high
    expected = confusion_at(table.probabilities[:, 1], table.labels[:, 1], 0.4).sensitivity
    assert row["sensitivity"][0] == pytest.approx(expected)
    assert row["threshold"] == 0.4
    mean = np.mean([numbers["findings"][f]["auroc"][0] for f in ("pneumonia", "mass")])
    assert numbers["mean"]["auroc"][0] == pytest.approx(mean)


def test_the_order_of_the_films_changes_no_number(make_table: Any) -> None:
    table = make_table()
    turned = {
        field.name: value[::-1]
        for field in fields(table)
        if isinstance(value := getattr(table, field.name), np.ndarray)
    }
    numbers = [measure(t, 30) for t in (table, replace(table, **turned))]
    for each in numbers:
        del each["contradictions"]  # films by their rows
    ours, theirs = (json.dumps(each) for each in numbers)
    ours_flat, theirs_flat = (re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text) for text in (ours, theirs))
    assert np.array(ours_flat, float) == pytest.approx(np.array(theirs_flat, float))
    assert re.sub(r"-?\d+\.\d+(?:e-?\d+)?", "", ours) == re.sub(
        r"-?\d+\.\d+(?:e-?\d+)?", "", theirs
    )


def test_unlabelled_films_change_no_finding_s_value(make_table: Any) -> None:
    table = make_table(n=100)
    labels = table.labels.copy()
    labels[60:, 1] = np.nan
    numbers: Any = measure(replace(table, labels=labels), 20)
    row = numbers["findings"]["mass"]
    assert (row["n_films"], numbers["findings"]["pneumonia"]["n_films"]) == (60, 100)
    assert row["auroc"][0] == auroc(table.scores[:60, 1], table.labels[:60, 1])
    assert row["brier"][0] == pytest.approx(brier(table.probabilities[:60, 1], labels[:60, 1]))
    assert row["ece"][0] == pytest.approx(ece(table.probabilities[:60, 1], labels[:60, 1]))
    assert row["prevalence"] == pytest.approx(labels[:60, 1].mean())


def test_no_finding_on_any_film_leaves_no_mean(make_table: Any) -> None:
    table = make_table(n=20)
    table.labels[:] = np.nan
    numbers: Any = measure(table, 5)
    assert numbers["mean"] == {"n_findings": 0}
    for row in numbers["findings"].values():
        assert (row["n_films"], row["n_present"], row["prevalence"]) == (0, 0, None)
        assert row["auroc"] == row["ece"] == row["npv"] == [None, None, None]


def test_every_film_refused_is_an_evaluation_of_nothing(make_table: Any) -> None:
    table = make_table(n=20)
    numbers: Any = measure(replace(table, refused=np.full(20, "too dark")), 5)
    assert (numbers["n_films"], numbers["n_refused"], numbers["refused"]) == (
        20, 20, {"too dark": 20},
    )  # fmt: skip
    assert numbers["mean"] == {"n_findings": 0}


@pytest.mark.parametrize("cut", [None, 0.0, 1.0])
def test_the_share_below_the_cut_needs_a_cut(make_table: Any, cut: float | None) -> None:
    numbers: Any = measure(make_table(n=10, caution_below=cut), 5)
    assert numbers["familiarity"] == {
        "caution_below": cut, "n_measured": 10,
        "share_below": None if cut is None else [cut, cut, cut],
    }  # fmt: skip


def test_the_seed_moves_intervals_and_no_value(make_table: Any) -> None:
    table = make_table()
    one, other = (measure(table, 30, seed)["findings"]["mass"] for seed in (0, 1))  # type: ignore[index,call-overload]
    assert one["auroc"][0] == other["auroc"][0]
    assert one["auroc"][1:] != other["auroc"][1:]


def test_a_refused_film_is_counted_and_measured_nowhere(make_table: Any) -> None:
    table = make_table(n=100)
    gone = np.arange(100) < 10
    refused = np.where(gone, [f"seen {i}.5 times" for i in range(100)], "")
    scores = np.where(gone[:, None], np.nan, table.scores)
    with_refused = replace(table, refused=refused, scores=scores, probabilities=scores * 0 + 0.5)
    numbers: Any = measure(with_refused, 20)
    assert (numbers["n_films"], numbers["n_refused"]) == (100, 10)
    assert numbers["refused"] == {"seen N times": 10}
    row = numbers["findings"]["mass"]
    assert row["n_films"] == 90
    assert row["n_present_refused"] == int(table.labels[:10, 1].sum())
    assert row["auroc"][0] == auroc(table.scores[10:, 1], table.labels[10:, 1])


def test_few_present_films_are_marked(make_table: Any) -> None:
    table = make_table()
    table.labels[:, 1] = 0
    table.labels[:9, 1] = 1
    numbers: Any = measure(table, 20)
    assert numbers["findings"]["mass"]["too_few"] is True
    assert numbers["findings"]["pneumonia"]["too_few"] is False


def test_a_finding_nobody_has_is_none_not_a_guess(make_table: Any) -> None:
    table = make_table()
    table.labels[:, 1] = 0
    numbers: Any = measure(table, 20)
    row = numbers["findings"]["mass"]
    assert row["auroc"] == [None, None, None]
    assert row["sensitivity"] == [None, None, None]
    assert row["specificity"][0] is not None
    assert numbers["mean"]["n_findings"] == 1


def test_a_calibrator_fitted_on_these_films_is_refitted_across_patients(make_table: Any) -> None:
    table = make_table(n=300, refit_rule="youden-plateau")
    shipped = replace(table, probabilities=np.ones_like(table.probabilities))
    numbers: Any = measure(shipped, 20)
    row = numbers["findings"]["mass"]
    assert numbers["cross_fitted"] is True
    assert row["specificity"][0] > 0.5  # the shipped probabilities would give 0
    assert row["ece"][0] < 0.15
    assert row["auroc"] == measure(table, 20)["findings"]["mass"]["auroc"]  # type: ignore[index,call-overload]


def test_too_few_patients_to_refit_gives_no_rates(make_table: Any) -> None:
    table = make_table(refit_rule="half")
    table.labels[:, 1] = 0
    table.labels[:2, 1] = 1  # one patient
    numbers: Any = measure(table, 20)
    row = numbers["findings"]["mass"]
    assert row["sensitivity"] == [None, None, None]
    assert row["auroc"][0] is not None


def test_the_share_of_unfamiliar_films_is_told(make_table: Any) -> None:
    table = make_table(n=4)
    table = replace(table, familiarity=np.array([0.01, 0.5, 0.9, np.nan]))
    numbers: Any = measure(table, 5)
    assert numbers["familiarity"]["n_measured"] == 3
    value, low, high = numbers["familiarity"]["share_below"]
    assert value == pytest.approx(1 / 3)
    assert 0 <= low <= value <= high <= 1


# Facts of the films, settings, and what docs/concepts/evaluation.md says has no interval.
EXACT = {
    "prevalence", "majority_accuracy", "threshold", "ece_debiased", "ece_equal_mass_debiased",
    "none", "alpha", "promise", "present_from", "absent_to", "probability", "caution_below",
    "largest_change", "p_delong", "p_holm",
}  # fmt: skip


def bare(value: Any, name: str) -> set[str]:
    """Names of the numbers that are neither counts nor [value, low, high]."""
    if isinstance(value, dict):
        return set().union(*(bare(inner, str(key)) for key, inner in value.items()))
    if isinstance(value, list) and not (len(value) == 3 and isinstance(value[0], float)):
        return set().union(*(bare(inner, name) for inner in value))
    return {name} if isinstance(value, float) else set()


def test_every_measured_number_has_its_interval(make_table: Any) -> None:
    table = make_table(n=80)
    rng = np.random.default_rng(4)
    answers = {name: rng.random((80, 2)) for name in (*AUDITS, *(PREFIX + d for d in DEGRADED))}
    details = {**table.details, "sex": np.resize(["F", "M"], 80)}
    table = replace(table, audits=answers, details=details, published=rng.random((80, 2)))
    numbers: Any = measure(table, 10)
    assert numbers["degradation"]
    assert numbers["subgroups"]
    assert bare(numbers, "") <= EXACT
