"""Pixels that two processes share: copied whole, bounded, and given back."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from plainfilm.serve.shared_pixels import NOWHERE, Giver, Taker

MOST = 2**26

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memory to share here")


@pytest.fixture
def taker() -> Iterator[Taker]:
    taker = Taker(MOST)
    yield taker
    taker.close()


def held(taker: Taker) -> int:
    """Bytes of memory behind the file descriptor."""
    return 512 * os.fstat(taker.file).st_blocks


@pytest.mark.parametrize("n_pixels", [0, 1, 1000, 2**23, 2**23 + 1, MOST // 4])
def test_what_is_given_is_taken_whole(taker: Taker, n_pixels: int) -> None:
    given = np.arange(n_pixels, dtype=np.float32)
    Giver(taker.file).give(given.data.cast("B"))
    np.testing.assert_array_equal(taker.take(given.nbytes), given)


def test_what_is_taken_is_a_copy(taker: Taker) -> None:
    """What a child writes after its answer changes nothing."""
    giver, one = Giver(taker.file), np.ones(10, dtype=np.float32)
    giver.give(one.data.cast("B"))
    taken = taker.take(one.nbytes)
    giver.give((2 * one).data.cast("B"))
    np.testing.assert_array_equal(taken, one)


def test_a_large_film_leaves_no_memory_held(taker: Taker) -> None:
    giver = Giver(taker.file)
    for n_pixels in (MOST // 4, 1000):
        given = np.ones(n_pixels, dtype=np.float32)
        giver.give(given.data.cast("B"))
        np.testing.assert_array_equal(taker.take(given.nbytes), given)
        assert held(taker) < 2**20


@pytest.mark.parametrize("size", [100, 2 * MOST])
def test_nobody_can_change_its_size(taker: Taker, size: int) -> None:
    """Where the parent looks at memory that was cut off, the kernel ends it."""
    with pytest.raises(PermissionError):
        os.ftruncate(taker.file, size)
    assert not taker.take(400).any()


def test_a_closed_one_is_nowhere_and_may_be_closed_again(taker: Taker) -> None:
    taker.close()
    taker.close()
    assert taker.file == NOWHERE
    assert taker.inherited == ()
