import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.calibration import (
    MIN_SLOPE,
    Platt,
    cross_fit,
    cross_fit_with_threshold,
    ece,
    fit_platt,
    fit_temperature,
    patient_folds,
    sigmoid,
)
from plainfilm.evaluation.metrics import auroc

Array = NDArray[np.float64]


def films(n: int, slope: float = 1.0, intercept: float = 0.0, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, n)
    labels = (rng.random(n) < sigmoid(slope * scores + intercept)).astype(np.float64)
    return scores, labels


def test_platt_finds_the_curve_that_drew_the_labels() -> None:
    fitted = fit_platt(*films(20_000, slope=0.5, intercept=-1.5))
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert fitted.intercept == pytest.approx(-1.5, abs=0.05)


def test_no_other_curve_is_likelier_by_platts_targets() -> None:
    scores, labels = films(60, slope=0.8, seed=3)
    n_present, n_absent = int(labels.sum()), int((1 - labels).sum())
    targets = np.where(labels == 1, (n_present + 1) / (n_present + 2), 1 / (n_absent + 2))
    excess = fit_platt(scores, labels).apply(scores) - targets
    assert excess.sum() == pytest.approx(0, abs=1e-4)  # the slope of the log-likelihood, which
    assert (excess * scores).sum() == pytest.approx(0, abs=1e-4)  # has one summit, is level here


def test_a_separable_set_stays_finite() -> None:
    fitted = fit_platt(np.array([-1.0, -0.5, 0.5, 1.0]), np.array([0.0, 0, 1, 1]))
    assert np.isfinite([fitted.slope, fitted.intercept]).all()
    assert 0.5 < fitted.apply(np.array([1.0]))[0] < 1


@given(st.integers(0, 50))
def test_calibration_never_changes_the_order_of_films(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(0, 3, 30), np.tile([0.0, 1.0], 15)
    probability = fit_platt(scores, labels).apply(scores)
    assert auroc(probability, labels) == auroc(scores, labels)


def test_scores_that_rank_the_wrong_way_are_not_turned_round() -> None:
    scores, labels = films(500, slope=1.0)
    fitted = fit_platt(-scores, labels)
    assert fitted.slope == MIN_SLOPE
    assert fitted.apply(-scores).mean() == pytest.approx(labels.mean(), abs=0.01)


def test_probabilities_that_are_right_stay() -> None:
    scores, labels = films(20_000)
    change = fit_platt(scores, labels).apply(scores) - sigmoid(scores)
    assert np.abs(change).max() < 0.02


def test_temperature_finds_the_slope_and_leaves_auroc() -> None:
    scores, labels = films(20_000, slope=0.4)
    fitted = fit_temperature(scores, labels)
    assert fitted.slope == pytest.approx(0.4, abs=0.02)
    assert auroc(fitted.apply(scores), labels) == pytest.approx(auroc(scores, labels), abs=1e-12)


def test_one_temperature_serves_many_findings() -> None:
    scores, labels = films(4_000, slope=0.4)
    both = fit_temperature(scores.reshape(-1, 2), labels.reshape(-1, 2))
    assert both == fit_temperature(scores, labels)


def test_a_missing_class_cannot_be_calibrated() -> None:
    with pytest.raises(EvaluationError, match="0 present and 3 absent"):
        fit_platt(np.zeros(3), np.zeros(3))


def test_a_patients_films_stay_in_one_fold() -> None:
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 40, 200).astype(str)
    labels = (rng.random(200) < 0.2).astype(float)
    folds = patient_folds(labels, patients, 5, 0)
    assert all(np.unique(folds[patients == p]).size == 1 for p in patients)


def test_every_fold_has_both_classes() -> None:
    patients = np.array([str(i) for i in range(50)])
    labels = np.array([1.0] * 5 + [0.0] * 45)
    folds = patient_folds(labels, patients, 5, 3)
    assert np.bincount(folds).tolist() == [10] * 5
    assert np.bincount(folds[:5]).tolist() == [1] * 5


def test_too_few_patients_for_the_folds_are_refused() -> None:
    with pytest.raises(EvaluationError, match="1 patients of a class for 2 folds"):
        patient_folds(np.array([1.0, 1, 0, 0]), np.array(list("aabc")), 2, 0)


def test_a_film_does_not_know_its_own_label() -> None:
    scores, labels = films(100)
    patients = np.array([str(i) for i in range(100)])
    folds = patient_folds(labels, patients, 5, 0)
    inside = folds == folds[0]
    expected = fit_platt(scores[~inside], labels[~inside]).apply(scores[inside])
    assert cross_fit(scores, labels, patients, 5, 0)[inside] == pytest.approx(expected)


def test_cross_fitting_repairs_scores_off_their_scale() -> None:
    scores, labels = films(600, slope=0.3, intercept=1.0)
    patients = np.array([str(i // 2) for i in range(600)])
    fit = cross_fit_with_threshold(scores, labels, patients, "youden-plateau")
    assert ece(fit.probability, labels) < 0.08 < ece(sigmoid(scores), labels)
    assert np.unique(fit.threshold).size == 5


def test_platt_reads_float32_and_any_shape() -> None:
    values = Platt(2.0, 0.0).apply(np.zeros((2, 3), np.float32))
    assert values.dtype == np.float64
    assert (values == 0.5).all()


def test_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
