from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from plainfilm.evaluation.metrics import auroc, confusion_at
from plainfilm.training.classical import FOLDS, KINDS, Learnt, flattened, learn

RNG = np.random.default_rng(0)
N = 90
PATIENTS = np.array([f"p{i // 2}" for i in range(N)])
RING = RNG.normal(size=(N, 12)).astype(np.float32)  # two clouds would be too easy
OUTSIDE = (np.linalg.norm(RING[:, :2], axis=1) > 1.2).astype(np.float32)


@pytest.fixture(scope="module")
def forest() -> Learnt:
    return learn("random-forest", RING, OUTSIDE, PATIENTS)


@pytest.fixture(scope="module")
def machine() -> Learnt:
    return learn("svm", RING, OUTSIDE, PATIENTS)


def test_a_film_s_vector_is_channel_after_channel_row_by_row() -> None:
    """S2-23."""
    film = np.arange(2 * 3 * 3, dtype=np.float32).reshape(1, 2, 3, 3)
    (vector,) = flattened(film)
    assert vector.shape == (3 * 2 * 3,)
    assert vector.tolist() == [*range(0, 18, 3), *range(1, 18, 3), *range(2, 18, 3)]
    assert flattened(film[..., 0]).tolist() == [[*range(0, 18, 3)]]


def test_the_majority_says_the_larger_class_of_every_film() -> None:
    """S2-27: the 624 test films of the paediatric set, after its 5,216 train films."""
    train = np.repeat(np.float32([1, 0]), [3_875, 1_341])
    nothing = np.zeros((train.size, 1), np.float32)
    learnt = learn("majority", nothing, train, np.arange(train.size).astype(str))
    test = np.repeat([1.0, 0.0], [390, 234])
    probability = learnt.probability(learnt.score(nothing[:624]))
    assert probability[0] == pytest.approx(3_875 / 5_216, abs=1e-3)
    found = confusion_at(probability, test, 0.5)
    assert (found.accuracy, found.sensitivity, found.ppv) == (0.625, 1.0, 0.625)
    assert found.f1 == pytest.approx(0.7692307692)
    assert auroc(probability, test) == 0.5


def test_the_majority_of_one_class_alone_is_finite() -> None:
    learnt = learn("majority", RING, np.ones(N, np.float32), PATIENTS)
    assert np.isfinite(learnt.score(RING)).all()


def test_the_forest_is_chosen_among_trees_and_pixels_a_branch(forest: Learnt) -> None:
    """S2-29."""
    assert FOLDS == 3
    assert [tuple(trial.setting.items()) for trial in forest.trials] == [
        (("n_estimators", trees), ("max_features", pixels))
        for trees in (100, 500)
        for pixels in ("sqrt", "log2")
    ]


def test_the_machine_is_chosen_among_kernels_costs_and_widths(machine: Learnt) -> None:
    """S2-30."""
    for key, choices in {"kernel": 2, "C": 3, "gamma": 2}.items():
        tried = {trial.setting[key] for trial in machine.trials if key in trial.setting}
        assert len(tried) == choices
    assert machine.chosen is not None
    assert machine.chosen.setting["kernel"] == "rbf"  # no plane parts a ring from its middle


@pytest.mark.parametrize("name", KINDS)
def test_the_best_setting_learns_again_from_all_films(
    name: str, request: pytest.FixtureRequest
) -> None:
    """S2-31: chosen by cross-validation, then fitted on the whole training data."""
    learnt: Learnt = request.getfixturevalue({"svm": "machine"}.get(name, "forest"))
    assert learnt.chosen is not None
    assert learnt.chosen.auroc == max(trial.auroc for trial in learnt.trials) > 0.7
    kind = KINDS[name]
    again = kind.make(learnt.chosen.setting, min(RING.shape), 0).fit(RING, OUTSIDE == 1)
    assert learnt.score(RING).tolist() == kind.score(again, RING).tolist()
    assert auroc(learnt.score(RING), OUTSIDE) > 0.99  # it has seen them; the folds had not


@pytest.mark.parametrize("name", KINDS)
def test_no_patient_is_in_two_folds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S2-29: twins of one film tell each other's label, which is chance, if a fold parts them."""
    one = {"random-forest": {"n_estimators": 20}, "svm": {"C": 10.0}}[name]
    monkeypatch.setitem(KINDS, name, replace(KINDS[name], settings=(one,)))
    rng = np.random.default_rng(1)
    twins = np.repeat(rng.normal(size=(60, 5)), 4, axis=0).astype(np.float32)
    labels = np.repeat(rng.integers(0, 2, 60), 4).astype(np.float32)
    together = np.repeat(np.arange(60), 4).astype(str)
    apart = np.arange(240).astype(str)
    honest, leaking = (learn(name, twins, labels, who).trials[0] for who in (together, apart))
    assert honest.auroc < 0.7
    assert leaking.auroc > 0.8


def scores_of(labels: NDArray[np.float32], vectors: NDArray[np.float32]) -> list[float]:
    return learn("svm", vectors, labels, PATIENTS).score(RING).tolist()


def test_a_film_whose_label_is_unknown_teaches_nothing() -> None:
    labels, vectors = OUTSIDE.copy(), RING.copy()
    labels[:6] = np.nan
    vectors[:6] = 1e3
    assert scores_of(labels, vectors) == scores_of(labels, RING)


def test_the_same_seed_grows_the_same_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    few = replace(KINDS["random-forest"], settings=({"n_estimators": 20},))
    monkeypatch.setitem(KINDS, "random-forest", few)
    one, same, other = (
        learn("random-forest", RING, OUTSIDE, PATIENTS, seed=s).score(RING).tolist()
        for s in (0, 0, 1)
    )
    assert one == same != other


def test_probabilities_rise_with_the_scores(forest: Learnt) -> None:
    scores = np.sort(forest.score(RING))
    probability = forest.probability(scores)
    assert (np.diff(probability) >= 0).all()
    assert 0 <= probability[0] < 0.5 < probability[-1] <= 1


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_majority_answers_where_too_few_patients_have_or_lack_it(label: float) -> None:
    labels = np.full(N, label, np.float32)
    labels[: 2 * (FOLDS - 1)] = 1 - label
    assert learn("svm", RING, labels, PATIENTS).chosen is None
    labels[: 2 * FOLDS] = 1 - label
    assert learn("svm", RING, labels, PATIENTS).chosen is not None
