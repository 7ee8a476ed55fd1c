import ctypes

import pytest

from plainfilm.serve.memory import give_back


def test_memory_is_asked_back_and_what_is_in_use_stays() -> None:
    kept = bytearray(b"film" * 2**20)
    give_back()
    assert kept == b"film" * 2**20


def test_a_system_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", no_such_library)
    give_back()
