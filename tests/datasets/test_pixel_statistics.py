import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from plainfilm.datasets.pixel_statistics import UNVARIED, pixel_statistics
from plainfilm.errors import DatasetError

films = arrays.arrays(np.uint8, st.tuples(st.integers(2, 150), st.just(3), st.just(2)))


def all_rows(stack: np.ndarray) -> np.ndarray:
    return np.arange(len(stack), dtype=np.int64)


@given(films)
def test_s3_10_mean_and_deviation_equal_those_of_the_whole_stack(stack: np.ndarray) -> None:
    """S3-10: read block by block, mean and deviation equal numpy's in float64, to 1e-6."""
    found = pixel_statistics(stack, all_rows(stack))

    deviation = stack.std(axis=0, ddof=1, dtype=np.float64)
    np.testing.assert_allclose(found.mean, stack.mean(axis=0, dtype=np.float64), atol=1e-6)
    np.testing.assert_allclose(
        found.deviation, np.where(deviation > 0, deviation, UNVARIED), atol=1e-6
    )


def test_s3_10_sums_stay_exact_where_single_precision_loses_count() -> None:
    """S3-10: a running sum in float32 drifts on many bright films; ours is exact."""
    stack = np.full((200_001, 1, 1), 253, np.uint8)
    stack[0] = 252

    naive = np.cumsum(stack, dtype=np.float32)[-1] / len(stack)
    found = pixel_statistics(stack, all_rows(stack))

    exact = 253 - 1 / len(stack)
    assert abs(naive - exact) > 1e-3
    assert found.mean.item() == pytest.approx(exact, abs=1e-12)


@given(films)
def test_s3_08_train_films_get_mean_0_and_deviation_1_in_every_pixel(stack: np.ndarray) -> None:
    """S3-08: pixel by pixel, with n - 1; a pixel that never varies becomes 0, not infinite."""
    standard = pixel_statistics(stack, all_rows(stack)).standardise(stack)

    assert standard.dtype == np.float32
    np.testing.assert_allclose(standard.mean(axis=0, dtype=np.float64), 0, atol=1e-4)
    varied = stack.std(axis=0) > 0
    np.testing.assert_allclose(standard.std(axis=0, ddof=1)[varied], 1, atol=1e-3)
    assert not standard[:, ~varied].any()


def test_s3_08_validation_films_are_standardised_by_the_train_films() -> None:
    """S3-08: by train's mean and deviation, whatever their own."""
    stack = np.array([[[10]], [[20]], [[60]]], np.uint8)

    found = pixel_statistics(stack, np.array([0, 1]))

    assert (found.mean.item(), found.deviation.item()) == (15, pytest.approx(50**0.5))
    assert found.standardise(stack[2:]).item() == pytest.approx(45 / 50**0.5)


def test_s3_10_the_bytes_are_never_written_over() -> None:
    """S3-10: a standardised film is a new array of single precision; the cache stays bytes."""
    stack = np.array([[[0]], [[255]]], np.uint8)
    stack.setflags(write=False)

    standard = pixel_statistics(stack, all_rows(stack)).standardise(stack)

    assert standard.ravel() == pytest.approx([-(0.5**0.5), 0.5**0.5])
    assert stack.ravel().tolist() == [0, 255]


def test_s3_09_never_more_than_a_block_of_films_is_held() -> None:
    """S3-09: peak memory stays under that of three blocks of films, however many there are.

    A block is held once as bytes and once squared, in two bytes a pixel.
    """
    stack = np.zeros((2_000, 64, 64), np.uint8)
    rows, block = all_rows(stack), stack[:64].nbytes

    tracemalloc.start()
    pixel_statistics(stack, rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 3 * 2 * block


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_films_are_refused(n: int) -> None:
    with pytest.raises(DatasetError, match=f"{n} films; expected two or more"):
        pixel_statistics(np.zeros((4, 2, 2), np.uint8), np.arange(n))
