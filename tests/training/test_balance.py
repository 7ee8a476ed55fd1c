import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainfilm.datasets.manifest import Sample
from plainfilm.training.balance import PSEUDO_FILMS, film_weights

Labels = NDArray[np.float32]


def films(views: str, sexes: str = "") -> list[Sample]:
    """One film for each letter: P = PA, A = AP, blank = not known."""
    view = {"P": "PA", "A": "AP", " ": None}
    sexes = sexes or " " * len(views)
    nothing = np.zeros(1, np.float32)
    return [
        Sample(f"{i}.png", f"p{i}", f"p{i}", view[v], s.strip() or None, None, "train", nothing)
        for i, (v, s) in enumerate(zip(views, sexes, strict=True))
    ]


def column(text: str) -> Labels:
    return np.array([[{"1": 1.0, "0": 0.0, "?": np.nan}[c]] for c in text], np.float32)


def test_a_finding_that_goes_with_the_view_weighs_less_where_it_does() -> None:
    weights = film_weights(films("PPPA" * 10), column("1110" * 10), ["view"])

    # 30 present, all PA: expected 30 x 30 / 40; 10 absent, all AP: expected 10 x 10 / 40.
    m = PSEUDO_FILMS
    assert weights[0, 0] == pytest.approx((22.5 + m) / (30 + m))
    assert weights[3, 0] == pytest.approx((2.5 + m) / (10 + m))


def test_the_film_against_the_habit_weighs_more() -> None:
    views, labels = "P" * 50 + "A" * 50, "1" * 45 + "0" * 5 + "0" * 45 + "1" * 5

    weights = film_weights(films(views), column(labels), ["view"])[:, 0]

    expected = (25 + PSEUDO_FILMS) / (5 + PSEUDO_FILMS)
    assert weights[[45, 95]] == pytest.approx([expected, expected])
    assert weights[0] < 1 < weights[45]


def test_many_films_weighted_make_label_and_view_independent() -> None:
    chance = np.random.default_rng(0)
    present = chance.random(40_000) < 0.3
    lying = chance.random(40_000) < np.where(present, 0.1, 0.6)
    samples = films("".join("A" if down else "P" for down in lying))

    weights = film_weights(samples, present[:, None].astype(np.float32), ["view"])[:, 0]

    of_present = np.average(lying[present], weights=weights[present])
    of_absent = np.average(lying[~present], weights=weights[~present])
    assert of_present == pytest.approx(of_absent, abs=0.002)


@given(st.lists(st.tuples(st.sampled_from("PA "), st.sampled_from("01?")), min_size=1))
def test_weights_are_positive_and_unknown_labels_weigh_one(rows: list[tuple[str, str]]) -> None:
    labels = column("".join(label for _, label in rows))

    weights = film_weights(films("".join(view for view, _ in rows)), labels, ["view"])

    assert (weights > 0).all()
    assert (weights[np.isnan(labels)] == 1).all()


def test_where_label_and_view_are_independent_nothing_is_weighted() -> None:
    weights = film_weights(films("PPAA" * 5), column("1010" * 5), ["view"])
    np.testing.assert_allclose(weights, 1, atol=1e-6)


def test_two_attributes_make_groups_of_both() -> None:
    samples = films("PPAA" * 10, "MFMF" * 10)  # present: PA men and AP women
    labels = column("1001" * 10)

    assert (film_weights(samples, labels, ["view"]) == 1).all()
    assert (film_weights(samples, labels, ["view", "sex"]) != 1).all()


def test_without_attributes_every_film_weighs_one() -> None:
    assert (film_weights(films("PA"), column("10"), []) == 1).all()
