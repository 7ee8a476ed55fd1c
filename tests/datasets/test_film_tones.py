from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bare_manifests import bare_manifest
from phantoms import somebody
from plainfilm.datasets.cache import Cache
from plainfilm.datasets.cache_record import CacheContent
from plainfilm.datasets.film_tones import (
    N_PARTS,
    TONE_FACTS,
    cached_tones,
    in_tone,
    tone_facts,
    tone_of,
)
from plainfilm.datasets.fit import FitPolicy, fit


def film(seed: int, height: int = 48, width: int = 48) -> np.ndarray:
    return fit(somebody(size=(height, width), seed=seed), 64)


@given(st.integers(0, 200), st.floats(0.5, 2.0))
def test_a_tone_does_not_know_where_a_grey_stands(seed: int, gamma: float) -> None:
    one = film(seed)
    moved = np.random.default_rng(seed).permutation(one.ravel()).reshape(one.shape)
    lighter = np.rint(255 * (one / 255) ** gamma).astype(np.uint8)
    np.testing.assert_array_equal(tone_of(one), tone_of(moved))
    assert (np.diff(tone_of(one)) >= 0).all()
    np.testing.assert_allclose(tone_of(lighter), tone_of(one) ** gamma, atol=0.02)


@given(st.integers(0, 200))
def test_a_film_in_another_s_tone_has_that_tone_and_its_own_order(seed: int) -> None:
    one, other = film(seed), film(seed + 1)
    toned = in_tone(one, tone_of(other))
    assert toned.dtype == np.float32
    again = tone_of(np.rint(toned * 255).astype(np.uint8))
    assert np.abs(again - tone_of(other)).mean() < 0.02
    order = np.argsort(one, axis=None)
    assert (np.diff(toned.ravel()[order]) >= 0).all()
    assert np.abs(in_tone(one, tone_of(one)) - one / 255).mean() < 0.02


def test_a_gamma_is_taken_away_by_a_common_tone() -> None:
    one, common = film(3), tone_of(film(4))
    lighter = np.rint(255 * (one / 255) ** 0.8).astype(np.uint8)
    np.testing.assert_allclose(in_tone(lighter, common), in_tone(one, common), atol=0.03)


def test_a_film_of_one_grey_has_one_tone() -> None:
    grey = np.full((5, 4), 51, np.uint8)
    assert tone_of(grey).tolist() == [0.2] * N_PARTS
    assert np.unique(in_tone(grey, tone_of(film(1)))).size == 1


def test_facts_are_the_greys_below_which_so_much_of_the_film_lies() -> None:
    facts = tone_facts(np.stack([np.full(N_PARTS, 0.25), np.linspace(0, 1, N_PARTS)]))
    assert tuple(facts) == TONE_FACTS
    assert facts["grey at 50 %"].tolist() == pytest.approx([0.25, 0.5])


@pytest.mark.parametrize(("policy", "height", "width"), [("pad", 60, 30), ("squash", 40, 40)])
def test_what_was_added_at_the_sides_is_no_tone(
    tmp_path: Path, policy: FitPolicy, height: int, width: int
) -> None:
    """All of the film is white, whatever is black beside it; the seam is a little grey."""
    square = fit(np.ones((height, width), np.float32), 40, policy)
    content = CacheContent.of(bare_manifest([[1], [0]]), 40, policy)
    cache = Cache(np.stack([square, square]), content)
    tones = cached_tones(cache, np.array([1]), np.array([width / height]))
    assert tones.min() > 0.85
    assert np.median(tones) > 0.95
