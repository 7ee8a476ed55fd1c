import csv
import io
from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from plainfilm.evaluation.answers import honest_answers
from plainfilm.evaluation.averages import macro_roc
from plainfilm.evaluation.curves import MEAN, MICRO, curves_csv
from plainfilm.evaluation.metrics import auroc, average_precision


def curves_of(table: Any) -> dict[str, list[dict[str, str]]]:
    fits = [honest_answers(table, column, 0) for column in range(len(table.about.findings))]
    curves = defaultdict(list)
    for row in csv.DictReader(io.StringIO(curves_csv(table, fits))):
        curves[row["curve"]].append(row)
    return curves


def column(rows: list[dict[str, str]], name: str) -> Any:
    return np.array([0.0, *(float(row[name]) for row in rows)])


def test_s0_60_areas_and_precisions_follow_from_the_table(make_table: Any) -> None:
    table = make_table(n=200)
    table.scores[:] = np.round(table.scores, 1)  # with ties
    curves = curves_of(table)
    assert list(curves) == ["pneumonia", "mass", MEAN, MICRO]
    for number, finding in enumerate(table.about.findings):
        scores, labels = table.scores[:, number], table.labels[:, number]
        rows = curves[finding]
        up, across = column(rows, "sensitivity"), column(rows, "false_positive_rate")
        assert np.trapezoid(up, across) == pytest.approx(auroc(scores, labels), abs=1e-8)
        steps = (np.diff(up) * column(rows, "precision")[1:]).sum()
        assert steps == pytest.approx(average_precision(scores, labels), abs=1e-8)
        first = rows[0]
        called = scores >= float(first["threshold"])
        assert int(first["true_present"]) == (called & (labels == 1)).sum()
        assert int(first["n_present"]) == (labels == 1).sum()


def test_mean_and_micro_are_those_of_the_figure(make_table: Any) -> None:
    table = make_table(n=60)
    curves = curves_of(table)
    across, up = macro_roc(table.scores, table.labels)
    mean = column(curves[MEAN], "sensitivity")[1:], column(curves[MEAN], "false_positive_rate")[1:]
    assert np.allclose(mean[0], up)
    assert np.allclose(mean[1], across)
    micro = curves[MICRO]
    area = np.trapezoid(column(micro, "sensitivity"), column(micro, "false_positive_rate"))
    pairs = table.probabilities.ravel(), table.labels.ravel()
    assert area == pytest.approx(auroc(*pairs), abs=1e-8)


def test_a_finding_that_nobody_has_leaves_gaps_and_one_alone_has_no_mean(make_table: Any) -> None:
    table = make_table(n=20)
    about = replace(table.about, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    absent = replace(
        table, about=about, labels=np.zeros((20, 1)), scores=table.scores[:, :1],
        probabilities=table.probabilities[:, :1],
    )  # fmt: skip
    rows = curves_of(absent)
    assert list(rows) == ["mass"]
    assert [(row["sensitivity"], row["n_absent"]) for row in rows["mass"]] == [("", "20")]
    unknown = replace(absent, labels=np.full((20, 1), np.nan))
    assert curves_of(unknown) == {}
