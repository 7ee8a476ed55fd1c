"""Jobs: many films sent at once, read while nobody waits, answered line by line.

All of it is in memory, and gone with the process: a client whose job is unknown sends it again.
All films of a job are read by the same version.
"""

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from time import monotonic

from plainfilm.serve.asked import Asked
from plainfilm.serve.auth import CALLER
from plainfilm.serve.house import House
from plainfilm.serve.problems import Problem, a_bug, not_found, unavailable
from plainfilm.serve.reading_room import Answer, Attached, item_json, read_film
from plainfilm.serve.shortage import is_shortage, shortage
from plainfilm.serve.stage import LoadedVersion
from plainfilm.serve.uploads import Film
from plainfilm.serve.workers import Deadline

log = logging.getLogger(__name__)

MAX_FINISHED = 64
MAX_REPORT_BYTES = 256 * 2**20
"""Of all jobs that are done; the oldest are forgotten first."""


class JobState(StrEnum):
    """How far a job is."""

    RUNNING = "running"
    DONE = "done"


@dataclass(eq=False)
class Job:
    """A job: what was asked, and a line for each film, in their order, as far as it is read.

    `reports` are those of its films, by their place, where they were asked for.
    `digest` tells one content from another; `finished_at` is a moment of `time.monotonic`.
    """

    id: str
    digest: str
    n_films: int
    place: str
    lines: list[bytes] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None
    finished_at: float | None = None
    reports: dict[int, Attached] = field(default_factory=dict)

    @property
    def state(self) -> JobState:
        """Whether every film has its line."""
        return JobState.DONE if len(self.lines) == self.n_films else JobState.RUNNING

    def as_json(self) -> dict[str, object]:
        """What is told of it."""
        path = f"/v1/jobs/{self.id}"
        told: dict[str, object] = {"id": self.id, "state": self.state, "bundle": self.place}
        return told | {"films": self.n_films, "done": len(self.lines), "results": f"{path}/results"}


class Jobs:
    """The jobs of a server. To be used in one event loop.

    Parameters
    ----------
    max_running
        Jobs that are not done; more get 503.
    ttl_s
        Seconds for which a job that is done can be asked for.
    """

    def __init__(self, house: House, *, max_running: int, ttl_s: float) -> None:
        self._house, self._max_running, self._ttl_s = house, max_running, ttl_s
        self._jobs: dict[str, Job] = {}
        self._of_key: dict[tuple[str, str], str] = {}  # of the caller and the key
        # One thread is left to those who wait, where there is more than one.
        self._turns = asyncio.Semaphore(max(1, house.workers.n_workers - 1))

    def start(
        self, version: LoadedVersion, films: Sequence[Film], asked: Asked, key: str | None
    ) -> Job:
        """Start a job; or, with a key that the same caller used before, the job that it started.

        Raises
        ------
        Problem
            422: the key was used for something else; 503: too many jobs run.
        """
        self._forget_old()
        digest = _digest(films, asked)
        own = None if key is None else (CALLER.get(), key)
        known = None if own is None else self._jobs.get(self._of_key.get(own, ""))
        if known is not None:
            if known.digest != digest:
                status = HTTPStatus.UNPROCESSABLE_ENTITY
                raise Problem(status, "key-reused", "this Idempotency-Key has other content")
            return known
        if sum(job.state is JobState.RUNNING for job in self._jobs.values()) >= self._max_running:
            raise unavailable("queue-full", f"{self._max_running} jobs run; try again later", 10)
        job = Job(secrets.token_hex(16), digest, len(films), str(version.place))
        self._jobs[job.id] = job
        if own is not None:
            self._of_key[own] = job.id
        job.task = asyncio.get_running_loop().create_task(self._run(job, version, films, asked))
        return job

    def find(self, identity: str) -> Job:
        """The job with this id; the 404 `Problem` where there is none, or none any more."""
        self._forget_old()
        if identity not in self._jobs:
            raise not_found("no such job, or no longer; send its films again")
        return self._jobs[identity]

    def drop(self, identity: str) -> None:
        """Forget a job, and read no more of it; 404 as `find`."""
        job = self.find(identity)
        if job.task is not None:
            job.task.cancel()
        self._forget([job])

    async def close(self) -> None:
        """Read no more of any; on return none of their films asks for a thread any more."""
        running = [job.task for job in self._jobs.values() if job.task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(
        self, job: Job, version: LoadedVersion, films: Sequence[Film], asked: Asked
    ) -> None:
        waiting: list[Film | None] = list(films)
        del films  # each is let go as it is read
        with self._house.stage.holding(version):
            reading = [
                asyncio.create_task(self._line(job, version, waiting, index, asked))
                for index in range(len(waiting))
            ]
            try:
                for each in reading:
                    job.lines.append(await each)
            finally:
                for each in reading:
                    each.cancel()
                await asyncio.gather(*reading, return_exceptions=True)
        job.finished_at = monotonic()

    async def _line(
        self,
        job: Job,
        version: LoadedVersion,
        waiting: list[Film | None],
        index: int,
        asked: Asked,
    ) -> bytes:
        async with self._turns:
            film, waiting[index] = waiting[index], None
            if film is None:
                raise ValueError(f"film {index} was read before")
            never = Deadline.after(self._ttl_s)
            try:
                found: Answer | Problem = await read_film(self._house, version, film, asked, never)
            except Problem as problem:
                found = problem
            except Exception as error:  # a job that ends without all its lines would never be done
                found = shortage() if is_shortage(error) else a_bug()
                log.exception(found.slug, extra={"fields": {"job": job.id, "index": index}})
        told = {"index": index, **_item(job, index, film, found)}
        line = json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n"
        return line.encode("utf-8", errors="replace")

    def _forget_old(self) -> None:
        done = sorted(
            (job for job in self._jobs.values() if job.finished_at is not None),
            key=lambda job: job.finished_at or 0.0,
        )
        oldest = monotonic() - self._ttl_s
        surplus = max(len(done) - MAX_FINISHED, _n_over(done))
        self._forget(
            [j for n, j in enumerate(done) if n < surplus or (j.finished_at or 0.0) < oldest]
        )

    def _forget(self, jobs: Sequence[Job]) -> None:
        gone = {job.id for job in jobs}
        self._jobs = {key: job for key, job in self._jobs.items() if key not in gone}
        self._of_key = {key: job for key, job in self._of_key.items() if job not in gone}


def _n_over(done: Sequence[Job]) -> int:
    """How many jobs, oldest first, must go until the reports of the others fit."""
    sizes = [sum(len(each.content) for each in job.reports.values()) for job in done]
    return next(n for n in range(len(sizes) + 1) if sum(sizes[n:]) <= MAX_REPORT_BYTES)


def _item(job: Job, index: int, film: Film, found: Answer | Problem) -> dict[str, object]:
    """A film's place; its report stays with the job, and the answer says where."""
    if isinstance(found, Problem) or found.report is None:
        return item_json(film, found)
    job.reports[index] = found.report
    href = f"/v1/jobs/{job.id}/results/{index}/report"
    return {**found.json, "report": {"media_type": found.report.media_type, "href": href}}


def _digest(films: Sequence[Film], asked: Asked) -> str:
    whole = hashlib.sha256(repr(asked).encode())
    for film in films:
        for part in (film.name.encode("utf-8", "replace"), film.media_type.encode(), film.content):
            whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
