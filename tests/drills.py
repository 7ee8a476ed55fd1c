"""Faults on purpose, as often as is asked: what the tests do a few times, benchmarks/faults.py does
a thousand times. Each drill asks a server all the while, and judges every answer."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from bad_versions import BAD, put_bad
from plainfilm.reading import Reader
from plainfilm.serve.policy import Policy, save_policy
from served import film_part, png_film, server
from tiny_bundle import tiny_bundle
from wire import Answer, Connection, request_bytes

N_SEEDS = 3
SIDE = 32
FILM: NDArray[np.float32] = np.random.default_rng(0).random((1, 1, SIDE, SIDE), np.float32)

Judge = Callable[[Answer], str]
"""Why an answer is wrong; empty = it is not."""


def tensor_request(name: str = "tiny") -> bytes:
    """A fitted film to the graph; the answer is JSON."""
    tensor = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, SIDE, SIDE],
              "data": FILM.ravel().tolist()}  # fmt: skip
    body = json.dumps({"inputs": [tensor], "outputs": [{"name": "probability"}]}).encode()
    headers = {"Content-Type": "application/json"}
    return request_bytes(f"/v2/models/{name}/infer", body, headers)


def film_request() -> bytes:
    """A drawn film to be read."""
    return request_bytes("/v1/read", png_film(), {"Content-Type": "image/png"})


def answered(answer: Answer) -> str:
    """Every answer must be 200."""
    return "" if answer[0] == 200 else f"status {answer[0]}: {answer[2][:200]!r}"


class Asking:
    """Clients that ask until told to stop, and what was wrong with what they got."""

    def __init__(self, url: str, request: bytes, judge: Judge = answered, n: int = 4) -> None:
        self.host, _, port = url.removeprefix("http://").rpartition(":")
        self.port, self.request, self.judge = int(port), request, judge
        self.wrong: Counter[str] = Counter()
        self.ms: list[float] = []
        self.n_right = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(n)]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, n_more: int, seconds: float = 60) -> None:
        """Until so many more were answered rightly, or something was wrong."""
        wanted, until = self.n_right + n_more, time.monotonic() + seconds
        while self.n_right < wanted and not self.wrong and time.monotonic() < until:
            self._over.wait(0.002)

    def _ask_on(self) -> None:
        connection = Connection(self.host, self.port, self.request)
        while not self._over.is_set():
            began = time.perf_counter()
            try:
                reason = self.judge(connection.ask())
            except OSError as error:
                reason = f"{type(error).__name__}: {error}"
            with self._lock:
                self.ms.append(1e3 * (time.perf_counter() - began))
                self.n_right += not reason
                if reason:
                    self.wrong[reason] += 1
            if reason:
                self._over.wait(0.01)
        connection.close()


def publish(repository: Path, version: int) -> None:
    """Put a version there whose weights go by its number, and make it the one that answers."""
    tiny_bundle(14, seed=version % N_SEEDS).save(repository / "tiny" / str(version))
    save_policy(repository / "tiny", Policy(stable=version))


def unmixed() -> Judge:
    """Judges that an answer is 200 and its numbers, its body and its head are of one version."""
    computed = [
        Reader(tiny_bundle(14, seed=seed), threads=1).engine.run(FILM).probability.ravel()
        for seed in range(N_SEEDS)
    ]

    def judge(answer: Answer) -> str:
        if answer[0] != 200:
            return answered(answer)
        told = json.loads(answer[2])
        version = int(told["model_version"])
        if answer[1]["plainfilm-bundle"] != f"tiny/{version}":
            return "the head names another version than the body"
        found = np.float32(told["outputs"][0]["data"])
        is_same = np.array_equal(found, computed[version % N_SEEDS])
        return "" if is_same else "the numbers are of another version"

    return judge


@contextmanager
def repository_server(
    repository: Path, *arguments: object
) -> Iterator[tuple["subprocess.Popen[str]", str, httpx.Client]]:
    """A server of a repository: its process, its address, and a client of its administrators'."""
    with (
        server(repository, "--workers", "2", *arguments) as (process, told, _),
        httpx.Client(base_url=told["admin_url"], timeout=60) as admin,
    ):
        yield process, told["url"], admin


def load_newest(admin: httpx.Client) -> httpx.Response:
    """Tell the server to look."""
    return admin.post("/v2/repository/models/tiny/load", json={})


def swap(repository: Path, n_times: int, n_between: int = 3) -> tuple[Asking, list[float]]:
    """F1: new versions under load; what came, and the megabytes held after each swap."""
    publish(repository, 1)
    held = []
    with (
        repository_server(repository) as (process, url, admin),
        Asking(url, tensor_request(), unmixed()) as asking,
    ):
        for version in range(2, n_times + 2):
            publish(repository, version)
            assert load_newest(admin).status_code == 200
            assert (httpx.get(f"{url}/v2/models/tiny").json()["versions"])[-1] == str(version)
            for path in (repository / "tiny" / str(version - 4)).glob("*"):
                path.unlink()
            asking.wait_for(n_between)
            held.append(rss_mb(process.pid))
    return asking, held


