import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import EvaluationError
from plainfilm.evaluation.metrics import confusion_at
from plainfilm.evaluation.thresholds import PLATEAU_DEPTH, choose_threshold, rule_in_words

# 0 and 1 themselves too: a float32 sigmoid reaches 1 from a logit of 17 on.
FILMS = st.lists(
    st.tuples(
        st.integers(0, 100).map(lambda n: n / 100) | st.floats(0, 1), st.sampled_from([0.0, 1.0])
    ),
    min_size=2,
    max_size=40,
).filter(lambda films: {label for _, label in films} == {0.0, 1.0})
RULES = ["youden", "youden-plateau", "f1-max", "sensitivity-0.9", "specificity-0.9"]

Films = list[tuple[float, float]]


def best_balanced_accuracy(probability: np.ndarray, labels: np.ndarray) -> float:  # type: ignore[type-arg]
    return max(confusion_at(probability, labels, t).balanced_accuracy for t in tried(probability))


def tried(probability: np.ndarray) -> list[float]:  # type: ignore[type-arg]
    """A threshold of each kind there is: calls change at the films' probabilities only."""
    return [0.0, 1.0, *probability.tolist()]


@given(FILMS)
def test_youden_reaches_the_best_balanced_accuracy(films: Films) -> None:
    probability, labels = np.array(films).T
    reached = confusion_at(probability, labels, choose_threshold(probability, labels, "youden"))
    assert reached.balanced_accuracy == pytest.approx(best_balanced_accuracy(probability, labels))


@given(FILMS)
def test_f1_max_reaches_the_best_f1(films: Films) -> None:
    probability, labels = np.array(films).T
    reached = confusion_at(probability, labels, choose_threshold(probability, labels, "f1-max")).f1
    best = max(confusion_at(probability, labels, t).f1 for t in tried(probability))
    assert reached == pytest.approx(best)


@given(FILMS)
def test_the_plateau_is_within_its_depth_of_the_best(films: Films) -> None:
    probability, labels = np.array(films).T
    threshold = choose_threshold(probability, labels, "youden-plateau")
    reached = confusion_at(probability, labels, threshold).balanced_accuracy
    assert reached >= best_balanced_accuracy(probability, labels) - PLATEAU_DEPTH - 1e-12


@given(FILMS, st.sampled_from([0.01, 0.5, 0.8, 0.95, 1.0]))
def test_the_wanted_sensitivity_is_kept_by_the_highest_threshold(
    films: Films, wanted: float
) -> None:
    probability, labels = np.array(films).T
    threshold = choose_threshold(probability, labels, f"sensitivity-{wanted}")
    assert confusion_at(probability, labels, threshold).sensitivity >= wanted
    for higher in (t for t in tried(probability) if t > threshold):
        if ((probability >= threshold) != (probability >= higher)).any():
            assert confusion_at(probability, labels, higher).sensitivity < wanted


@given(FILMS, st.sampled_from([0.01, 0.5, 0.8, 0.95, 1.0]))
def test_the_wanted_specificity_is_kept_where_any_threshold_keeps_it(
    films: Films, wanted: float
) -> None:
    probability, labels = np.array(films).T
    threshold = choose_threshold(probability, labels, f"specificity-{wanted}")
    reached = confusion_at(probability, labels, threshold).specificity
    best = max(confusion_at(probability, labels, t).specificity for t in tried(probability))
    assert reached >= wanted if best >= wanted else threshold == 1.0


@given(FILMS, st.sampled_from(RULES))
def test_a_threshold_is_a_share_and_parts_the_films_clearly(films: Films, rule: str) -> None:
    probability, labels = np.array(films).T
    threshold = choose_threshold(probability, labels, rule)
    assert 0 <= threshold <= 1
    below, above = probability[probability < threshold], probability[probability >= threshold]
    # A probability of 1 always reaches its threshold: none lies above the highest there is.
    if below.size and above.size and rule != "youden-plateau" and threshold < 1:
        middle = (below.max() + above.min()) / 2
        assert threshold == pytest.approx(middle, abs=1e-12)


@given(FILMS, st.sampled_from(RULES), st.randoms(use_true_random=False))
def test_the_order_of_the_films_does_not_matter(films: Films, rule: str, random: Random) -> None:
    probability, labels = np.array(films).T
    shuffled = list(films)
    random.shuffle(shuffled)
    expected = choose_threshold(probability, labels, rule)
    assert choose_threshold(*np.array(shuffled).T, rule) == expected


@given(FILMS, st.sampled_from(RULES))
def test_every_film_twice_asks_for_the_same_threshold(films: Films, rule: str) -> None:
    probability, labels = np.array(films).T
    expected = choose_threshold(probability, labels, rule)
    assert choose_threshold(np.tile(probability, 2), np.tile(labels, 2), rule) == expected


def test_a_wanted_rate_that_is_met_exactly_is_met() -> None:
    probability, labels = np.arange(1, 41) / 50, np.repeat([0.0, 1.0], 20)
    threshold = choose_threshold(probability, labels, "specificity-0.95")
    assert confusion_at(probability, labels, threshold).false_present == 1
    threshold = choose_threshold(probability, labels, "sensitivity-0.95")
    assert confusion_at(probability, labels, threshold).false_absent == 1


def test_a_certain_film_that_is_wrong_leaves_only_the_highest_threshold() -> None:
    probability, labels = np.array([1.0, 0.2]), np.array([0.0, 1.0])
    assert choose_threshold(probability, labels, "specificity-0.5") == 1.0
    assert confusion_at(probability, labels, choose_threshold(probability, labels, "youden")) == (
        confusion_at(probability, labels, 0.1)
    )


def test_neighbouring_floats_are_told_apart() -> None:
    low = 0.5
    high = math.nextafter(low, 1)
    threshold = choose_threshold(np.array([low, high]), np.array([0.0, 1.0]), "youden")
    assert low < threshold <= high


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
