from dataclasses import replace
from typing import Any

import numpy as np

from plainfilm.evaluation.degrade import DEGRADED, PREFIX
from plainfilm.evaluation.figures_numbers import number_figures
from plainfilm.evaluation.measure import measure


def test_findings_decisions_and_poor_films_are_drawn_where_they_were_measured(
    make_table: Any,
) -> None:
    table = make_table(n=80)
    table.labels[:, 1] = np.arange(80) % 12 == 0  # seven films
    worse = {PREFIX + name: table.scores * 0.5 for name in DEGRADED}
    numbers = measure(replace(table, audits={**table.audits, **worse}), 10)
    drawn = number_figures(numbers)
    assert list(drawn) == ["findings", "decision-curves", "degradation"]
    assert ">Mass (7 of 80)</text>" in drawn["findings"].svg
    assert all(f">{words}</text>" in drawn["decision-curves"].svg for words in ("bundle", "none"))
    assert all(f">{name}</text>" in drawn["degradation"].svg for name in DEGRADED)
    assert number_figures({}) == {}


def test_one_finding_needs_no_figure_of_findings(make_table: Any) -> None:
    table = make_table(n=60, findings=("mass",), displays=("Mass",), thresholds=(0.5,))
    one = replace(
        table, labels=table.labels[:, :1], scores=table.scores[:, :1],
        probabilities=table.probabilities[:, :1],
    )  # fmt: skip
    assert list(number_figures(measure(one, 10))) == ["decision-curves"]


def test_what_cannot_be_computed_leaves_its_place_empty(make_table: Any) -> None:
    table = make_table(n=30)
    table.labels[:, 1] = 0
    assert "Mass (0 of 30)" in number_figures(measure(table, 10))["findings"].svg
