import math

import numpy as np
import pytest

pytest.importorskip("torch")

from plainfilm.adapting.fitting import deal_patients
from plainfilm.adapting.last_layer import LastLayer
from plainfilm.adapting.learned_layer import (
    PULLS,
    Known,
    Layer,
    first_layer,
    learn,
    relearn,
    relearn_across,
)
from plainfilm.evaluation.calibration import sigmoid
from plainfilm.evaluation.metrics import Floats, auroc

NAMES = ("mass", "nodule")
OLD = Layer(np.array([[1.0, 0, 0], [0, 1, 0]]), np.array([0.5, -0.5]))


def drawn(truth: Floats, n_films: int = 400, seed: int = 0) -> Known:
    """Films whose findings hang on their features by `truth` (2, 3); two films a patient."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_films, 3)) * (1, 5, 0.2)
    labels = (rng.random((n_films, 2)) < sigmoid(features @ truth.T)).astype(np.float32)
    return Known(features, labels, np.array([f"p{n // 2}" for n in range(n_films)]))


def test_what_the_old_layer_did_not_see_is_learned() -> None:
    truth = np.array([[0.0, 0, 12], [0, 1, 0]])
    films, unseen = drawn(truth), drawn(truth, seed=1)
    found = relearn(films, OLD, NAMES, "sigmoid", "half")
    assert not math.isinf(found.pull)
    areas = [
        auroc(layer.scores(unseen.features)[:, 0], unseen.labels[:, 0])
        for layer in (OLD, found.layer)
    ]
    assert areas[0] < 0.6 < 0.85 < areas[1]


def test_where_there_is_nothing_to_learn_the_old_layer_stays_in_direction() -> None:
    films = drawn(3 * OLD.weight, n_films=40)
    found = relearn(films, Layer(10 * OLD.weight, OLD.bias), NAMES, "sigmoid", "half")
    assert found.pull >= 100
    assert np.abs(found.layer.weight[0, 1:]).max() < 0.2 * found.layer.weight[0, 0]


def test_a_stronger_pull_leaves_the_layer_nearer_to_the_old_one() -> None:
    films = drawn(np.array([[0.0, 0, 12], [0, 1, 0]]))
    layers = learn(films, OLD, NAMES, "sigmoid")
    start = layers[math.inf]
    away = [float(np.abs(layers[pull].weight - start.weight).max()) for pull in PULLS]
    assert away[0] == 0
    assert away == sorted(away)


def test_what_is_not_known_of_one_finding_does_not_change_the_other() -> None:
    films = drawn(OLD.weight)
    labels = films.labels.copy()
    labels[::2, 1] = np.nan
    some = Known(films.features, labels, films.patients)
    whole, part = (learn(each, OLD, NAMES, "sigmoid", (10.0,))[10.0] for each in (films, some))
    assert np.allclose(whole.weight[0], part.weight[0], atol=1e-3)
    assert not np.allclose(whole.weight[1], part.weight[1], atol=1e-3)


def test_a_feature_that_never_varies_gets_no_weight_of_its_own() -> None:
    films = drawn(OLD.weight)
    features = films.features.copy()
    features[:, 2] = 0.3
    layer = learn(Known(features, films.labels, films.patients), OLD, NAMES, "sigmoid")[1.0]
    assert np.array_equal(layer.weight[:, 2], [0, 0])


def test_no_film_is_judged_by_a_layer_that_knew_its_patient() -> None:
    films = drawn(OLD.weight)
    first = relearn_across(films, OLD, NAMES, "sigmoid", "half")
    fold = deal_patients(films.labels, films.patients) == 0
    features = films.features.copy()
    changed = np.flatnonzero(fold)[0]
    features[changed] += 5
    second = relearn_across(
        Known(features, films.labels, films.patients), OLD, NAMES, "sigmoid", "half"
    )
    fold[changed] = False
    assert np.array_equal(first.probability[fold], second.probability[fold])
    assert not np.array_equal(first.probability[~fold], second.probability[~fold])


def test_findings_that_exclude_each_other_add_up_to_one() -> None:
    films = drawn(OLD.weight)
    choice = Known(films.features, np.eye(2, dtype="f4")[films.labels[:, 0].astype(int)],
                   films.patients)  # fmt: skip
    across = relearn_across(choice, OLD, NAMES, "softmax", "half")
    assert np.allclose(across.probability.sum(axis=1), 1)


def test_the_first_layer_is_the_old_one_of_the_findings_that_stay() -> None:
    last = LastLayer(("f",), ("w",), ("b",), (0, 1), OLD.weight, OLD.bias)
    assert np.array_equal(first_layer(last, (1,)).weight, OLD.weight[1:])
