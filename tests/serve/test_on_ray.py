"""The app on Ray Serve, as deploy/ray.yaml starts it: skipped where Ray is not installed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
import yaml

from pages import REPOSITORY
from plainfilm.errors import KeysError, MissingExtra, ServeError
from plainfilm.images import read_radiograph_bytes
from plainfilm.reading import Reader
from plainfilm.reports.as_json import prediction_json
from plainfilm.serve.app import create_app
from plainfilm.serve.on_ray import Arguments, Replica, app
from plainfilm.serve.settings import ServeSettings
from proxied import free_port, has_nginx, proxy, wait_until_answered
from served import film_part, png_film
from tiny_bundle import tiny_bundle

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
CANARY = "Canarino_Piumagialla_19310217.png"


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_the_extra_is_named() -> None:
    with pytest.raises(MissingExtra, match="cluster"):
        app(Arguments(anyone=True))


def test_nobody_is_let_in_by_oversight(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="no keys are asked for"):
        Arguments().settings()
    with pytest.raises(KeysError, match="leave one of them out"):
        Arguments(anyone=True, keys=tmp_path / "keys.json").settings()
    found = Arguments(anyone=True, workers="3", poll_s="2.5")  # type: ignore[arg-type]
    assert (found.settings().n_workers, found.settings().poll_s) == (3, 2.5)
    assert found.settings().max_jobs == 0


def test_an_argument_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="replica\n"):
        Arguments(replica=3)  # type: ignore[call-arg]


@contextmanager
def ray_serving(source: Path, folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The port of a Ray of our own that serves a bundle on two replicas, and its process."""
    port = free_port()
    asked = yaml.safe_load((REPOSITORY / "deploy" / "ray.yaml").read_text("utf-8"))
    asked["http_options"] |= {"host": "127.0.0.1", "port": port}
    (application,) = asked["applications"]
    del application["args"]["keys"]
    application["args"] |= {"source": str(source), "anyone": True}
    (folder / "ray.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
    words = [sys.executable, "-c", "from ray.serve.scripts import cli; cli()"]
    paths = os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])
    own = {"RAY_ADDRESS": "local", "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0",
           "RAY_TMPDIR": str(folder), "PYTHONPATH": paths}  # fmt: skip
    with (folder / "serve.log").open("wb") as told:
        running = subprocess.Popen([*words, "run", str(folder / "ray.yaml")], stdout=told,
                                   stderr=told, env={**os.environ, **own})  # fmt: skip
        try:
            wait_until_answered(f"http://127.0.0.1:{port}/v2/health/ready", running, 240)
            yield port, running
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)


def replicas() -> list[int]:
    """The processes of the replicas on this machine, of whichever Ray is ours."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes()
            ours = str(os.getuid()) == str(place.stat().st_uid)
        except OSError:
            continue
        if ours and words.startswith(b"ray::ServeReplica:plainfilm:plainfilm"):
            found.append(int(place.name))
    return found


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(not has_nginx(), reason="nginx is not installed")
def test_a_killed_replica_costs_no_answer_where_a_proxy_asks_again() -> None:
    content, before = png_film(3), set(replicas())
    # Its sockets have a name of 107 letters at most.
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        tiny_bundle(14).save(folder / "tiny.bundle")
        film = read_radiograph_bytes(content, CANARY)
        expected = prediction_json(Reader(folder / "tiny.bundle").read(film))
        wrong: list[object] = []
        n_right, go_on = [0], threading.Event()

        def ask(url: str) -> None:
            """Ask again and again, and compare."""
            with httpx.Client(base_url=url, timeout=60) as client:
                while not go_on.is_set():
                    answer = client.post("/v1/read", files=[film_part(content, CANARY)])
                    if answer.status_code == 200 and answer.json() == expected:
                        n_right[0] += 1
                    else:
                        wrong.append((answer.status_code, answer.text[:300]))

        with ray_serving(folder / "tiny.bundle", folder) as (port, _), \
                proxy(folder, [port] * 3, retried="http_500") as url:  # fmt: skip
            asking = [threading.Thread(target=ask, args=(url,)) for _ in range(3)]
            for each in asking:
                each.start()
            wait_for(lambda: n_right[0] >= 20 or bool(wrong))
            wait_for(lambda: len(set(replicas()) - before) == 2)
            os.kill(min(set(replicas()) - before), signal.SIGKILL)
            goal = n_right[0] + 200
            wait_for(lambda: n_right[0] >= goal or bool(wrong))
            go_on.set()
            for each in asking:
                each.join(60)
            assert httpx.get(f"{url}/v1/jobs/none").status_code == 404
        assert not wrong, wrong[:3]
        logs = [path for path in folder.rglob("*") if path.is_file() and path.suffix in
                (".log", ".out", ".err")]  # fmt: skip
        told = [path.name for path in logs if "anarino" in path.read_text(errors="replace")]
        assert logs
        assert told == []
        lines = [line for line in (folder / "serve.log").read_text().splitlines() if "{" in line]
        assert any(json.loads(line[line.index("{"):])["event"] == "version loaded"
                   for line in lines if '"event"' in line)  # fmt: skip


def test_a_replica_is_well_once_a_bundle_is_there(tiny_path: Path, tmp_path: Path) -> None:
    def replica_of(source: Path) -> Replica:
        own = Replica()
        own.app = create_app(ServeSettings(source=source, workers=1))
        return own

    asyncio.run(replica_of(tiny_path).check_health())
    with pytest.raises(ServeError, match="no bundle is loaded"):
        asyncio.run(replica_of(tmp_path).check_health())
