import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drawn_tables import draw_table
from plainfilm.evaluation.answers import Answers, answers_of
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.studies import by_study, n_mixed, study_label
from plainfilm.evaluation.table import Predictions
from plainfilm.findings import BundleId, Finding, FindingResult, Prediction
from plainfilm.reading.study import combine, mean_choice


def in_studies(table: Predictions, *studies: str) -> Predictions:
    """The table with its films in these studies of one patient each."""
    details = {**table.details, "study": np.array(studies)}
    return replace(table, details=details, patient=np.array([f"of {s}" for s in studies]))


def studies_of(table: Predictions) -> Answers:
    studies = by_study(answers_of(table, 0))
    assert studies is not None
    return studies


def read_as_a_study(table: Predictions, rows: list[int]) -> Prediction:
    """What `plainfilm read` would say of these films together."""
    films = []
    for row in rows:
        results = tuple(
            FindingResult(
                Finding(name, name),
                float(table.probabilities[row, k]),
                float(table.scores[row, k]),
                table.about.thresholds[k],
            )
            for k, name in enumerate(table.about.findings)
        )
        refused = str(table.refused[row]) or None
        found = () if refused else results
        films.append(Prediction("f", BundleId("b", "1", ""), not refused, found, None, (), refused))
    return combine("s", films)


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=8), st.integers(0, 99))
def test_a_study_is_answered_as_the_reader_answers_it(names: list[str], seed: int) -> None:
    """Whatever the films, and some of them refused: one rule for both."""
    table = in_studies(draw_table(len(names), seed), *names)
    refused = np.random.default_rng(seed).random(len(names)) < 0.2
    table = replace(table, refused=np.where(refused, "too dark", ""))
    studies = by_study(answers_of(table, 0))
    if studies is None:
        assert len(set(names)) == len(names)
        return
    assert studies.table.details["study"].tolist() == list(dict.fromkeys(names))
    for number, name in enumerate(dict.fromkeys(names)):
        said = read_as_a_study(table, [row for row, other in enumerate(names) if other == name])
        assert bool(studies.table.refused[number]) == (said.refused is not None)
        if said.refused is None:
            for k, result in enumerate(said.results):
                assert studies.table.scores[number, k] == pytest.approx(result.score, rel=1e-12)
                fit = studies.fits[k]
                assert fit is not None
                assert fit.probability[number] == pytest.approx(result.probability, rel=1e-12)
                assert studies.table.probabilities[number, k] == pytest.approx(result.probability)
                assert (fit.probability[number] >= fit.threshold[number]) == result.present


def test_s3_15_a_study_at_a_half_is_positive() -> None:
    """S3-15: films of .4 and .6 make a study of .5, which counts as present."""
    table = in_studies(draw_table(2), "a", "a")
    fit = studies_of(replace(table, probabilities=np.array([[0.4, 0.1], [0.6, 0.1]]))).fits[0]
    assert fit is not None
    assert fit.probability.tolist() == [0.5]
    assert (fit.probability >= fit.threshold).tolist() == [True]


LABELS = arrays(np.float64, (3, 2), elements=st.sampled_from([0.0, 1.0, math.nan]))


@given(LABELS)
def test_a_study_shows_what_any_of_its_films_shows(labels: Floats) -> None:
    for films, label in zip(labels.T, study_label(labels), strict=True):
        if (films == 1).any():
            assert label == 1
        else:
            assert np.isnan(label) == np.isnan(films).any()
            assert np.isnan(label) or label == 0


def test_a_refused_film_leaves_the_study_its_label_and_its_other_films() -> None:
    table = in_studies(draw_table(3), "a", "a", "b")
    table.labels[:, 0] = (1, 0, 0)
    studies = studies_of(replace(table, refused=np.array(["too dark", "", ""])))
    assert studies.labels[:, 0].tolist() == [1, 0]
    np.testing.assert_array_equal(studies.table.scores[0], table.scores[1])


