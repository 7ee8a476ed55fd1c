import asyncio
import threading
from pathlib import Path

import pytest

from plainfilm.serve.problems import Problem
from plainfilm.serve.workers import Deadline, Workers, n_cores

LATER = Deadline.after(86_400)  # of the import, long before a slow run gets here


def test_no_more_works_at_once_than_there_are_threads() -> None:
    now, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2)

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait(30)
        with lock:
            now -= 1

    async def main() -> None:
        workers = Workers(2, 9)
        await asyncio.gather(*(workers.reading.run(work, LATER) for _ in range(8)))
        assert workers.reading.is_idle
        workers.close()

    asyncio.run(main())
    assert most == 2


def test_turns_are_given_in_the_order_of_asking() -> None:
    async def main() -> list[int]:
        workers, done = Workers(1, 9), list[int]()
        await asyncio.gather(
            *(workers.reading.run(lambda n=n: done.append(n), LATER) for n in range(9))
        )
        workers.close()
        return done

    assert asyncio.run(main()) == list(range(9))


def test_a_full_house_turns_the_next_away() -> None:
    async def main() -> None:
        workers = Workers(1, 2)
        with workers.place(), workers.place(), pytest.raises(Problem) as caught, workers.place():
            pass
        assert (caught.value.status, caught.value.slug) == (503, "queue-full")
        assert int(caught.value.headers["Retry-After"]) >= 1
        with workers.place():
            assert workers.n_admitted == 1
        workers.is_draining = True
        with pytest.raises(Problem) as caught, workers.place():
            pass
        assert caught.value.slug == "stopping"
        workers.close()

    asyncio.run(main())


def test_who_waits_too_long_is_told_and_takes_no_turn() -> None:
    async def main() -> None:
        workers, go = Workers(1, 9), threading.Event()
        first = asyncio.create_task(workers.reading.run(lambda: go.wait(30), LATER))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            await workers.reading.run(
                lambda: pytest.fail("nobody waits for it"), Deadline.after(0.01)
            )
        assert (caught.value.status, caught.value.slug) == (504, "deadline-passed")
        go.set()
        assert await first
        assert await workers.reading.run(lambda: "next", LATER) == "next"
        workers.close()

    asyncio.run(main())


def test_the_next_is_begun_before_the_loop_turns() -> None:
    """L1 of the plan: a core waited for the loop after each film."""

    async def main() -> None:
        workers, go, begun = Workers(1, 9), threading.Event(), threading.Event()
        first = asyncio.create_task(workers.reading.run(lambda: go.wait(30), LATER))
        second = asyncio.create_task(workers.reading.run(begun.set, LATER))
        await asyncio.sleep(0)
        assert not begun.is_set()
        go.set()
        assert begun.wait(30)  # of this thread, which stops the loop
        await asyncio.gather(first, second)
        assert workers.reading.is_idle
        workers.close()

    asyncio.run(main())


def test_the_next_whose_client_has_gone_is_not_begun() -> None:
    async def main() -> None:
        workers, go = Workers(1, 9), threading.Event()
        first = asyncio.create_task(workers.reading.run(lambda: go.wait(30), LATER))
        left = asyncio.create_task(
            workers.reading.run(lambda: pytest.fail("nobody waits for it"), LATER)
        )
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        go.set()
        assert await first
        assert await workers.reading.run(lambda: "next", LATER) == "next"
        workers.close()

    asyncio.run(main())


def test_a_thread_whose_client_has_gone_is_busy_until_its_work_ends() -> None:
    async def main() -> None:
        workers, go, begun = Workers(1, 9), threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            go.wait(30)

        left = asyncio.create_task(workers.reading.run(work, LATER))
        await asyncio.to_thread(begun.wait, 30)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert not workers.reading.is_idle
        go.set()
        assert await workers.reading.run(lambda: 7, LATER) == 7
        workers.close()

    asyncio.run(main())


def test_an_error_of_the_work_comes_back_and_frees_the_thread() -> None:
    async def main() -> None:
        workers = Workers(1, 9)
        with pytest.raises(ZeroDivisionError):
            await workers.reading.run(lambda: 1 // 0, LATER)
        assert await workers.reading.run(lambda: 7, LATER) == 7
        workers.close()

    asyncio.run(main())
    assert n_cores() >= 1


def granted(folder: Path, own: str, **quotas: str) -> int:
    """The cores of a process in the control group `own`, where groups have these quotas."""
    (folder / "process").write_text(f"4:memory:/elsewhere\n0::{own}\n", encoding="ascii")
    for group, quota in quotas.items():
        (folder / group).mkdir(parents=True, exist_ok=True)
        (folder / group / "cpu.max").write_text(f"{quota}\n", encoding="ascii")
    return n_cores(folder / "process", folder)


def test_cores_are_those_that_a_container_is_granted(tmp_path: Path) -> None:
    """`docker run --cpus 1` on a machine of many cores, seen from within and from without."""
    whole = n_cores(tmp_path / "missing", tmp_path)
    assert granted(tmp_path, "/") == whole  # no group says anything
    assert granted(tmp_path, "/pod/box", **{"pod/box": "max 100000"}) == whole
    assert granted(tmp_path, "/pod/box", **{"pod/box": "100000 100000"}) == 1
    assert granted(tmp_path, "/pod/box", **{"pod/box": "100001 100000"}) == min(whole, 2)
    assert granted(tmp_path, "/pod/box", **{"pod/box": "9900000 100000"}) == whole
    assert granted(tmp_path, "/pod/box", pod="10000 100000") == 1  # a tenth of one
    assert granted(tmp_path, "/", **{".": "50000 100000"}) == 1


def test_the_next_film_is_decoded_while_others_are_read() -> None:
    """L1 of the plan: a core waited for each film to come out of its file."""
    read, decoded = threading.Event(), threading.Event()

    async def main() -> None:
        workers = Workers(1, 9)
        reading = asyncio.create_task(workers.reading.run(lambda: read.wait(30), LATER))
        await workers.decoding.run(decoded.set, LATER)
        assert not reading.done()
        read.set()
        assert await reading
        workers.close()

    asyncio.run(main())
    assert decoded.is_set()


def test_no_more_films_are_in_hand_than_one_beside_those_that_are_read() -> None:
    """Each holds its pixels: a queue of sixty-four would be gigabytes."""

    async def main() -> None:
        workers = Workers(1, 9)
        async with workers.in_hand(LATER), workers.in_hand(LATER):
            with pytest.raises(Problem) as caught:
                async with workers.in_hand(Deadline.after(0.01)):
                    pytest.fail("one too many")
        assert caught.value.slug == "deadline-passed"
        async with workers.in_hand(LATER):
            pass
        workers.close()

    asyncio.run(main())
