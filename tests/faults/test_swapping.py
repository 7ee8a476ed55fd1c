"""F1 and F2 of the plan: versions come, good and bad, and nobody who asks notices."""

from pathlib import Path

import pytest

from bad_versions import BAD
from drills import push_bad, swap


@pytest.mark.slow
def test_new_versions_under_load_lose_and_mix_no_answer(tmp_path: Path) -> None:
    """F1, twenty swaps; benchmarks/faults.py makes a thousand."""
    asking, _ = swap(tmp_path, 20)
    assert not asking.wrong
    assert asking.n_right >= 60


@pytest.mark.slow
def test_no_bad_version_takes_a_good_one_s_place_under_load(tmp_path: Path) -> None:
    """F2, S4-13: each of nine kinds is refused, with a reason that is told in two places."""
    asking, told = push_bad(tmp_path, 1)
    assert not asking.wrong
    assert set(told) == set(BAD)
    assert all(told.values()), told
