import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from plainfilm.images import read_radiograph_bytes
from plainfilm.radiograph import Radiograph
from plainfilm.serve import jobs as room
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving

Held = tuple[Client, threading.Event]


@pytest.fixture
def held(tiny_path: Path) -> Iterator[Held]:
    """A server that decodes no film until the event is set."""
    go = threading.Event()

    def decode(content: bytes, name: str) -> Radiograph:
        go.wait(30)
        return read_radiograph_bytes(content, name)

    settings = ServeSettings(source=tiny_path, workers=2, max_jobs=2, job_ttl_s=600)
    with serving(create_app(settings)) as client:
        client.house.decode = decode
        yield client, go
        go.set()


def start(client: Client) -> dict[str, object]:
    films = [film_part(png_film(), f"{n}.png") for n in range(4)]
    answer = client.post("/v1/jobs", files=films)
    return {"status": answer.status_code, **answer.json()}


def wait_for(client: Client, job: object) -> None:
    until = monotonic() + 60
    while client.get(f"/v1/jobs/{job}").json()["state"] != "done":
        assert monotonic() < until


def test_jobs_leave_a_thread_to_those_who_wait(held: Held) -> None:
    client, go = held
    running = [start(client) for _ in range(2)]
    assert client.house.workers.decoding.is_idle
    third = start(client)
    assert (third["status"], third["type"]) == (503, "urn:plainfilm:problem:queue-full")
    go.set()
    for job in running:
        wait_for(client, job["id"])
    assert start(client)["status"] == 202


def test_a_server_that_stops_amid_a_job_meets_no_bug(
    tiny_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its log told one at each stop: a film's turn came when the threads were gone."""
    settings = ServeSettings(source=tiny_path, workers=4)
    with serving(create_app(settings)) as client:
        is_reading = threading.Event()

        def decode(content: bytes, name: str) -> Radiograph:
            """Take until the server stops."""
            is_reading.set()
            while not client.house.workers.is_draining:
                threading.Event().wait(0.001)
            return read_radiograph_bytes(content, name)

        client.house.decode = decode
        client.post("/v1/jobs", files=[film_part(png_film(), f"{n}.png") for n in range(20)])
        is_reading.wait(30)

    assert [each.message for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_a_version_that_a_job_reads_by_stays_until_it_is_done(held: Held) -> None:
    client, go = held
    job = start(client)["id"]
    client.run(client.house.loader.unload("tiny"))
    assert len(client.house.stage.leaving) == 1
    go.set()
    wait_for(client, job)
    assert not client.house.stage.leaving


def test_a_job_that_is_dropped_reads_no_more(held: Held) -> None:
    client, go = held
    job = start(client)["id"]
    assert client.request("DELETE", f"/v1/jobs/{job}").status_code == 204
    go.set()
    assert client.post("/v1/read", files=[film_part(png_film())]).status_code == 200
    page = client.house.metrics_page().decode()
    assert "plainfilm_inference_requests_total" in page
    assert client.house.stage.leaving == set()


def test_old_jobs_are_forgotten(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    client, go = held
    go.set()
    first = start(client)["id"]
    wait_for(client, first)
    monkeypatch.setattr(room, "MAX_FINISHED", 1)
    second = start(client)["id"]
    wait_for(client, second)
    assert client.get(f"/v1/jobs/{first}").status_code == 404
    monkeypatch.setattr(room, "monotonic", lambda: monotonic() + 601)
    assert client.get(f"/v1/jobs/{second}").status_code == 404
