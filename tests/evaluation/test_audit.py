from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantoms import phantom
from plainfilm.evaluation.audit import (
    AUDITS,
    audit_film,
    audit_numbers,
    invert,
    keep_centre,
    keep_frame,
    mirror,
    paste_marker,
)
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.metrics import auroc
from plainfilm.reading.engine import Engine
from tiny_bundle import tiny_bundle


@given(st.integers(16, 90), st.integers(16, 90))
def test_every_altered_film_is_still_a_film(height: int, width: int) -> None:
    pixels = phantom(size=(height, width))
    before = pixels.copy()
    for alter in AUDITS.values():
        altered = alter(pixels)
        assert altered.shape == pixels.shape
        assert altered.dtype == np.float32
        assert 0 <= altered.min() <= altered.max() <= 1
    np.testing.assert_array_equal(pixels, before)


def test_a_marker_whitens_little_and_only_the_upper_right() -> None:
    pixels = np.zeros((100, 200), np.float32)
    rows, columns = np.nonzero(paste_marker(pixels))
    assert 20 <= rows.size <= 60
    assert rows.max() < 20
    assert columns.min() > 180


def test_frame_and_centre_together_are_the_film() -> None:
    pixels = phantom(size=(50, 70))
    frame, centre = keep_frame(pixels), keep_centre(pixels)
    inside = np.zeros_like(pixels, dtype=bool)
    inside[6:44, 8:62] = True
    np.testing.assert_array_equal(np.where(inside, centre, frame), pixels)
    assert (frame[inside] == 0.5).all()
    assert (centre[~inside] == 0.5).all()


def test_mirrored_or_inverted_twice_is_the_film() -> None:
    pixels = phantom(size=(40, 30))
    np.testing.assert_array_equal(mirror(mirror(pixels)), pixels)
    np.testing.assert_allclose(invert(invert(pixels)), pixels, atol=1e-6)


@given(st.integers(20, 90), st.integers(20, 90))
def test_a_marker_is_a_letter_l_of_its_size_at_its_place(height: int, width: int) -> None:
    white = paste_marker(np.zeros((height, width), np.float32)) == 1
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    letter = white[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert letter.shape[0] == max(5, round(0.1 * min(height, width)))
    assert letter[:, 0].all()
    assert letter[-1].all()
    assert not letter[:-2, -1].any()
    assert rows[0] == round(0.04 * height)
    assert columns[-1] == width - round(0.04 * width) - 1


@given(st.integers(8, 90), st.integers(8, 90))
def test_frame_and_centre_never_show_the_same_pixel(height: int, width: int) -> None:
    one, other = np.zeros((height, width), np.float32), np.ones((height, width), np.float32)
    for alter, reverse in ((keep_frame, keep_centre), (keep_centre, keep_frame)):
        kept = alter(one) != alter(other)
        assert not (kept & (reverse(one) != reverse(other))).any()
        assert (alter(one)[~kept] == 0.5).all()


def test_an_audit_s_auroc_is_that_of_its_scores(make_table: Any) -> None:
    table = make_table(n=60)
    rng = np.random.default_rng(3)
    answers = {name: rng.normal(table.labels, 2) for name in AUDITS}
    draws = draw_patients(table.patient, 20, 0)
    numbers: Any = audit_numbers(replace(table, audits=answers), draws)
    for column, finding in enumerate(("pneumonia", "mass")):
        for name in ("frame", "centre", "mirrored", "inverted"):
            found = numbers[finding][f"{name}_auroc"]
            assert found.value == auroc(answers[name][:, column], table.labels[:, column])
            assert found.low < found.value < found.high


def test_a_film_of_which_nothing_is_known_is_not_healthy(make_table: Any) -> None:
    table = make_table(n=4)
    table.labels[:] = [[np.nan, np.nan], [0, np.nan], [0, 0], [1, np.nan]]
    table = replace(table, audits={"marker": table.probabilities + 0.25})
    numbers: Any = audit_numbers(table, draw_patients(table.patient, 5, 0))
    assert numbers["mass"]["marker"]["n_films"] == 2


def test_each_audit_gets_the_bundles_answer_to_the_altered_film() -> None:
    engine, pixels = Engine(tiny_bundle(3), threads=1), phantom(size=(48, 40))
    answers = audit_film(engine, pixels)
    assert list(answers) == list(AUDITS)
    marked = engine.run(paste_marker(pixels)[None, None]).probability[0]
    mirrored = engine.run(mirror(pixels)[None, None]).score[0]
    assert answers["marker"] == pytest.approx(marked)
    assert answers["mirrored"] == pytest.approx(mirrored)


def test_the_marker_counts_healthy_films_only(make_table: Any) -> None:
    table = make_table(n=4)
    table.labels[:] = [[0, 0], [0, 1], [0, 0], [1, 0]]
    change = np.array([[0.1, 0], [0.5, 0], [-0.3, 0], [0.7, 0]])
    table = replace(table, audits={"marker": table.probabilities + change})
    numbers: Any = audit_numbers(table, draw_patients(table.patient, 5, 0))
    marker = numbers["pneumonia"]["marker"]
    assert marker["n_films"] == 2
    moved = marker["mean_absolute_change"]
    assert moved.value == pytest.approx(0.2)
    assert 0.1 <= moved.low <= moved.high <= 0.3 + 1e-9
    assert marker["largest_change"] == pytest.approx(0.3)
    assert marker["mean_change"].value == pytest.approx(-0.1)


def test_a_refused_film_is_not_audited(make_table: Any) -> None:
    table = make_table(n=40)
    frame = table.labels.copy()  # the frame alone gives it away
    frame[:3] = np.nan
    table = replace(table, audits={"frame": frame, "marker": np.full((40, 2), np.nan)})
    numbers: Any = audit_numbers(table, draw_patients(table.patient, 5, 0))
    assert numbers["mass"]["frame_auroc"].value == 1.0
    assert numbers["mass"]["marker"] == {"n_films": 0}


def test_no_audit_no_numbers(make_table: Any) -> None:
    table = make_table(n=4)
    assert audit_numbers(table, draw_patients(table.patient, 5, 0)) == {}
