import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drawn_tables import draw_table
from plainfilm.evaluation.answers import answers_of
from plainfilm.evaluation.breakdown import NOT_KNOWN
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.metrics import auroc, confusion_at
from plainfilm.evaluation.studies import by_study
from plainfilm.evaluation.table import Predictions

PARTS = ("elbow", "finger", "hand")


def drawn(n: int = 240, **details: Any) -> Predictions:
    """Two films per patient, in one study each; three body parts, a patient's alike."""
    table = draw_table(n)
    own = {
        "study": np.full(n, "study1"),
        "body_part": np.array([PARTS[i // 2 % 3] for i in range(n)]),
    }
    labels = table.labels.copy()
    labels[1::2] = labels[::2]  # a study's films have the study's label
    return replace(table, labels=labels, details={**table.details, **own, **details})


def test_s3_16_films_and_studies_are_both_counted() -> None:
    """S3-16: accuracy and the four counts, per film and per study."""
    table = drawn()
    numbers: Any = measure(table, 50)
    studies = by_study(answers_of(table, 0))
    assert studies is not None
    for measured, of, n in ((numbers, table, 240), (numbers["studies"], studies.table, 120)):
        row = measured["findings"]["mass"]
        counts = confusion_at(of.probabilities[:, 1], of.labels[:, 1], 0.4)
        assert row["confusion"] == vars(counts)
        assert sum(row["confusion"].values()) == n
        assert row["accuracy"][0] == pytest.approx(counts.accuracy)
        assert row["accuracy"][1] < row["accuracy"][0] < row["accuracy"][2]
    assert numbers["studies"]["n_studies"] == numbers["studies"]["findings"]["mass"]["n_studies"]
    assert "n_films" not in numbers["studies"]["findings"]["mass"]


def test_two_films_of_a_study_tell_more_than_one() -> None:
    numbers: Any = measure(drawn(), 50)
    one, two = (where["mean"]["auroc"][0] for where in (numbers, numbers["studies"]))
    assert two > one


def test_where_every_study_is_one_film_nothing_is_said_twice() -> None:
    numbers = measure(draw_table(), 20)
    assert numbers["studies"] == {}
    assert numbers["body_parts"] == {}


def test_s3_26_each_body_part_has_its_accuracy_and_kappa_by_films() -> None:
    """S3-26: per part, with intervals over that part's patients."""
    table = drawn()
    parts: Any = measure(table, 50)["body_parts"]
    assert list(parts) == list(PARTS)
    for name in PARTS:
        row, films = parts[name]["findings"]["mass"], table.rows(table.details["body_part"] == name)
        counts = confusion_at(films.probabilities[:, 1], films.labels[:, 1], 0.4)
        assert row["kappa"][0] == pytest.approx(counts.kappa)
        assert row["accuracy"][0] == pytest.approx(counts.accuracy)
        assert row["auroc"][0] == auroc(films.scores[:, 1], films.labels[:, 1])
        assert row["kappa"][1] < row["kappa"][0] < row["kappa"][2]
        assert (row["n_films"], parts[name]["n_patients"]) == (80, 40)


def test_s3_27_each_body_part_has_its_accuracy_and_kappa_by_studies() -> None:
    """S3-27: per part, of studies; all parts together are the whole."""
    table = drawn()
    numbers: Any = measure(table, 50)
    parts = [part["studies"] for part in numbers["body_parts"].values()]
    assert [part["n_studies"] for part in parts] == [40, 40, 40]
    counts = [list(part["findings"]["mass"]["confusion"].values()) for part in parts]
    whole = numbers["studies"]["findings"]["mass"]
    assert np.sum(counts, axis=0).tolist() == list(whole["confusion"].values())
    studies = by_study(answers_of(table.rows(table.details["body_part"] == "hand"), 0))
    assert studies is not None
    counted = confusion_at(studies.table.probabilities[:, 1], studies.table.labels[:, 1], 0.4)
    assert parts[2]["findings"]["mass"]["kappa"][0] == pytest.approx(counted.kappa)


def test_films_of_no_known_part_are_a_part_of_their_own() -> None:
    parts = np.array(["", "", "elbow", "elbow"] * 60)
    numbers: Any = measure(drawn(body_part=parts), 20)
    assert {name: part["n_films"] for name, part in numbers["body_parts"].items()} == {
        NOT_KNOWN: 120, "elbow": 120,
    }  # fmt: skip


def test_a_part_of_refused_films_is_counted_and_measures_nothing() -> None:
    table = drawn()
    refused = np.where(table.details["body_part"] == "hand", "outside", "")
    numbers: Any = measure(replace(table, refused=refused), 20)
    hand = numbers["body_parts"]["hand"]
    assert (hand["n_films"], hand["n_refused"], hand["mean"]) == (80, 80, {"n_findings": 0})
    assert hand["studies"]["n_refused"] == 40
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_a_part_is_measured_by_the_fits_of_all_films() -> None:
    """Parts are too small to fit on; the bundle has one calibrator for all of them."""
    table = drawn()
    table = replace(table, about=replace(table.about, refit_rule="half"))
    fit = answers_of(table, 3).fits[1]
    assert fit is not None
    hand = table.details["body_part"] == "hand"
    counts = confusion_at(fit.probability[hand], table.labels[hand, 1], 0.5)
    numbers: Any = measure(table, 20, 3)
    assert numbers["body_parts"]["hand"]["findings"]["mass"]["confusion"] == vars(counts)
