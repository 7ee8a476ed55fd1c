import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.calibration import (
    MIN_SLOPE,
    Platt,
    choose_threshold,
    cross_fit,
    cross_fit_with_threshold,
    ece,
    fit_choice_temperature,
    fit_platt,
    fit_temperature,
    patient_folds,
    sigmoid,
    softmax,
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


@given(st.integers(0, 30), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_scores_scale_does_not_matter(seed: int, stretch: float, shift: float) -> None:
    scores, labels = films(40, seed=seed)
    assume(0 < labels.sum() < 40)
    fitted = fit_platt(scores, labels)
    assume(fitted.slope > 0.2)
    moved = fit_platt(stretch * scores + shift, labels)
    np.testing.assert_allclose(
        moved.apply(stretch * scores + shift), fitted.apply(scores), atol=1e-4
    )


@given(st.integers(0, 30))
def test_present_and_absent_are_treated_alike(seed: int) -> None:
    scores, labels = films(40, intercept=0.7, seed=seed)
    assume(0 < labels.sum() < 40)
    turned = fit_platt(-scores, 1 - labels)
    np.testing.assert_allclose(
        turned.apply(-scores), 1 - fit_platt(scores, labels).apply(scores), atol=1e-4
    )


@given(st.integers(0, 30), st.integers(1, 20))
def test_unknown_films_change_no_fit(seed: int, n_unknown: int) -> None:
    scores, labels = films(40, seed=seed)
    assume(0 < labels.sum() < 40)
    more = np.append(scores, np.linspace(-9, 9, n_unknown))
    with_unknown = np.append(labels, np.full(n_unknown, np.nan))
    assert fit_platt(more, with_unknown) == fit_platt(scores, labels)
    assert fit_temperature(more, with_unknown) == fit_temperature(scores, labels)


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1e-9, 3e5]), st.sampled_from([0.0, 1.0])
        ),
        min_size=2,
        max_size=12,
    )
)
def test_whatever_the_scores_the_fit_is_finite_and_rises(rows: list[tuple[float, float]]) -> None:
    scores, labels = np.array(rows).T
    assume(0 < labels.sum() < labels.size)
    for fitted in (fit_platt(scores, labels), fit_temperature(scores, labels)):
        assert np.isfinite([fitted.slope, fitted.intercept]).all()
        assert fitted.slope >= MIN_SLOPE * (1 - 1e-9)
        probability = fitted.apply(np.sort(scores))
        assert (np.diff(probability) >= 0).all()
        assert 0 <= probability[0] <= probability[-1] <= 1


def test_the_mean_probability_is_the_smoothed_share() -> None:
    """What the likelihood's slope in the intercept says, in words a person can check."""
    scores, labels = films(200, slope=0.6, intercept=-1, seed=5)
    n_present = labels.sum()
    n_absent = 200 - n_present
    share = n_present * (n_present + 1) / (n_present + 2) + n_absent / (n_absent + 2)
    assert fit_platt(scores, labels).apply(scores).sum() == pytest.approx(share, abs=1e-4)


def test_the_fit_is_a_logistic_regression_on_the_smoothed_targets() -> None:
    scores, labels = films(300, slope=0.7, intercept=0.4, seed=11)
    n_present = labels.sum()
    target = np.where(labels == 1, (n_present + 1) / (n_present + 2), 1 / (302 - n_present))
    twice, weight = np.tile(scores, 2)[:, None], np.append(target, 1 - target)
    regression = LogisticRegression(C=np.inf, tol=1e-9)
    regression.fit(twice, np.repeat([1, 0], 300), sample_weight=weight)
    fitted = fit_platt(scores, labels)
    expected = regression.coef_[0, 0], regression.intercept_[0]
    assert (fitted.slope, fitted.intercept) == pytest.approx(expected, abs=1e-4)


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


def test_no_other_temperature_is_likelier() -> None:
    scores, labels = films(300, slope=0.4, seed=2)
    best = fit_temperature(scores, labels)

    def loss(slope: float) -> float:
        chance = Platt(slope, 0.0).apply(scores)
        return -float(np.log(np.where(labels == 1, chance, 1 - chance)).sum())

    for other in (0.5 * best.slope, 0.99 * best.slope, 1.01 * best.slope, 2 * best.slope):
        assert loss(best.slope) < loss(other)
    assert best.intercept == 0


@given(st.floats(0.2, 5))
def test_a_temperature_follows_the_scores_scale(stretch: float) -> None:
    scores, labels = films(300, slope=0.4, seed=2)
    slope = fit_temperature(scores, labels).slope
    assert fit_temperature(stretch * scores, labels).slope == pytest.approx(slope / stretch)


