import os
import socket
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import RunError, ToldElsewhere
from plainfilm.training.team import ALONE, Team, agree, join


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that no launcher has set."""
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@given(n=st.integers(0, 60), size=st.integers(1, 7))
def test_s4_08_the_shares_of_all_processes_are_disjoint_and_complete(n: int, size: int) -> None:
    """S4-08: every process sees a different part, and all of them together the whole."""
    shares = [list(Team(rank, size).share(n)) for rank in range(size)]
    assert sorted(chain.from_iterable(shares)) == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_process_alone_waits_for_nobody() -> None:
    rows = torch.rand(3, 2)

    assert ALONE.is_chief
    assert ALONE.total(rows) is rows
    assert ALONE.whole(rows, 3) is rows
    assert ALONE.from_chief(b"all") == b"all"


def test_a_refusal_of_a_process_alone_is_its_own() -> None:
    with pytest.raises(OSError, match="disk"), ALONE.together():
        raise OSError("disk")
    with pytest.raises(RunError, match="mine"), ALONE.alike():
        raise RunError("mine")


def test_what_all_refuse_the_chief_alone_tells() -> None:
    with pytest.raises(RunError) as chiefs, Team(0, 2).alike():
        raise RunError("no number")
    with pytest.raises(ToldElsewhere), Team(1, 2).alike():
        raise RunError("no number")

    assert not isinstance(chiefs.value, ToldElsewhere)


@pytest.mark.parametrize("size", ["", "1"])
def test_without_others_one_is_alone(outside: pytest.MonkeyPatch, size: str) -> None:
    outside.setenv("WORLD_SIZE", size)
    with join() as team:
        assert team is ALONE


def test_half_an_environment_is_refused(outside: pytest.MonkeyPatch) -> None:
    outside.setenv("WORLD_SIZE", "2")
    with pytest.raises(RunError, match="WORLD_SIZE is set and RANK is not"), join():
        pass


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_s4_10_nccl_without_a_gpu_is_refused(outside: pytest.MonkeyPatch) -> None:
    """S4-10: the way of the gradients can be chosen."""
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "localhost")):
        outside.setenv(name, value)
    outside.setenv("MASTER_PORT", "1")
    with pytest.raises(RunError, match=r"no GPU that nccl can use; take gloo\."), join("nccl"):
        pass


def test_a_place_where_nobody_meets_is_told(outside: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "localhost")):
        outside.setenv(name, value)
    with socket.create_server(("", 0)) as taken:  # by another program
        outside.setenv("MASTER_PORT", str(taken.getsockname()[1]))
        with pytest.raises(RunError, match="process 0 of 2 cannot reach the others"), join("gloo"):
            pass


def agreed(store: dist.Store, backends: tuple[str, ...]) -> list[object]:  # type: ignore[name-defined]
    """What each process of an attempt gets: a name, or a refusal."""

    def one(rank: int) -> object:
        try:
            return agree(store, Team(rank, len(backends)), backends[rank])
        except RunError as error:
            return error

    with ThreadPoolExecutor(len(backends)) as pool:
        return list(pool.map(one, range(len(backends))))


def test_each_attempt_agrees_on_a_name_that_no_other_has() -> None:
    store = dist.HashStore()  # type: ignore[attr-defined]
    store.set("call/1", uuid.uuid4().hex)  # of an attempt that died at once

    names = [agreed(store, ("gloo",) * 3) for _ in range(4)]

    assert all(len(set(each)) == 1 for each in names)
    assert len({each[0] for each in names}) == 4


def test_an_attempt_of_other_processes_agrees_too() -> None:
    store = dist.HashStore()  # type: ignore[attr-defined]
    for n in (4, 2, 3):
        assert len(set(agreed(store, ("gloo",) * n))) == 1


def test_processes_that_would_not_speak_alike_are_refused() -> None:
    store = dist.HashStore()  # type: ignore[attr-defined]

    chiefs, other = agreed(store, ("nccl", "gloo"))

    assert isinstance(chiefs, str)
    assert "process 1 would use gloo, the chief nccl; give all the same --backend" in str(other)


def test_the_environment_is_left_as_it_was(outside: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    with join():
        pass
    assert dict(os.environ) == before
