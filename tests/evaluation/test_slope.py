import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from plainfilm.evaluation.bootstrap import draw_patients
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.slope import calibration_line, fit_intercept, fit_line, logit

RNG = np.random.default_rng(3)
X = RNG.normal(-1, 1.5, 1200)
Y = (RNG.random(1200) < sigmoid(X)).astype(float)
PATIENTS = np.array([str(i // 2) for i in range(1200)])


def test_the_line_is_logistic_regression_s() -> None:
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(X[:, None], Y)
    assert fit_line(X, Y) == pytest.approx((fitted.coef_[0, 0], fitted.intercept_[0]), abs=1e-5)


def test_right_probabilities_have_slope_1_and_intercept_0() -> None:
    line = calibration_line(draw_patients(PATIENTS, 400, 0), sigmoid(X), Y)
    assert line.slope.low < 1 < line.slope.high
    assert line.intercept.low < 0 < line.intercept.high


def test_too_extreme_is_a_slope_of_a_half_and_too_high_an_intercept_below_0() -> None:
    draws = draw_patients(PATIENTS, 5, 0)
    right = calibration_line(draws, sigmoid(X), Y)
    steep = calibration_line(draws, sigmoid(2 * X), Y)
    high = calibration_line(draws, sigmoid(X + 1), Y)
    assert steep.slope.value == pytest.approx(right.slope.value / 2, rel=1e-6)
    assert high.intercept.value == pytest.approx(right.intercept.value - 1, abs=1e-6)


def test_one_step_ends_where_fitting_each_draw_anew_does() -> None:
    draws = draw_patients(PATIENTS, 200, 1)
    line = calibration_line(draws, sigmoid(X), Y)
    slopes, shifts = [], []
    for row in draws.counts:
        films = np.repeat(np.arange(1200), row[draws.patient_of].astype(int))
        fitted = fit_line(X[films], Y[films])
        assert fitted is not None
        slopes.append(fitted[0])
        shifts.append(fit_intercept(X[films], Y[films]))
    for found, slow in ((line.slope, slopes), (line.intercept, shifts)):
        low, high = np.quantile(slow, [0.025, 0.975])
        assert (found.low, found.high) == pytest.approx((low, high), abs=(high - low) / 10)


def test_unknown_labels_count_nowhere_and_a_missing_class_has_no_line() -> None:
    draws = draw_patients(PATIENTS, 5, 0)
    labels = np.where(np.arange(1200) < 600, Y, np.nan)
    half = calibration_line(draws, sigmoid(X), labels)
    fitted = fit_line(X[:600], Y[:600])
    assert fitted is not None
    assert half.slope.value == pytest.approx(fitted[0], abs=1e-6)
    assert math.isnan(calibration_line(draws, sigmoid(X), np.zeros(1200)).slope.value)


def test_separated_films_have_an_intercept_but_no_slope() -> None:
    labels = (X > 0).astype(float)
    line = calibration_line(draw_patients(PATIENTS, 5, 0), sigmoid(X), labels)
    assert math.isnan(line.slope.value)
    assert math.isfinite(line.intercept.value)


def test_certain_probabilities_have_a_finite_logit() -> None:
    assert logit(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx(
        [-16.118, 0, 16.118], abs=1e-3
    )
