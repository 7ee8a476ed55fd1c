"""The tables are tested as a whole page, in test_report.py; here, what they leave out."""

from typing import Any

from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.report_findings import (
    body_parts_part,
    findings_part,
    published_part,
    studies_part,
)


def test_what_is_not_there_leaves_nothing_behind() -> None:
    assert studies_part({}) == body_parts_part({}) == published_part({}) == ""


def test_one_finding_has_no_mean(make_table: Any) -> None:
    numbers: Any = measure(make_table(n=60), 5)
    assert "Mean of 2" in findings_part(numbers, "films")
    alone = {**numbers, "mean": {"n_findings": 1}}
    assert "Mean" not in findings_part(alone, "films")
