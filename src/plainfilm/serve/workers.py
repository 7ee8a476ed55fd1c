"""Workers: films wait in a bounded queue, and one thread for each core reads them.

One film fills a core's vector units, and waiting for company costs time and gains nothing. Where
that is otherwise, `batching` puts together what threads ask at the same time. While films are read,
the next one is decoded, so that no core waits for a film.
"""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import TypeVar

from plainfilm.serve.problems import Problem, unavailable

T = TypeVar("T")

_PROCESS, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Deadline:
    """The moment of `time.monotonic` after which nobody waits for the answer any more."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """So many seconds from now."""
        return cls(monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds left; 0 or less = passed."""
        return self.at - monotonic()

    def check(self) -> None:
        """Raise the 504 `Problem` where it has passed."""
        if self.left_s <= 0:
            raise _too_late()


class Crew:
    """Threads that do one kind of work, and the queue before them. To be used in one event loop.

    Parameters
    ----------
    n_threads
        At least 1.
    name
        Of the threads.
    n_next
        Pieces of work that lie ready for the next thread that is free, so that it does not wait
        until the loop has turned.
    """

    def __init__(self, n_threads: int, name: str, *, n_next: int = 0) -> None:
        self._threads = ThreadPoolExecutor(n_threads, thread_name_prefix=name)
        self._n_threads = n_threads
        self._n_taken = 0
        self._free = asyncio.Semaphore(n_threads + n_next)

    async def run(self, work: Callable[[], T], deadline: Deadline) -> T:
        """What `work` returns, called on one of the threads when its turn has come.

        Raises
        ------
        Problem
            504: the deadline passed while it waited. Work that has begun is finished.
        """
        await _acquire(self._free, deadline)
        self._n_taken += 1
        try:
            deadline.check()
            inside = copy_context().run  # of the request: its trace goes on in the thread
            turn = self._threads.submit(inside, work)
        except BaseException:
            self._release()
            raise
        # The thread is busy until the work ends, whether or not anybody still waits for it.
        running = asyncio.wrap_future(turn)
        running.add_done_callback(lambda _: self._release())
        too_late = asyncio.get_running_loop().call_later(max(0.0, deadline.left_s), turn.cancel)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            if turn.cancelled():
                raise _too_late() from None
            turn.cancel()  # nobody waits for it; of no effect where it has begun
            raise
        finally:
            too_late.cancel()

    @property
    def is_idle(self) -> bool:
        """Whether a thread is free at once."""
        return self._n_taken < self._n_threads

    def close(self) -> None:
        """Let the threads go, once what they have begun is done."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _release(self) -> None:
        self._n_taken -= 1
        self._free.release()


class Workers:
    """The crews that decode and read, and who is let in. To be used in one event loop.

    Parameters
    ----------
    n_workers
        Threads that read, and as many that decode.
    max_waiting
        Requests admitted at once, those being worked on among them.
    """

    def __init__(self, n_workers: int, max_waiting: int) -> None:
        self.n_workers = n_workers
        self.max_waiting = max_waiting
        self.n_in_hand = n_workers + 1
        self.n_admitted = 0
        self.is_draining = False
        self.decoding = Crew(n_workers, "decoder")
        self.reading = Crew(n_workers, "reader", n_next=1)
        self._hands = asyncio.Semaphore(self.n_in_hand)

    def refusal(self) -> Problem | None:
        """Why nobody gets a place now, 503 with Retry-After; None = there is one."""
        if self.is_draining:
            return unavailable("stopping", "the server is stopping; ask another one")
        if self.n_admitted >= self.max_waiting:
            return unavailable("queue-full", f"{self.n_admitted} requests wait; try again later")
        return None

    @contextmanager
    def place(self) -> Iterator[None]:
        """A request's place in the house, from its head to its answer.

        Raises
        ------
        Problem
            503, with Retry-After: all places are taken, or the server is stopping.
        """
        if (refusal := self.refusal()) is not None:
            raise refusal
        self.n_admitted += 1
        try:
            yield
        finally:
            self.n_admitted -= 1

    @asynccontextmanager
    async def in_hand(self, deadline: Deadline) -> AsyncIterator[None]:
        """A film's turn, from its decoding to its answer: no more are held in memory at a time.

        Raises
        ------
        Problem
            504: the deadline passed before.
        """
        await _acquire(self._hands, deadline)
        try:
            yield
        finally:
            self._hands.release()

    def close(self) -> None:
        """Let the threads go, once what they have begun is done."""
        self.decoding.close()
        self.reading.close()


async def _acquire(turns: asyncio.Semaphore, deadline: Deadline) -> None:
    try:
        async with asyncio.timeout(deadline.left_s):
            await turns.acquire()
    except TimeoutError as error:
        raise _too_late() from error


def n_cores(process: Path = _PROCESS, groups: Path = _GROUPS) -> int:
    """Processor cores that this process may use, at least 1.

    Those it may run on, and no more than the time is worth that Linux grants it. A container with
    `--cpus 2` may run on each core of the machine and is stopped when its time is up: a thread for
    each core would let every film wait for all the others.

    Parameters
    ----------
    process, groups
        The file that tells the process's control group, and the tree of all groups.

    References
    ----------
    Linux, Control Group v2, "cpu.max": of the process's group and of those it lies in.
    """
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    quota = _quota_cores(process, groups)
    return there if quota is None else min(there, max(1, math.ceil(quota)))


def _quota_cores(process: Path, groups: Path) -> float | None:
    """The processor time that is granted, in cores; None = any, or nobody says."""
    try:
        told = process.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    own = [Path(line[3:].lstrip("/")) for line in told if line.startswith("0::")]
    found = [_quota(groups / each / "cpu.max") for path in own for each in (path, *path.parents)]
    return min((quota for quota in found if quota is not None), default=None)


def _quota(file: Path) -> float | None:
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # not there, or "max"
        return None


def _too_late() -> Problem:
    detail = "the deadline passed before the film's turn came; try again later"
    return Problem(HTTPStatus.GATEWAY_TIMEOUT, "deadline-passed", detail, {"Retry-After": "1"})
