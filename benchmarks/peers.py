"""L9: other servers on the same graph, films, clients and machine, each beside ours in turn.

    python benchmarks/peers.py [naive|bentoml|litserve|ray ...]

All of them where none is named. Each peer has an environment of its own, made here once by pip;
its server is a file of peer_servers/, written as its own documentation shows: two workers with one
thread each, as ours has; `naive` is FastAPI with onnxruntime's defaults. The graph is DenseNet-121
with weights of chance. Rounds of ours and the peer's alternate, so that others' work meets both;
where others compute, the clock tells who the system gave time to, so processor time is told too.
First it is checked that both give the same probabilities. Kept in results/peers.json.

Both decode by Pillow and read with as many threads of the same onnxruntime. What is not the same:
each gets films in the form that it takes with the least ado (the body as it is; LitServe: a form),
and ours alone decodes in a confined process, asks whether the picture is a film, and answers with
scores, thresholds and cautions.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import bench_kit as kit
from bench_kit import HERE, Ask, Told, row
from load import Client
from phantoms import phantom
from plainfilm.reading.bundle import Bundle
from proxied import free_port
from served import server
from wire import request_bytes

ROUNDS, ROUND_S, CLIENTS, SIDE = 5, 4.0, 4, 224
_NEEDED = ("onnxruntime", "numpy", "pillow")


@dataclass(frozen=True)
class Side:
    """One of two servers: where it is, its process, and what it is asked."""

    url: str
    process: int
    ask: Ask


@dataclass(frozen=True)
class Peer:
    """Another server: what pip installs, how it starts, and how a film is sent to it."""

    packages: tuple[str, ...]
    script: str
    in_form: bool = False


PEERS = {
    "naive": Peer(("fastapi", "uvicorn"), "naive.py"),
    "bentoml": Peer(("bentoml>=1.4",), "with_bentoml.py"),
    "litserve": Peer(("litserve>=0.2", "python-multipart"), "with_litserve.py", in_form=True),
    "ray": Peer(("ray[serve]>=2.49",), "with_ray.py"),
}


def installed(name: str, folder: Path) -> tuple[Path, str]:
    """The Python of a peer's environment, and its version."""
    place = folder / "peers" / name
    python = place / "bin" / "python"
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wanted, done = " ".join((*PEERS[name].packages, *_NEEDED)), place / "installed"
    if not done.exists() or done.read_text() != wanted:
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([*pip, "install", *wanted.split()], check=True)
        done.write_text(wanted)
    package = PEERS[name].packages[0].partition("[")[0].partition(">")[0]
    words = f"import importlib.metadata as m; print(m.version('{package}'))"
    version = subprocess.check_output([str(python), "-c", words], text=True).strip()
    return python, f"{package} {version}"


@contextmanager
def started(name: str, python: Path, graph: Path) -> Iterator[tuple[str, int]]:
    """A peer's server, ready: its address and its process."""
    port, folder = free_port(), HERE / "peer_servers"
    words = [str(python), str(folder / PEERS[name].script), str(port)]
    if name == "bentoml":
        words = [str(python), "-m", "bentoml", "serve", "with_bentoml:Films", "--port", str(port)]
    own = {"GRAPH": str(graph), "PYTHONPATH": str(folder), "BENTOML_DO_NOT_TRACK": "True",
           "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}  # fmt: skip
    with (graph.parent / f"{name}.log").open("wb") as told:
        # In this session, as ours: Linux shares a busy processor out by sessions.
        env = {**os.environ, "ORT_DISABLE_TELEMETRY": "1", **own}
        running = subprocess.Popen(words, stdout=told, stderr=told, cwd=folder, env=env)
    family = [running.pid]
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, ask_of(PEERS[name], "tensor"), running)
        family = kit.family(running.pid)
        yield url, running.pid
    finally:
        running.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            running.wait(30)
        for each in family:  # those that outlive their parent
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        running.wait(30)


def _wait(url: str, ask: Ask, running: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while True:
        if running.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{url}: does not start; see its log")
        try:
            if answered(url, ask)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)