def test_scores_that_rank_the_wrong_way_keep_the_least_slope() -> None:
    scores, labels = films(300)
    assert fit_temperature(-scores, labels).slope == pytest.approx(MIN_SLOPE)
    with pytest.raises(EvaluationError, match="3 present and 0 absent"):
        fit_temperature(scores[:3], np.ones(3))


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


@given(
    st.lists(st.tuples(st.integers(0, 15).map(str), st.booleans()), min_size=1, max_size=60),
    st.integers(2, 5),
    st.integers(0, 9),
)
def test_folds_part_patients_of_either_class_evenly(
    rows: list[tuple[str, bool]], k: int, seed: int
) -> None:
    patients = np.array([patient for patient, _ in rows])
    labels = np.array([float(ill) for _, ill in rows])
    sick = set(patients[labels == 1])
    healthy = set(patients) - sick
    if min(len(sick), len(healthy)) < k:
        with pytest.raises(EvaluationError, match=rf"for {k} folds"):
            patient_folds(labels, patients, k, seed)
        return
    fold_of = dict(zip(patients.tolist(), patient_folds(labels, patients, k, seed), strict=True))
    for group in (sick, healthy, set(patients)):
        sizes = np.bincount([fold_of[patient] for patient in group], minlength=k)
        assert sizes.max() - sizes.min() <= 1


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


def test_each_film_s_threshold_comes_from_the_other_folds() -> None:
    scores, labels = films(120, seed=4)
    patients = np.array([str(i // 2) for i in range(120)])
    folds = patient_folds(labels, patients, 3, 1)
    fit = cross_fit_with_threshold(scores, labels, patients, "sensitivity-0.9", 3, 1)
    for fold in range(3):
        inside = folds == fold
        platt = fit_platt(scores[~inside], labels[~inside])
        chosen = choose_threshold(platt.apply(scores[~inside]), labels[~inside], "sensitivity-0.9")
        assert (fit.threshold[inside] == chosen).all()
        assert (fit.probability[inside] == platt.apply(scores[inside])).all()


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


def choices(seed: int, n: int = 4000, stretch: float = 2.0) -> tuple[Array, Array]:
    """Scores that are `stretch` times too large, and the one finding each film shows."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, 3))
    drawn = (rng.random((n, 1)) > softmax(logits).cumsum(axis=1)).sum(axis=1).clip(max=2)
    return stretch * logits, np.eye(3)[drawn]


def test_the_temperature_of_a_choice_finds_the_scale_that_drew_the_labels() -> None:
    scores, labels = choices(0)
    fitted = fit_choice_temperature(scores, labels)
    assert fitted.slope == pytest.approx(0.5, rel=0.06)
    assert fitted.intercept == 0


def test_no_other_temperature_of_a_choice_is_likelier() -> None:
    scores, labels = choices(1, n=200)
    best = fit_choice_temperature(scores, labels).slope

    def loss(slope: float) -> float:
        return -float(np.log(softmax(slope * scores))[labels == 1].sum())

    assert loss(best) <= min(loss(0.98 * best), loss(1.02 * best))


def test_unknown_films_change_no_temperature_of_a_choice() -> None:
    scores, labels = choices(2, n=100)
    more = np.vstack([labels, np.full((5, 3), np.nan)])
    fitted = fit_choice_temperature(np.vstack([scores, np.full((5, 3), 9.0)]), more)
    assert fitted == fit_choice_temperature(scores, labels)


@pytest.mark.parametrize("row", [[0, 0, 0], [1, 1, 0]])
def test_a_film_with_none_or_several_of_a_choice_is_refused(row: list[int]) -> None:
    scores, labels = choices(3, n=20)
    labels[7] = row
    with pytest.raises(EvaluationError, match="expected exactly one"):
        fit_choice_temperature(scores, labels)


def test_films_that_all_show_the_same_cannot_calibrate_a_choice() -> None:
    scores, _ = choices(4, n=20)
    for labels in (np.eye(3)[[1] * 20], np.full((20, 3), np.nan)):
        with pytest.raises(EvaluationError, match="all show the same"):
            fit_choice_temperature(scores, labels)


def test_softmax_adds_up_to_1_without_overflow() -> None:
    shares = softmax(np.array([[1000.0, 999.0], [-1000.0, -1000.0]]))
    assert shares[1].tolist() == [0.5, 0.5]
    assert shares[0] == pytest.approx([1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))])
