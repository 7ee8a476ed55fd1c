import ctypes
import gc
from pathlib import Path

import pytest

from plainfilm.serve import memory
from plainfilm.serve.memory import give_back, keep_for_good, peak_bytes, uncollected


def test_memory_is_asked_back_and_what_is_in_use_stays() -> None:
    kept = bytearray(b"film" * 2**20)
    give_back()
    assert kept == b"film" * 2**20


def test_a_system_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", no_such_library)
    give_back()


def test_what_was_there_at_the_start_is_not_looked_through_again() -> None:
    before = gc.get_freeze_count()
    try:
        with uncollected():
            assert not gc.isenabled()
            keep_for_good()
            assert gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > before + 1000
    finally:
        gc.unfreeze()


def test_the_most_memory_there_was_stays_when_it_is_gone() -> None:
    before = peak_bytes()
    kept = bytearray(200_000_000)
    kept[::4096] = b"x" * len(kept[::4096])
    during = peak_bytes()
    del kept

    after = peak_bytes()

    assert before is not None
    assert during is not None
    assert after is not None
    assert after >= during >= 200_000_000
    assert after >= before


def test_a_system_without_that_file_is_asked_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")

    found = peak_bytes()

    assert found is not None
    assert 10_000_000 < found < 10**12
