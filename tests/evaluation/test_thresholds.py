import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import confusion_at
from plainfilm.evaluation.thresholds import PLATEAU_DEPTH, choose_threshold, rule_in_words

FILMS = st.lists(
    st.tuples(st.integers(1, 99).map(lambda n: n / 100), st.sampled_from([0.0, 1.0])),
    min_size=2,
    max_size=40,
).filter(lambda films: {label for _, label in films} == {0.0, 1.0})

Films = list[tuple[float, float]]


def best_balanced_accuracy(probability: np.ndarray, labels: np.ndarray) -> float:  # type: ignore[type-arg]
    tried = [0.0, 1.0, *probability.tolist()]
    return max(confusion_at(probability, labels, t).balanced_accuracy for t in tried)


@given(FILMS)
def test_youden_reaches_the_best_balanced_accuracy(films: Films) -> None:
    probability, labels = np.array(films).T
    reached = confusion_at(probability, labels, choose_threshold(probability, labels, "youden"))
    assert reached.balanced_accuracy == pytest.approx(best_balanced_accuracy(probability, labels))


@given(FILMS)
def test_the_plateau_is_within_its_depth_of_the_best(films: Films) -> None:
    probability, labels = np.array(films).T
    threshold = choose_threshold(probability, labels, "youden-plateau")
    reached = confusion_at(probability, labels, threshold).balanced_accuracy
    assert reached >= best_balanced_accuracy(probability, labels) - PLATEAU_DEPTH - 1e-12


@given(FILMS, st.sampled_from([0.5, 0.8, 0.95, 1.0]))
def test_the_wanted_sensitivity_and_specificity_are_kept(films: Films, wanted: float) -> None:
    probability, labels = np.array(films).T
    for kind in ("sensitivity", "specificity"):
        threshold = choose_threshold(probability, labels, f"{kind}-{wanted}")
        counts = confusion_at(probability, labels, threshold)
        rates = {"sensitivity": counts.sensitivity, "specificity": counts.specificity}
        assert rates[kind] >= wanted - 1e-12


def test_half_asks_no_film() -> None:
    assert choose_threshold(np.array([]), np.array([]), "half") == 0.5


def test_the_plateau_between_two_separate_groups_is_its_middle() -> None:
    probability, labels = np.array([0.1, 0.2, 0.6, 0.9]), np.array([0.0, 0, 1, 1])
    assert choose_threshold(probability, labels, "youden-plateau") == pytest.approx(0.4)


def test_unknown_labels_do_not_move_a_threshold() -> None:
    probability, labels = np.array([0.1, 0.2, 0.6, 0.9, 0.45]), np.array([0.0, 0, 1, 1, math.nan])
    assert choose_threshold(probability, labels, "youden") == pytest.approx(0.4)


@pytest.mark.parametrize("rule", ["best", "sensitivity-", "sensitivity-2", "specificity-x", ""])
def test_an_unknown_rule_is_refused(rule: str) -> None:
    with pytest.raises(EvaluationError, match="unknown threshold rule"):
        choose_threshold(np.array([0.1, 0.9]), np.array([0.0, 1.0]), rule)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("half", "0.5"),
        ("youden", "where balanced accuracy is best"),
        ("youden-plateau", "the middle of where balanced accuracy is within 0.01 of its best"),
        ("sensitivity-0.97", "the highest with a sensitivity of at least 0.97"),
        ("specificity-0.9", "the lowest with a specificity of at least 0.9"),
    ],
)
def test_each_rule_has_its_words(rule: str, words: str) -> None:
    assert rule_in_words(rule) == words


def test_one_class_alone_gives_no_threshold() -> None:
    with pytest.raises(EvaluationError, match="2 present and 0 absent"):
        choose_threshold(np.array([0.1, 0.9]), np.ones(2), "youden")
