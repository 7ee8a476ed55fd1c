from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

pytest.importorskip("torch")

from plainfilm.adapting.fitting import FOLDS, Fitted, deal_patients, each_fold, fit, fit_across
from plainfilm.errors import EvaluationError
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.training.calibrate import Seen

NAMES = ("mass", "nodule")


def seen(n_films: int = 300, seed: int = 0) -> tuple[Seen, NDArray[np.str_]]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_films, 2))
    labels = (rng.random((n_films, 2)) < sigmoid(2 * scores - 1)).astype(np.float32)
    patients = np.array([f"p{n // 3}" for n in range(n_films)])
    return Seen(scores, np.full(n_films, np.nan), labels, 0.0), patients


@given(st.integers(5, 40), st.integers(1, 4), st.integers(0, 99))
def test_a_patient_is_in_one_fold_and_folds_are_of_one_size(
    n_patients: int, films_each: int, seed: int
) -> None:
    labels = np.random.default_rng(seed).integers(0, 2, (n_patients * films_each, 2)).astype("f4")
    patients = np.array([f"p{n % n_patients}" for n in range(len(labels))])
    folds = deal_patients(labels, patients, seed)
    pairs = set(zip(patients.tolist(), folds.tolist(), strict=True))
    assert len(pairs) == n_patients
    sizes = np.bincount([fold for _, fold in pairs], minlength=FOLDS)
    assert sizes.max() - sizes.min() <= 1


def test_a_rare_finding_is_spread_over_the_folds() -> None:
    labels = np.zeros((200, 2), np.float32)
    labels[:100, 0], labels[:10, 1] = 1, 1
    folds = deal_patients(labels, np.array([f"p{n}" for n in range(200)]))
    assert np.bincount(folds[labels[:, 1] == 1], minlength=FOLDS).tolist() == [2] * FOLDS


def test_no_film_is_judged_by_a_fit_that_knew_its_patient() -> None:
    films, patients = seen()
    first = fit_across(films, patients, NAMES, "sigmoid", "youden")
    fold = deal_patients(films.labels, patients) == 0
    scores = films.scores.copy()
    changed = np.flatnonzero(fold)[0]
    scores[changed] += 50
    other = Seen(scores, films.familiarity, films.labels, 0.0)
    second = fit_across(other, patients, NAMES, "sigmoid", "youden")
    assert np.array_equal(first.threshold[fold], second.threshold[fold])
    assert not np.array_equal(first.threshold[~fold], second.threshold[~fold])
    fold[changed] = False
    assert np.array_equal(first.probability[fold], second.probability[fold])


def test_each_film_is_judged_once_with_the_threshold_of_its_fold() -> None:
    films, patients = seen(60)
    folds, fits = deal_patients(films.labels, patients), []

    def judged(inside: NDArray[np.bool_]) -> tuple[NDArray[np.float64], Fitted]:
        fits.append(fit(films, NAMES, "sigmoid", "half"))
        values = dict.fromkeys(NAMES, len(fits) / 10)
        thresholds = replace(fits[-1].thresholds, values=values)
        return films.scores[inside], replace(fits[-1], thresholds=thresholds)

    across = each_fold(folds, NAMES, judged)
    assert len(fits) == FOLDS
    assert np.array_equal(across.probability, films.scores)
    assert np.allclose(across.threshold[:, 0], (folds + 1) / 10)


def test_the_fit_finds_the_truth() -> None:
    films, patients = seen(6000)
    fitted = fit(films, NAMES, "sigmoid", "half")
    for platt in fitted.platts:
        assert (platt.slope, platt.intercept) == pytest.approx((2, -1), abs=0.2)
    assert fitted.thresholds.values == {"mass": 0.5, "nodule": 0.5}
    across = fit_across(films, patients, NAMES, "sigmoid", "half")
    assert np.abs(across.probability - sigmoid(2 * films.scores - 1)).max() < 0.1


def test_findings_that_exclude_each_other_add_up_to_one() -> None:
    films, patients = seen()
    labels = np.eye(2, dtype=np.float32)[films.labels[:, 0].astype(int)]
    choice = Seen(films.scores, films.familiarity, labels, 0.0)
    across = fit_across(choice, patients, NAMES, "softmax", "half")
    assert np.allclose(across.probability.sum(axis=1), 1)


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(EvaluationError, match="4 patients for 5 folds"):
        deal_patients(np.zeros((8, 1), np.float32), np.array(["a", "b", "c", "d"] * 2))