def answered(url: str, ask: Ask) -> tuple[int, bytes]:
    """Status and body of one answer."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    client = Client(host, int(port), ask.content)
    try:
        status, _, body = client.ask()
    finally:
        client.close()
    return status, body


def content_of(kind: str) -> tuple[str, bytes]:
    """What it is said to be, and the bytes: the very same for everyone."""
    if kind == "tensor":
        return "application/octet-stream", phantom(size=(SIDE, SIDE)).astype("<f4").tobytes()
    return "image/png", kit.film_ask("png").content.partition(b"\r\n\r\n")[2]


def ask_of(peer: Peer, kind: str) -> Ask:
    """A request to a peer."""
    media_type, content = content_of(kind)
    path = f"/{kind}"
    if peer.in_form:
        path, edge = "/predict", "film-and-nothing-else"
        head = (f'--{edge}\r\nContent-Disposition: form-data; name="{kind}"; filename="film"\r\n'
                f"Content-Type: {media_type}\r\n\r\n")  # fmt: skip
        content = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        media_type = f"multipart/form-data; boundary={edge}"
    return Ask(kind, SIDE, request_bytes(path, content, {"Content-Type": media_type}))


def our_ask(kind: str) -> Ask:
    """The same film to our server."""
    return kit.tensor_ask("densenet121", SIDE) if kind == "tensor" else kit.film_ask("png")


def probabilities(body: bytes, kind: str, *, ours: bool) -> list[float]:
    """What an answer says, whatever its shape."""
    if ours and kind == "tensor":
        return [float(each) for each in np.frombuffer(body[body.index(b"}]}") + 3 :], "<f4")]
    found = json.loads(body)
    if ours:
        return [float(each["probability"]) for each in found["findings"]]
    return [float(each) for each in (found["probability"] if isinstance(found, dict) else found)]


def compared(name: str, folder: Path, bundle: Path) -> dict[str, Told]:
    """The rows of one peer."""
    python, version = installed(name, folder)
    graph = folder / "densenet121.onnx"
    graph.write_bytes(Bundle.load(bundle).network)
    rows = {}
    with (
        server(bundle, "--workers", "2") as (process, told, _),
        started(name, python, graph) as (url, peer),
    ):
        for kind in ("tensor", "png"):
            ours = Side(told["url"], process.pid, our_ask(kind))
            theirs = Side(url, peer, ask_of(PEERS[name], kind))
            _check(ours, theirs, kind)
            rows[f"L9 {name}, {kind}"] = _row(folder, (ours, theirs), f"{version}, {kind}")
    return rows


def _check(ours: Side, theirs: Side, kind: str) -> None:
    found = []
    for side in (ours, theirs):
        status, body = answered(side.url, side.ask)
        if status != 200:
            raise SystemExit(f"{side.url}: {status}, {body[:300]!r}")
        found.append(probabilities(body, kind, ours=side is ours))
    if not np.allclose(found[0], found[1], atol=1e-4):
        raise SystemExit(f"{kind}: {found[0][:3]} and {found[1][:3]}")


def _row(folder: Path, sides: tuple[Side, Side], words: str) -> Told:
    ms: dict[Side, list[float]] = {side: [] for side in sides}
    rates: dict[Side, list[float]] = {side: [] for side in sides}
    cpus: dict[Side, list[float]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side in sides:
            before = kit.cpu_s(side.process)
            request = side.ask.file(folder)
            found = kit.load(side.url, request, clients=CLIENTS, seconds=ROUND_S)
            if found["failed"] or set(found["ms"]) != {"200"}:
                raise SystemExit(f"{words}: {found['failed']}, {list(found['ms'])}")
            n = len(found["ms"]["200"])
            ms[side] += found["ms"]["200"]
            rates[side].append(n / found["seconds"])
            cpus[side].append(1e3 * (kit.cpu_s(side.process) - before) / n)
    ours, theirs = sides
    rate = statistics.median(a / b for a, b in zip(rates[ours], rates[theirs], strict=True))
    late = {side: kit.percentile(ms[side], 99) for side in sides}  # a round alone has a hundred
    p99, (a, b) = late[ours] / late[theirs], (statistics.median(rates[side]) for side in sides)
    cost = [statistics.median(cpus[side]) for side in sides]
    seen = (f"{rate:.2f} of its requests a second ({a:.1f} and {b:.1f}), {p99:.2f} of its 99th "
            f"percentile ({late[ours]:.0f} and {late[theirs]:.0f} ms), {cost[0] / cost[1]:.2f} of "
            f"its processor time ({cost[0]:.1f} and {cost[1]:.1f} ms a request)")  # fmt: skip
    what = f"DenseNet-121, {CLIENTS} clients, beside {words}"
    return row(what, "≥ 0.95 and ≤ 1.05", seen, rate >= 0.95 and p99 <= 1.05)


if __name__ == "__main__":
    scratch = kit.scratch()
    served = kit.bundles(scratch)["densenet121"]
    for peer in sys.argv[1:] or PEERS:
        kit.keep("peers", compared(peer, scratch, served))
