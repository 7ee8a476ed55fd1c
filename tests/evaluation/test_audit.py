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
    assert marker["mean_absolute_change"] == pytest.approx(0.2)
    assert marker["largest_change"] == pytest.approx(0.3)
    assert marker["mean_change"] == pytest.approx(-0.1)


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