def push_bad(repository: Path, n_times: int) -> tuple[Asking, dict[str, str]]:
    """F2: bad versions under load, each made the one that answers; what came, and for each kind the
    reason that the API told; empty where it or the metric told none, or it was let in."""
    publish(repository, 3)
    told: dict[str, str] = {}
    with (
        repository_server(repository) as (_, url, admin),
        Asking(url, tensor_request(), unmixed()) as asking,
    ):
        for n_failed, (kind, _) in enumerate(product(BAD, range(n_times)), 1):
            version = 3 + N_SEEDS * n_failed
            put_bad(repository / "tiny" / str(version), kind)
            save_policy(repository / "tiny", Policy(stable=version, history=(3,)))
            refused = load_newest(admin)
            asking.wait_for(2)
            counted = f'plainfilm_model_swap_total{{outcome="failed"}} {float(n_failed)}'
            is_counted = counted in admin.get("/metrics").text
            reason = refused.json().get("detail", "") if refused.status_code == 400 else ""
            (bundle,) = httpx.get(f"{url}/v1/bundles").json()["bundles"]
            is_listed = any(v["version"] == version and v.get("reason") for v in bundle["versions"])
            told[kind] = reason if is_counted and is_listed else ""
            shutil.rmtree(repository / "tiny" / str(version))
    return asking, told


def stop(bundle: Path, wait_s: float) -> tuple[Counter[str], int, float]:
    """F6: SIGTERM under load; what was wrong, the exit status, and the seconds it took to end.

    From the signal on 503 is right, and so is a connection refused; one that is cut is not.
    """
    told_at: list[float] = []

    def judge(answer: Answer) -> str:
        return "" if told_at and answer[0] == 503 else answered(answer)

    with server(bundle, "--workers", "2") as (process, told, _):
        with Asking(told["url"], film_request(), judge) as asking:
            asking.wait_for(5)
            time.sleep(wait_s)
            told_at.append(time.monotonic())
            process.send_signal(signal.SIGTERM)
            status = process.wait(60)
        wrong = Counter({k: n for k, n in asking.wrong.items() if "refused" not in k.lower()})
        return wrong, status, time.monotonic() - told_at[0]


def kill(bundle: Path, log: Path, wait_s: float) -> tuple[int, float, str]:
    """F3: kill -9 under load; films answered, seconds to be back, what the audit log lacks."""
    before = _n_lines(log)
    with (
        server(bundle, "--workers", "2", "--audit-log", log) as (process, told, _),
        Asking(told["url"], film_request()) as asking,
    ):
        asking.wait_for(3)
        time.sleep(wait_s)
        process.kill()
        process.wait(60)
    began = time.monotonic()
    with server(bundle, "--workers", "2", "--audit-log", log):
        back_s = time.monotonic() - began
    checked = subprocess.run(
        [sys.executable, "-m", "plainfilm", "audit-log", "verify", str(log)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lacks = "" if checked.returncode == 0 else checked.stdout + checked.stderr
    if _n_lines(log) - before < asking.n_right:
        lacks += f"{asking.n_right} answered, {_n_lines(log) - before} written down"
    return asking.n_right, back_s, lacks


def kill_decoders(bundle: Path, n_times: int, wait_s: Callable[[], float]) -> tuple[Asking, int]:
    """F3: every decoding child killed, again and again, under load; what came, how many died.

    An answer must be the first one, bit for bit, or 503.
    """
    first: list[bytes] = []

    def judge(answer: Answer) -> str:
        if answer[0] == 503:
            return ""
        if answer[0] == 200 and not first:
            first.append(answer[2])
        is_same = answer[0] == 200 and answer[2] == first[0]
        return "" if is_same else f"status {answer[0]}: {answer[2][:200]!r}"

    n_killed = 0
    with (
        server(bundle, "--workers", "2") as (process, told, _),
        Asking(told["url"], film_request(), judge) as asking,
    ):
        asking.wait_for(5)
        for _ in range(n_times):
            time.sleep(wait_s())
            for child in children(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                    n_killed += 1
            asking.wait_for(5)
        ended = httpx.post(f"{told['url']}/v1/read", files=[film_part(png_film())], timeout=60)
        assert ended.status_code == 200
        assert children(process.pid)
    return asking, n_killed


def children(process: int) -> list[int]:
    """The processes that a process has started and that live."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def take_handles(process: int) -> tuple[int, int]:
    """Let a process open no file more; the limits it had, to be given back by prlimit."""
    held = {int(entry.name) for entry in Path(f"/proc/{process}/fd").iterdir()}
    lowest_free = next(number for number in range(len(held) + 1) if number not in held)
    was = resource.prlimit(process, resource.RLIMIT_NOFILE)
    resource.prlimit(process, resource.RLIMIT_NOFILE, (lowest_free, was[1]))
    return was


def rss_mb(process: int) -> float:
    """Memory that a process holds, in megabytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _n_lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0
