"""Predictions as a table."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.findings import Prediction
from plainfilm.radiograph import View
from plainfilm.reports.as_csv import COLUMNS, csv_report
from plainfilm.reports.content import Report


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_the_columns_are_always_the_same(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction
) -> None:
    heads = {csv_report(make_report(p)).split(b"\r\n")[0] for p in (answered, refused)}
    assert heads == {",".join(COLUMNS).encode()}


def test_every_finding_of_every_film_has_a_row(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction
) -> None:
    found = rows(csv_report(make_report(answered, refused, answered)))
    assert [row["finding"] for row in found[:3]] == ["pneumonia", "atelectasis", "cardiomegaly"]
    assert [row["name"] for row in found] == ["film.png"] * 3 + ["knee.png"] + ["film.png"] * 3


def test_a_refused_film_keeps_a_row_with_the_reason(
    make_report: Callable[..., Report], refused: Prediction
) -> None:
    (row,) = rows(csv_report(make_report(refused)))
    assert (row["refused"], row["probability"], row["present"]) == (
        "A knee; expected a chest.",
        "",
        "",
    )


def test_the_numbers_of_a_row(make_report: Callable[..., Report], answered: Prediction) -> None:
    row = rows(csv_report(make_report(answered)))[0]
    assert float(row["probability"]) == 0.91
    assert row["present"] == "true"
    assert row["calibrated"] == "true"
    assert row["familiarity"] == "0.42"
    assert row["bundle"] == "tiny"
    assert (row["age_years"], row["view"], row["body_part"], row["prevalence"]) == ("", "", "", "")


def test_what_the_film_was_read_as_and_the_prevalence_are_told(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction
) -> None:
    facts = {"age_years": 3.5, "view": View.PA, "body_part": "=chest"}
    results = tuple(replace(result, prevalence=0.625) for result in answered.results)
    films = replace(answered, results=results, **facts), replace(refused, **facts)
    told = rows(csv_report(make_report(*films)))
    assert [row["prevalence"] for row in told] == ["0.625"] * 3 + [""]
    assert {(row["age_years"], row["view"], row["body_part"]) for row in told} == {
        ("3.5", "PA", "'=chest"),
    }


def test_lines_end_as_rfc_4180_has_it(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    content = csv_report(make_report(answered))
    assert content.count(b"\r\n") == content.count(b"\n") == 4


@pytest.mark.parametrize(
    "name", ["=1+1.png", "+a", "-a", "@a", "\t=a", "  =a", "\ra", "＝a", "|a", "\na"]
)
def test_no_text_is_run_as_a_formula(
    make_report: Callable[..., Report], answered: Prediction, name: str
) -> None:
    found = rows(csv_report(make_report(replace(answered, name=name))))
    assert found[0]["name"] == f"'{name}"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_any_name_comes_back(
    make_report: Callable[..., Report], answered: Prediction, name: str
) -> None:
    found = rows(csv_report(make_report(replace(answered, name=name))))
    assert found[0]["name"] in (name, f"'{name}")
