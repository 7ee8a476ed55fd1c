import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.errors import RunError
from plainfilm.training.class_weights import (
    FORMULAS,
    class_weights,
    cooccurrence_ratio,
    inverse_frequency,
    mura_weights,
)

NAN = math.nan
COUNTS = st.integers(1, 10**6)

# Pneumothorax among the 51,759 films with at least one of 14 findings; the films that have each
# other finding too. See the co-occurrence matrix of ChestX-ray14.
N_FILMS, N_PNEUMOTHORAX = 51_759, 5_302
BESIDE_PNEUMOTHORAX = (774, 49, 996, 946, 431, 341, 41, 223, 33, 747, 80, 289, 9)


def labels_of(n_present: int, n_absent: int) -> NDArray[np.float32]:
    return np.array([[1.0]] * n_present + [[0.0]] * n_absent, np.float32)


def test_the_weights_of_two_classes_by_hand() -> None:
    """S0-33: 46,457 films without and 5,302 with pneumothorax."""
    weights = inverse_frequency((46_457, 5_302), (N_FILMS, N_FILMS))

    assert weights == pytest.approx((0.557064, 4.881083), abs=1e-6)


def test_the_weights_of_the_papers_validation_films() -> None:
    """S0-34: their float16 rounding is what the paper prints, 0.5566 and 4.902."""
    weights = inverse_frequency((9_295, 1_056), (10_351, 10_351))

    assert weights == pytest.approx((0.556805, 4.901042), abs=1e-6)
    assert [float(np.float16(weight)) for weight in weights] == [0.556640625, 4.90234375]


@given(absent=COUNTS, present=COUNTS)
def test_weighted_counts_add_up_to_the_films(absent: int, present: int) -> None:
    """S0-33: so half of the reciprocals' sum is 1 in two classes."""
    n = absent + present
    low, high = inverse_frequency((absent, present), (n, n))

    assert absent * low + present * high == pytest.approx(n)
    assert 1 / low + 1 / high == pytest.approx(2)


def test_the_weights_of_two_classes_are_scikit_learns_balanced() -> None:
    """S0-33."""
    utils = pytest.importorskip("sklearn.utils.class_weight")
    classes = np.array([0] * 7 + [1] * 3)

    expected = utils.compute_class_weight("balanced", classes=np.array([0, 1]), y=classes)

    assert inverse_frequency((7, 3), (10, 10)) == pytest.approx(tuple(expected))


@pytest.mark.parametrize(
    ("present", "absent", "b", "expected"),
    [
        (5_177, 8_280, 0, (2.599382, 1.625242)),
        (5_177, 8_280, 100, (2.618698, 1.625242)),
        (14_873, 21_935, 0, (2.474820, 1.678049)),
    ],
)
def test_the_weights_of_the_mura_report(
    present: int, absent: int, b: float, expected: tuple[float, float]
) -> None:
    """S3-14."""
    assert mura_weights(present, absent, b=b) == pytest.approx(expected, abs=1e-6)


@given(present=COUNTS, absent=COUNTS)
def test_without_b_they_are_twice_the_other_papers(present: int, absent: int) -> None:
    """S3-14."""
    n = present + absent

    assert mura_weights(present, absent) == pytest.approx(
        tuple(2 * weight for weight in inverse_frequency((present, absent), (n, n)))
    )


def test_the_schemes_of_pneumothorax_and_hernia() -> None:
    """S0-38: N/P and n/(K P) with K = 14 findings."""
    names = [f"finding-{k}" for k in range(14)]
    labels = np.zeros((N_FILMS, 14), np.float32)
    labels[:, :] = (np.arange(N_FILMS) < 100)[:, None]
    labels[:, 7] = np.arange(N_FILMS) < N_PNEUMOTHORAX
    labels[:, 13] = np.arange(N_FILMS) < 227

    balanced = class_weights("balanced", labels, names).present
    inverse = class_weights("inverse", labels, names).present

    assert (balanced[7], balanced[13]) == pytest.approx((8.7622, 227.0132), abs=1e-4)
    assert (inverse[7], inverse[13]) == pytest.approx((0.6973, 16.2867), abs=1e-4)


def test_the_ratio_to_co_occurrences_of_pneumothorax() -> None:
    """S0-38: 5,302 over 4,959, for what it is."""
    labels = np.zeros((N_PNEUMOTHORAX, 14), np.float32)
    labels[:, 0] = 1
    for k, count in enumerate(BESIDE_PNEUMOTHORAX, start=1):
        labels[:count, k] = 1

    assert cooccurrence_ratio(labels)[0] == pytest.approx(1.0692, abs=1e-4)


def test_both_sides_of_each_finding_are_weighed() -> None:
    weights = class_weights("two-sided", labels_of(2, 6), ["a"])

    assert (weights.present, weights.absent) == ((2.0,), (pytest.approx(2 / 3),))
    doubled = class_weights("mura", labels_of(2, 6), ["a"])
    assert (doubled.present, doubled.absent) == ((4.0,), (pytest.approx(4 / 3),))
    assert class_weights("mura", labels_of(2, 6), ["a"], b=2).present == (5.0,)


def test_without_a_scheme_every_film_counts_one() -> None:
    weights = class_weights("none", labels_of(2, 6), ["a"])

    assert (weights.present, weights.absent) == ((1.0,), (1.0,))


def test_balanced_is_absent_over_present_and_1_where_either_is_missing() -> None:
    labels = np.array([[1, 0, 1], [0, 0, NAN], [0, 0, NAN], [0, NAN, 1.0]], np.float32)

    assert class_weights("balanced", labels, ["a", "b", "c"]).present == (3.0, 1.0, 1.0)


@pytest.mark.parametrize("scheme", sorted(FORMULAS))
def test_unknown_labels_change_no_weight(scheme: str) -> None:
    labels = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.float32)
    more = np.vstack([labels, np.full((3, 2), NAN, np.float32)])

    assert class_weights(scheme, more, ["a", "b"]) == class_weights(scheme, labels, ["a", "b"])


@pytest.mark.parametrize("scheme", ["inverse", "two-sided", "mura", "co-occurrence"])
def test_a_missing_class_is_an_error_that_names_the_finding(scheme: str) -> None:
    """S0-33."""
    labels = np.array([[1, 0], [0, 0]], np.float32)

    with pytest.raises(RunError, match=f"'{scheme}' needs training films with hernia; found none"):
        class_weights(scheme, labels, ["mass", "hernia"])


def test_a_finding_that_is_never_absent_or_never_beside_another_is_named() -> None:
    always = np.array([[1, 0], [1, 1]], np.float32)
    with pytest.raises(RunError, match="films without mass"):
        class_weights("mura", always, ["mass", "hernia"])
    alone = np.array([[1, 0], [0, 1]], np.float32)
    with pytest.raises(RunError, match="with another finding beside mass, hernia"):
        class_weights("co-occurrence", alone, ["mass", "hernia"])
