import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.f1 import findings_f1, two_class_f1
from plainfilm.evaluation.metrics import Confusion

# The validation films of the first of those works, as its authors called them.
PAPER = Confusion(true_present=629, false_present=2856, true_absent=6439, false_absent=427)

CELLS = st.tuples(st.sampled_from([0.0, 1.0, math.nan]), st.booleans())
FILMS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8)


def one_patient_each(n: int, draws: int = 1):  # type: ignore[no-untyped-def]
    return draw_patients(np.array([str(i) for i in range(n)]), draws, 0)


def test_s0_53_the_variants_of_the_published_confusion() -> None:
    """S0-53: binary, micro, macro, weighted and per class, unweighted."""
    found = two_class_f1(PAPER)
    expected = (0.2770314909, 0.6828325766, 0.5369440605, 0.7438245224)
    variants = (found.binary, found.micro, found.macro, found.weighted)
    assert variants == pytest.approx(expected, abs=1e-10)
    assert found.per_class == pytest.approx((0.7968566310, 0.2770314909), abs=1e-9)


def test_s0_53_samples_by_hand_and_not_for_a_single_label() -> None:
    """S0-53: 2/3 for two films; one finding has no samples F1."""
    labels = np.array([[1.0, 0, 1], [0, 1, 0]])
    called = np.array([[1, 0, 0], [0, 1, 1]], bool)
    assert findings_f1(labels, called, one_patient_each(2)).samples.value == pytest.approx(2 / 3)
    with pytest.raises(EvaluationError, match="two or more; use two_class_f1"):
        findings_f1(labels[:, :1], called[:, :1], one_patient_each(2))


def test_s0_54_class_weights_as_film_weights() -> None:
    """S0-54: exact balanced weights, and the pair as it was printed, rounded to half precision."""
    n_absent, n_present = 9295, 1056
    exact = (10351 / (2 * n_absent), 10351 / (2 * n_present))
    found = two_class_f1(PAPER, exact)
    assert found.macro == pytest.approx(found.weighted, abs=1e-12)
    assert found.macro == pytest.approx(0.6433504280, abs=1e-10)
    assert found.micro == pytest.approx(0.6441909853, abs=1e-10)
    assert found.binary == pytest.approx(0.6260361449, abs=1e-10)
    printed = tuple(float(np.float16(w)) for w in (0.5566, 4.902))
    found = two_class_f1(PAPER, (printed[0], printed[1]))
    variants = (found.macro, found.micro, found.weighted, found.binary)
    expected = (0.6433430466, 0.6441773820, 0.6433382129, 0.6260927843)
    assert variants == pytest.approx(expected, abs=1e-10)


def test_s0_55_paper_f1_bug() -> None:
    """S0-55: the published F1, to the last digit, come of present films that weighed 1, not 4.9."""
    found = two_class_f1(PAPER, (0.556640625, 1.0))
    assert found.macro == pytest.approx(0.5822911828419564, abs=1e-15)
    assert found.micro == pytest.approx(0.6762802817903739, abs=1e-15)
    assert found.weighted == pytest.approx(0.7132615220206845, abs=1e-15)
    assert found.binary == pytest.approx(0.384149629028795, abs=1e-15)
    assert found.per_class == pytest.approx((0.7804327367, 0.3841496290), abs=1e-10)


@given(FILMS)
def test_averages_equal_counting_film_by_film(films: list[list[tuple[float, bool]]]) -> None:
    """S0-53."""
    labels = np.array([[label for label, _ in film] for film in films])
    called = np.array([[call for _, call in film] for film in films])
    found = findings_f1(labels, called, one_patient_each(len(films)))
    pairs = [[(y, c) for y, c in film if not math.isnan(y)] for film in films]
    assert found.micro.value == pytest.approx(slow_f1([p for film in pairs for p in film]))
    columns = [[(y, c) for y, c in column if not math.isnan(y)]
               for column in zip(*films, strict=True)]  # fmt: skip
    of_finding = [slow_f1(column) for column in columns]
    assert found.macro.value == pytest.approx(np.mean(of_finding))
    there = [sum(y for y, _ in column) for column in columns]
    if sum(there):
        expected = sum(f * n for f, n in zip(of_finding, there, strict=True)) / sum(there)
        assert found.weighted.value == pytest.approx(expected)
    known = [film for film in pairs if film]
    if known:
        assert found.samples.value == pytest.approx(np.mean([slow_f1(film) for film in known]))


def slow_f1(pairs: list[tuple[float, bool]]) -> float:
    right = sum(1 for y, c in pairs if y and c)
    wrong = sum(1 for y, c in pairs if bool(y) != c)
    return 2 * right / (2 * right + wrong) if right + wrong else 0.0


def test_averages_equal_scikit_learn_s() -> None:
    rng = np.random.default_rng(1)
    labels = (rng.random((60, 4)) < 0.3).astype(float)
    called = rng.random((60, 4)) < 0.4
    found = findings_f1(labels, called, one_patient_each(60))
    for name in ("micro", "macro", "weighted", "samples"):
        expected = sklearn.metrics.f1_score(labels, called, average=name, zero_division=0)
        assert getattr(found, name).value == pytest.approx(expected)


def test_a_draw_equals_repeating_its_films() -> None:
    rng = np.random.default_rng(2)
    labels = (rng.random((40, 3)) < 0.4).astype(float)
    called = rng.random((40, 3)) < 0.5
    draws = draw_patients(np.array([str(i // 2) for i in range(40)]), 1, 7)
    rows = np.repeat(np.arange(40), draws.counts[0][draws.patient_of].astype(int))
    again = findings_f1(labels[rows], called[rows], one_patient_each(rows.size))
    found = findings_f1(labels, called, draws)
    for name in ("micro", "macro", "weighted", "samples"):
        assert getattr(found, name).low == pytest.approx(getattr(again, name).value)
