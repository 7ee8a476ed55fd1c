"""F3, F4 and F6 of the plan: what is killed, told to stop, or finds the disk full."""

import json
import os
import resource
import signal
import socket
from pathlib import Path

import httpx
import pytest

from drills import (
    Asking,
    answered,
    children,
    film_request,
    kill,
    kill_decoders,
    stop,
    take_handles,
)
from plainfilm.serve.audit_log import verify
from served import film_part, png_film, server


@pytest.mark.slow
def test_a_server_that_is_killed_is_back_with_all_it_had_written_down(
    tiny_path: Path, tmp_path: Path
) -> None:
    """F3: kill -9; every film that was answered stands in the audit log, whose chain holds."""
    n_answered, _, lacks = kill(tiny_path, tmp_path / "audit.jsonl", 0.03)
    assert n_answered >= 3
    assert lacks == ""


@pytest.mark.slow
def test_decoders_that_are_killed_cost_no_answer(tiny_path: Path) -> None:
    """F3: kill -9 of the decoding children under load; each film is read by the next one."""
    asking, n_killed = kill_decoders(tiny_path, 3, lambda: 0.02)
    assert not asking.wrong
    assert n_killed >= 3


@pytest.mark.slow
def test_a_full_disk_is_told_and_got_over(tiny_path: Path, tmp_path: Path) -> None:
    """F4: the audit log finds no room: 503 with its reason; with room again, answers again."""
    log = tmp_path / "audit.jsonl"
    with (
        server(tiny_path, "--audit-log", log) as (process, told, _),
        httpx.Client(base_url=told["url"], timeout=30) as client,
    ):

        def read() -> httpx.Response:
            return client.post("/v1/read", files=[film_part(png_film())])

        assert read().status_code == 200
        room = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        most = log.stat().st_size + 10
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, room[1]))
        refused = read()
        assert (refused.status_code, refused.json()["type"][-5:]) == (503, "audit")
        assert client.get("/v2/health/live").status_code == 200
        ready = client.get("/v2/health/ready")
        assert (ready.status_code, "audit log" in ready.json()["reason"]) == (503, True)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, room)
        assert client.get("/v2/health/ready").status_code == 200  # without a film's being asked
        assert read().status_code == 200
    events = [json.loads(line)["event"] for line in log.read_text("utf-8").splitlines()]
    assert events == ["film", "resumed", "film"]
    assert verify(log).broken_at is None


@pytest.mark.slow
def test_a_server_without_file_handles_says_so_and_gets_over_it(
    tiny_path: Path, tmp_path: Path
) -> None:
    """F4: 503 and not ready while no file can be opened; then as before, and nothing is lost."""
    log = tmp_path / "audit.jsonl"
    arguments = (tiny_path, "--workers", "1", "--audit-log", log)
    with (
        server(*arguments) as (process, told, lines),
        httpx.Client(base_url=told["url"], timeout=30) as client,
    ):

        def read() -> httpx.Response:
            return client.post("/v1/read", files=[film_part(png_film())])

        before = read()
        room = take_handles(process.pid)
        for child in children(process.pid):
            os.kill(child, signal.SIGKILL)  # another one cannot be started
        refused = read()
        take_handles(process.pid)  # those that the dead child leaves
        with socket.create_connection((client.base_url.host, client.base_url.port)) as waiting:
            ready = client.get("/v2/health/ready")
            while not any("no file handle for a connection" in line for line in lines):
                assert client.get("/ping").status_code == 200
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, room)
            waiting.settimeout(30)
            waiting.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
            assert waiting.recv(65536).startswith(b"HTTP/1.1 200")
        assert (refused.status_code, refused.json()["type"][-5:]) == (503, ":busy")
        assert "file handles" in refused.json()["detail"]
        assert refused.headers["retry-after"]
        assert (ready.status_code, ready.json()["reason"]) == (503, "no file handle is free")
        assert client.get("/v2/health/ready").status_code == 200
        assert read().content == before.content
    assert verify(log).broken_at is None
    assert log.read_bytes().count(b"\n") == 3


@pytest.mark.slow
def test_a_server_told_to_stop_under_load_cuts_nobody_off(tiny_path: Path) -> None:
    """F6."""
    wrong, status, seconds = stop(tiny_path, 0.02)
    assert not wrong
    assert status == 0
    assert seconds <= 20


@pytest.mark.slow
def test_more_than_can_be_taken_in_is_refused_at_once(tiny_path: Path) -> None:
    """L4: many clients, few places; each is answered, 200 or 503."""
    judge = lambda answer: "" if answer[0] == 503 else answered(answer)  # noqa: E731
    with (
        server(tiny_path, "--workers", "1", "--max-waiting", "2") as (_, told, _),
        Asking(told["url"], film_request(), judge, n=24) as asking,
    ):
        asking.wait_for(200)
    assert not asking.wrong
