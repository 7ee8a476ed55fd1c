from dataclasses import replace
from typing import Any

import numpy as np

from plainfilm.evaluation.answers import answers_of


def test_a_refused_film_keeps_its_label_and_counts_nowhere(make_table: Any) -> None:
    table = make_table(n=10)
    table.labels[:4, 1] = 1
    refused = np.where(np.arange(10) < 3, "too dark", "")
    answers = answers_of(replace(table, refused=refused), 0)
    assert np.isnan(answers.labels[:3]).all()
    np.testing.assert_array_equal(answers.labels[3:], table.labels[3:])
    np.testing.assert_array_equal(answers.table.labels, table.labels)
    assert answers.present_refused[1] == 3


def test_shipped_answers_are_the_bundle_s_own(make_table: Any) -> None:
    table = make_table()
    fit = answers_of(table, 0).fits[1]
    assert fit is not None
    np.testing.assert_array_equal(fit.probability, table.probabilities[:, 1])
    assert set(fit.threshold) == {0.4}


def test_fits_on_these_films_are_replaced_by_fits_on_other_patients(make_table: Any) -> None:
    fit = answers_of(make_table(n=300, refit_rule="youden"), 0).fits[1]
    assert fit is not None
    assert 1 < np.unique(fit.threshold).size <= 5


def test_some_rows_keep_their_own_answers(make_table: Any) -> None:
    table = make_table(n=12)
    table = replace(table, audits={"frame": table.scores}, published=table.probabilities)
    whole = answers_of(table, 0)
    rows = np.array([7, 2])
    some = whole.rows(rows)
    assert some.table.name.tolist() == ["film-7.png", "film-2.png"]
    np.testing.assert_array_equal(some.labels, whole.labels[rows])
    np.testing.assert_array_equal(some.table.audits["frame"], table.scores[rows])
    for fit, of_all in zip(some.fits, whole.fits, strict=True):
        assert fit is not None
        assert of_all is not None
        np.testing.assert_array_equal(fit.probability, of_all.probability[rows])


def test_a_finding_nobody_could_fit_has_no_answer_in_any_rows(make_table: Any) -> None:
    table = make_table(refit_rule="half")
    table.labels[:, 1] = 0
    answers = answers_of(table, 0)
    assert answers.fits[1] is None
    assert answers.rows(np.arange(5)).fits[1] is None
