from typing import Any

import numpy as np

from phantoms import phantom
from plainfilm.evaluation.faithfulness import STEPS, Curves, curves


def bright_corner(films: Any) -> Any:
    """A score that hangs on the upper left quarter alone."""
    return films[:, 0, : films.shape[2] // 2, : films.shape[3] // 2].mean(axis=(1, 2))


def film() -> Any:
    pixels = phantom(size=(60, 50)) * np.float32(0.5)
    pixels[:30, :25] += 0.4
    return pixels


def test_a_map_of_what_counts_leads_and_its_opposite_lags() -> None:
    values = np.zeros((10, 10), np.float32)
    values[:5, :5] = 1
    right, wrong = (curves(bright_corner, film(), sign * values) for sign in (1, -1))
    assert right.deletion_lead > 0.02
    assert right.insertion_lead > 0.02
    assert wrong.deletion_lead < -0.02
    assert wrong.insertion_lead < -0.02


def test_curves_begin_and_end_with_the_film_and_its_grey() -> None:
    found = curves(bright_corner, film(), np.random.default_rng(0).random((7, 9), np.float32))
    whole = float(bright_corner(film()[None, None])[0])
    grey = float(film().mean())
    assert len(found.deletion) == STEPS + 1
    for gone, come in (
        (found.deletion, found.insertion),
        (found.deletion_random, found.insertion_random),
    ):
        np.testing.assert_allclose([gone[0], gone[-1]], [whole, grey], atol=1e-5)
        np.testing.assert_allclose([come[0], come[-1]], [grey, whole], atol=1e-5)


def test_a_lead_is_the_mean_distance_of_the_curves() -> None:
    found = Curves((3.0, 1.0), (3.0, 2.0), (0.0, 5.0), (0.0, 1.0))
    assert (found.deletion_lead, found.insertion_lead) == (0.5, 2.0)
