from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.evaluation.reliability import (
    ece,
    ece_equal_mass,
    equal_mass_bins,
    equal_width_bins,
    reliability,
)

FILMS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1.0])), min_size=1, max_size=50)


@given(FILMS)
def test_ece_equals_walking_through_the_bins(films: list[tuple[float, float]]) -> None:
    probability, labels = np.array(films).T
    total = 0.0
    for number in range(15):
        inside = [f for f in films if min(int(f[0] * 15), 14) == number]
        gap = sum(p for p, _ in inside) - sum(y for _, y in inside)
        total += abs(gap) / len(films)
    assert ece(probability, labels) == pytest.approx(total)


@given(FILMS)
def test_the_error_is_a_share(films: list[tuple[float, float]]) -> None:
    probability, labels = np.array(films).T
    assert 0 <= ece(probability, labels) <= 1
    assert 0 <= ece_equal_mass(probability, labels) <= 1


@given(FILMS, st.randoms(use_true_random=False))
def test_the_order_of_films_does_not_count(
    films: list[tuple[float, float]], random: Random
) -> None:
    shuffled = list(films)
    random.shuffle(shuffled)
    for error in (ece, ece_equal_mass):
        found = error(*np.array(shuffled).T)
        assert found == pytest.approx(error(*np.array(films).T))


@given(FILMS)
def test_every_film_is_in_one_bin_and_bins_rise_with_probability(
    films: list[tuple[float, float]],
) -> None:
    probability, labels = np.array(films).T
    for bins_of in (equal_width_bins, equal_mass_bins):
        bins = bins_of(probability)
        assert 0 <= bins.min() <= bins.max() <= 14
        order = np.argsort(probability, kind="stable")
        assert (np.diff(bins[order]) >= 0).all()
        rows = reliability(probability, labels, bins, 15)
        assert rows.n_films.sum() == len(films)
        filled = rows.n_films > 0
        weighted = (rows.mean_probability[filled] * rows.n_films[filled]).sum()
        assert weighted == pytest.approx(probability.sum())


@given(FILMS)
def test_one_bin_holds_the_plain_difference(films: list[tuple[float, float]]) -> None:
    probability, labels = np.array(films).T
    expected = abs(probability.mean() - labels.mean())
    assert ece(probability, labels, 1) == pytest.approx(expected)
    assert ece_equal_mass(probability, labels, 1) == pytest.approx(expected)


@given(FILMS)
def test_more_bins_never_hide_more(films: list[tuple[float, float]]) -> None:
    """Halving bins splits gaps that cancelled."""
    probability, labels = np.array(films).T
    assert ece(probability, labels, 8) >= ece(probability, labels, 4) - 1e-12


def test_unknown_labels_are_left_out() -> None:
    probability, labels = np.array([0.1, 0.9, 0.5]), np.array([0.0, 1.0, np.nan])
    for error in (ece, ece_equal_mass):
        assert error(probability, labels) == pytest.approx(0.1)


def test_the_last_bin_holds_1() -> None:
    assert equal_width_bins(np.array([0.0, 0.0667, 0.999, 1.0])).tolist() == [0, 1, 14, 14]


def test_mass_bins_hold_equally_many_films_and_keep_ties_together() -> None:
    assert np.bincount(equal_mass_bins(np.linspace(0, 1, 30), 3)).tolist() == [10, 10, 10]
    assert np.unique(equal_mass_bins(np.full(30, 0.3), 3)).size == 1


def test_a_table_by_hand() -> None:
    probability, labels = np.array([0.1, 0.3, 0.9]), np.array([0.0, 1.0, 1.0])
    table = reliability(probability, labels, equal_width_bins(probability, 2), 2)
    assert table.n_films.tolist() == [2, 1]
    assert table.mean_probability == pytest.approx([0.2, 0.9])
    assert table.share_present.tolist() == [0.5, 1.0]
    assert table.error == pytest.approx((2 * 0.3 + 0.1) / 3)


def test_an_empty_bin_is_nan_and_costs_nothing() -> None:
    table = reliability(np.array([0.9]), np.array([1.0]), np.array([1]), 2)
    assert np.isnan(table.mean_probability[0])
    assert table.error == pytest.approx(0.1)
