import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.familiarity import (
    Appearance,
    Distance,
    Familiarity,
    Percentile,
    Spread,
    fit_percentile,
    fit_spread,
)
from tiny_graph import phantoms, tiny_classifier, tiny_familiarity


def spread_of(n_films: int = 500, n_features: int = 6, rank: int = 256) -> Spread:
    rows = np.random.default_rng(0).normal(size=(n_films, n_features)) * np.arange(
        1, n_features + 1
    )
    return fit_spread(rows.astype(np.float32), rank)


def familiarity_at(distances: list[float], table: Percentile) -> torch.Tensor:
    """The table alone: the film's only feature becomes the distance asked for."""
    one = np.ones(1, np.float32)
    spread = Spread(0 * one, one, np.zeros((1, 0), np.float32), one[:0], 1.0)
    branch = Familiarity(spread, table)
    branch.appearance = torch.nn.Flatten()  # type: ignore[assignment]
    films = torch.tensor(np.exp(distances), dtype=torch.float32)
    return branch(films[:, None, None, None], [])


def test_distance_is_the_mahalanobis_distance_of_the_shrunk_covariance() -> None:
    rows = np.random.default_rng(1).normal(size=(400, 5)) @ np.diag([1, 2, 3, 4, 5])
    spread = fit_spread(rows.astype(np.float32))
    inner = spread.directions.T @ spread.directions
    assert np.allclose(inner, np.eye(4), atol=1e-5)
    film = np.array([[1.0, -2.0, 0.5, 3.0, 1.0]], np.float32)
    off = (film - spread.mean) / spread.scale
    whole = spread.directions @ np.diag(spread.variances - spread.rest) @ spread.directions.T
    inverse = np.linalg.inv(whole + spread.rest * np.eye(5))
    expected = 0.5 * np.log((off @ inverse @ off.T)[0, 0] / 5)
    assert Distance(spread)(torch.from_numpy(film)).item() == pytest.approx(expected, abs=1e-4)


def test_the_middle_of_the_training_films_is_nearest() -> None:
    spread = spread_of()
    distance = Distance(spread)
    middle = torch.from_numpy(spread.mean)[None]
    steps = [distance(middle + shift).item() for shift in (0.0, 1.0, 3.0, 10.0)]
    assert steps == sorted(steps)


def test_more_features_than_films_still_give_a_distance() -> None:
    rows = np.random.default_rng(0).normal(size=(8, 50)).astype(np.float32)
    assert torch.isfinite(Distance(fit_spread(rows))(torch.from_numpy(rows))).all()


def test_one_film_has_no_spread() -> None:
    with pytest.raises(ValueError, match="found 1 films"):
        fit_spread(np.zeros((1, 4), np.float32))


@given(n=st.integers(2, 400), seed=st.integers(0, 9))
def test_familiarity_is_the_share_of_validation_films_at_least_as_far(n: int, seed: int) -> None:
    distances = np.random.default_rng(seed).normal(size=n)
    table = fit_percentile(distances)
    found = familiarity_at(list(table.distances), table)
    shares = [(distances >= knot - 1e-9).mean() for knot in table.distances]
    assert np.allclose(found.numpy(), shares, atol=1e-3)


def test_one_validation_film_in_a_hundred_lies_below_a_hundredth() -> None:
    distances = np.random.default_rng(3).normal(size=1000)
    found = familiarity_at(list(distances), fit_percentile(distances)).numpy()
    assert (found < 0.01).mean() == pytest.approx(0.01, abs=0.002)


def test_familiarity_falls_everywhere_and_stays_in_range() -> None:
    table = fit_percentile(np.random.default_rng(0).normal(size=50))
    found = familiarity_at(list(np.linspace(-5, 12, 300)), table).numpy()
    assert (np.diff(found) <= 1e-6).all()
    assert found.min() > 0
    assert found.max() <= 1


def test_films_beyond_every_validation_film_still_rank() -> None:
    table = fit_percentile(np.random.default_rng(0).normal(size=50))
    last = table.distances[-1]
    beyond = familiarity_at([last + 0.1, last + 1, last + 2, last + 5], table).numpy()
    assert (np.diff(beyond) < 0).all()
    assert beyond[0] < table.shares[-1]


def test_a_tail_length_beyond_the_last_film_familiarity_is_half() -> None:
    table = Percentile((0.0, 1.0), (1.0, 0.5), tail=2.0)
    assert familiarity_at([0.0, 0.5, 1.0, 3.0], table).tolist() == pytest.approx(
        [1.0, 0.75, 0.5, 0.25], abs=1e-5
    )


def test_films_of_one_distance_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="percentile"):
        fit_percentile(np.ones(5))


def test_brighter_or_harder_films_keep_their_shape_features() -> None:
    films = phantoms(2) * 0.5
    before, after = Appearance()(films), Appearance()(films * 1.5)
    shape = slice(0, -14)  # all but brightness
    assert torch.allclose(before[:, shape], after[:, shape], atol=0.02)


def test_appearance_has_as_many_features_as_it_says() -> None:
    assert Appearance()(phantoms(3)).shape == (3, 1294)


def test_strange_pictures_are_less_familiar_than_every_known_film() -> None:
    classifier = tiny_classifier()
    familiarity = tiny_familiarity([classifier])

    def of(films: torch.Tensor) -> torch.Tensor:
        return familiarity(films, [classifier.embed(films)[1]])

    known = phantoms(20, first=300)
    strange = [
        1 - known,
        known.flip(2),
        torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0)),
        torch.full((1, 1, 32, 32), 0.5),
    ]
    assert max(of(films).max().item() for films in strange) < of(known).min().item()
