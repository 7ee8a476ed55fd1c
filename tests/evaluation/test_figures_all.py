from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.answers import honest_answers
from plainfilm.evaluation.figures_all import all_curves, iso_f1, pr_curve, roc_curve
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.metrics import auroc, average_precision, known

SCORES = np.array([0.1, 0.4, 0.35, 0.8])
LABELS = np.array([0.0, 0.0, 1.0, 1.0])


def test_s0_62_f1_is_alike_along_its_line_and_there_is_none_beyond() -> None:
    assert iso_f1(np.array([0.6]), 0.6) == pytest.approx(0.6)
    recall = np.linspace(0.35, 1, 30)
    precision = iso_f1(recall, 0.5)
    there = ~np.isnan(precision)
    assert (2 * precision * recall / (precision + recall))[there] == pytest.approx(0.5)
    assert np.isnan(iso_f1(np.array([0.1, 0.25, 0.3]), 0.5)).all()


def test_s0_56_the_areas_are_those_of_four_films_by_hand() -> None:
    films = known(SCORES, LABELS)
    roc, pr = roc_curve(films), pr_curve(films)
    assert roc is not None
    assert pr is not None
    assert np.trapezoid(roc[1], roc[0]) == pytest.approx(0.75) == auroc(SCORES, LABELS)
    steps = (np.diff(pr[0]) * pr[1][:-1]).sum()
    assert steps == pytest.approx(0.8333333) == average_precision(SCORES, LABELS)


def test_a_finding_of_one_class_has_no_curve() -> None:
    assert roc_curve(known(SCORES, np.ones(4))) is None
    assert pr_curve(known(SCORES, np.zeros(4))) is None


def test_s0_60_all_findings_stand_in_one_figure_with_mean_and_micro(make_table: Any) -> None:
    table = make_table(n=60)
    fits = [honest_answers(table, column, 0) for column in range(2)]
    numbers: Any = measure(table, 10)
    drawn = all_curves(table, fits, numbers)
    for name, key in (("roc-all", "auroc"), ("precision-recall-all", "average_precision")):
        for mark, finding in (("A  Pneumonia", "pneumonia"), ("B  Mass", "mass")):
            value, low, high = numbers["findings"][finding][key]
            assert f">{mark} {value:.3f} [{low:.3f}, {high:.3f}]</text>" in drawn[name].svg
        value, low, high = numbers["averages"][f"micro_{key}"]
        assert f">micro {value:.3f} [{low:.3f}, {high:.3f}]</text>" in drawn[name].svg
    assert ">F1 0.4</text>" in drawn["precision-recall-all"].svg
    assert ">mean of findings 0." in drawn["roc-all"].svg
    without = all_curves(table, [None, fits[1]], {})
    assert ">micro" not in without["roc-all"].svg
    assert ">B  Mass</text>" in without["roc-all"].svg


def test_s0_60_fourteen_findings_are_sixteen_curves_of_one_figure(make_table: Any) -> None:
    names = tuple(f"finding {letter}" for letter in "abcdefghijklmn")
    table = make_table(n=60, findings=names, displays=names, thresholds=(0.5,) * 14)
    fits = [honest_answers(table, column, 0) for column in range(14)]
    svg = all_curves(table, fits, measure(table, 5))["roc-all"].svg
    marks = [f"{chr(ord('A') + number)}  {name} " for number, name in enumerate(names)]
    for label in (*marks, "mean of findings ", "micro "):
        assert svg.count(f">{label}0.") == 1, label
