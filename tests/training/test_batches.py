from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.training.batches import (
    Films,
    batch_positions,
    epoch_order,
    films_of,
    steps_per_epoch,
)
from plainfilm.training.copies import AS_IT_IS, MIRRORED, Copies


@pytest.fixture
def train_films(prepared: Path) -> Films:
    return films_of(Manifest.load(prepared), Cache.open(prepared), "train")


def test_films_are_luminance_in_0_to_1_with_their_own_labels(train_films: Films) -> None:
    batch = train_films.take(np.array([4, 1]))

    assert batch.films.shape == (2, 1, 32, 32)
    assert batch.films.dtype == torch.float32
    assert float(batch.films.min()) >= 0
    assert float(batch.films.max()) <= 1
    expected = torch.from_numpy(train_films.labels[[4, 1]])
    torch.testing.assert_close(batch.labels, expected, equal_nan=True)
    assert torch.equal(batch.films[0, 0], torch.from_numpy(train_films.pixels[4].copy()) / 255)


def test_unknown_labels_come_through_as_nan(train_films: Films) -> None:
    assert np.isnan(train_films.take(np.array([4])).labels.numpy()).tolist() == [[False, True]]


def test_a_split_holds_only_its_films(prepared: Path) -> None:
    manifest, cache = Manifest.load(prepared), Cache.open(prepared)

    train, val, test = (films_of(manifest, cache, name) for name in ("train", "val", "test"))

    assert (len(train), len(val), len(test)) == (40, 16, 0)
    assert not set(train.rows) & set(val.rows)


@given(n=st.integers(1, 200), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_an_epochs_order_holds_every_film_once(n: int, seed: int, epoch: int) -> None:
    assert sorted(epoch_order(n, seed, epoch)) == list(range(n))


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    """S2-25, S4-08: shuffled anew each epoch, and alike in every process."""
    assert np.array_equal(epoch_order(50, 1, 2), epoch_order(50, 1, 2))
    assert not np.array_equal(epoch_order(50, 1, 2), epoch_order(50, 1, 3))
    assert not np.array_equal(epoch_order(50, 1, 2), epoch_order(50, 2, 2))


@given(n=st.integers(1, 250), seed=st.integers(0, 9), size=st.integers(1, 40))
def test_s3_06_shuffling_keeps_every_film_with_its_label(n: int, seed: int, size: int) -> None:
    """S3-06: films and labels are shuffled as pairs."""
    numbers = np.arange(n)
    pixels = np.tile(numbers[:, np.newaxis, np.newaxis], (1, 2, 2)).astype(np.uint8)
    labels, side = numbers[:, np.newaxis].astype(np.float32), np.zeros((n, 0), np.float32)

    order = epoch_order(n, seed, 0)
    batch = Films(pixels, numbers, labels, side).take(batch_positions(order, 0, size))

    shown = (batch.films[:, 0, 0, 0] * 255).round()
    assert shown.tolist() == batch.labels[:, 0].tolist()


@given(n=st.integers(1, 100), size=st.integers(2, 40), world=st.integers(1, 4))
def test_the_ranks_together_see_the_batch_of_one_process(n: int, size: int, world: int) -> None:
    order = epoch_order(n, 0, 0)

    for step in range(steps_per_epoch(n, size)):
        whole = batch_positions(order, step, size)
        parts = [batch_positions(order, step, size, rank=r, world=world) for r in range(world)]
        assert sorted(np.concatenate(parts)) == sorted(whole)
        assert len(whole) == min(size, n)


def test_pixels_are_read_of_those_films_alone_that_are_needed(train_films: Films) -> None:
    positions = np.array([4, 1, 7])
    whole = train_films.take(positions)

    part = train_films.take(positions, np.array([2, 0]))

    assert torch.equal(part.films, whole.films[[2, 0]])
    torch.testing.assert_close(part.labels, whole.labels, equal_nan=True)


def test_copies_are_films_with_their_labels_and_changes() -> None:
    films = Films(
        pixels=np.arange(32, dtype=np.uint8).reshape(2, 4, 4),
        rows=np.array([0, 1]),
        labels=np.array([[0.0], [1.0]], np.float32),
        side=np.zeros((2, 0), np.float32),
    )
    copies = Copies(np.array([1, 1]), np.array([MIRRORED, AS_IT_IS], np.int8), of_present=True)

    batch = films.with_copies(copies).take(np.array([0, 1, 2, 3]))

    assert batch.labels.flatten().tolist() == [0, 1, 1, 1]
    assert torch.equal(batch.films[2], batch.films[1].flip(-1))
    assert torch.equal(batch.films[3], batch.films[1])


def test_the_published_batches_make_647_steps_an_epoch() -> None:
    """S0-12: 41,408 films in batches of 64; 19,410 steps in 30 epochs."""
    assert steps_per_epoch(41_408, 64) == 647
    assert 30 * steps_per_epoch(41_408, 64) == 19_410
