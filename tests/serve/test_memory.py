import ctypes
import gc

import pytest

from plainfilm.serve.memory import give_back, keep_for_good, uncollected


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