def test_a_study_without_an_answered_film_is_refused_and_counts_nowhere() -> None:
    table = in_studies(draw_table(4), "a", "a", "b", "b")
    table.labels[:2, 1] = 1
    studies = studies_of(replace(table, refused=np.array(["too dark", "no film", "", "dark"])))
    assert studies.table.refused.tolist() == ["no film; too dark", ""]
    assert np.isnan(studies.labels[0]).all()
    assert studies.present_refused[1] == 1


def test_one_film_per_study_is_no_study_level() -> None:
    assert by_study(answers_of(draw_table(6), 0)) is None


def test_a_film_of_no_known_study_is_alone_and_studies_are_a_patient_s_own() -> None:
    table = draw_table(6)  # two films a patient
    nowhere = replace(table, details={**table.details, "study": np.full(6, "")})
    assert by_study(answers_of(nowhere, 0)) is None
    one_name = replace(table, details={**table.details, "study": np.full(6, "study1")})
    assert studies_of(one_name).table.patient.tolist() == ["p0", "p1", "p2"]


def test_what_the_films_of_a_study_share_is_the_study_s() -> None:
    table = in_studies(draw_table(4), "a", "a", "b", "b")
    details = {**table.details, "body_part": np.array(["elbow", "elbow", "hand", "wrist"])}
    parts = studies_of(replace(table, details=details)).table.details["body_part"]
    assert parts.tolist() == ["elbow", ""]


def test_the_order_of_the_films_changes_no_study() -> None:
    table = in_studies(draw_table(9), *"abcabcbbc")
    turned = table.rows(np.arange(9)[::-1])
    ours, theirs = (studies_of(each).table for each in (table, turned))
    order = np.argsort(theirs.details["study"])
    for field in fields(ours):
        was, now = getattr(ours, field.name), getattr(theirs, field.name)
        if isinstance(was, np.ndarray) and field.name not in ("name", "patient"):
            if was.dtype.kind == "f":
                np.testing.assert_allclose(now[order], was)
            else:
                np.testing.assert_array_equal(now[order], was)


def test_refitted_studies_are_judged_by_fits_of_other_patients() -> None:
    table = draw_table(300, refit_rule="youden")
    table = replace(table, details={**table.details, "study": np.full(300, "one")})
    table.labels[4, 1] = math.nan  # which leaves film 5 of the same patient to judge by
    films, studies = answers_of(table, 0), studies_of(table)
    of_films, of_studies = films.fits[1], studies.fits[1]
    assert of_films is not None
    assert of_studies is not None
    assert of_studies.probability[2] == of_films.probability[5]
    assert of_studies.threshold[0] == of_films.threshold[0] == of_films.threshold[1]
    assert np.isfinite(of_studies.probability[~np.isnan(studies.labels[:, 1])]).all()


def test_studies_whose_films_differ_are_counted() -> None:
    table = in_studies(draw_table(6), *"aabbcc")
    table.labels[:, 0] = (1, 0, 1, 1, 0, math.nan)
    table.labels[:, 1] = 0
    assert n_mixed(answers_of(table, 0)) == 1


def test_a_study_is_as_familiar_as_its_least_familiar_film() -> None:
    table = in_studies(draw_table(4), *"aabb")
    table = replace(table, familiarity=np.array([0.4, 0.2, math.nan, math.nan]))
    assert studies_of(table).table.familiarity.tolist() == pytest.approx(
        [0.2, math.nan], nan_ok=True
    )


def test_findings_that_exclude_each_other_still_add_up_to_1_in_a_study() -> None:
    """As the reader combines them, not each finding by itself."""
    table = in_studies(draw_table(4, exclusive=True), *"aabb")
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]])
    studies = studies_of(replace(table, probabilities=shares))
    assert studies.table.probabilities.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert studies.table.probabilities[0].tolist() == mean_choice(shares[:2].tolist())
    fits = [fit.probability for fit in studies.fits if fit is not None]
    np.testing.assert_array_equal(np.stack(fits, axis=1), studies.table.probabilities)


def test_figures_of_a_study_carry_no_audit_of_a_film() -> None:
    table: Any = in_studies(draw_table(2), "a", "a")
    studies = studies_of(replace(table, audits={"frame": table.scores})).table
    assert (studies.audits, studies.published) == ({}, None)
