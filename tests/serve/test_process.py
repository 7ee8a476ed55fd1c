import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest

from plainfilm.cli import main
from plainfilm.serve import process
from served import film_part, png_film, server


async def _load(url: str, counts: Counter[object], stopping: threading.Event) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while not stopping.is_set() or counts["after"] < 3:
            try:
                answer = await client.post("/v1/read", files=[film_part(png_film(size=(600, 500)))])
            except httpx.ConnectError:
                return
            counts[answer.status_code] += 1
            counts["after"] += stopping.is_set()


@pytest.mark.slow
def test_a_server_stops_when_told_and_answers_whom_it_let_in(tiny_path: Path) -> None:
    """F6 of the plan, once: SIGTERM under load loses no request, and the exit status is 0."""
    counts: Counter[object] = Counter()
    stopping = threading.Event()

    async def clients(url: str, running: subprocess.Popen[str]) -> None:
        load = [asyncio.create_task(_load(url, counts, stopping)) for _ in range(4)]
        while counts[200] < 20:
            await asyncio.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        stopping.set()
        await asyncio.gather(*load)

    with server(tiny_path, "--workers", "2") as (running, told, lines):
        assert httpx.get(f"{told['url']}/ready").json()["ready"] is True
        assert b"plainfilm_ready 1.0" in httpx.get(f"{told['admin_url']}/metrics").content
        asyncio.run(clients(told["url"], running))
        assert running.wait(30) == 0
    assert set(counts) <= {200, 503, "after"}
    assert counts[200] >= 20
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_the_end_of_an_answer_does_not_wait_for_the_client() -> None:
    """L2 of the plan: without TCP_NODELAY each answer took 40 ms more."""

    async def connected() -> int:
        asked = asyncio.get_running_loop().create_future()
        listening = process._listen("127.0.0.1", 0)
        server = await asyncio.start_server(
            lambda _, writer: asked.set_result(writer), sock=listening
        )
        async with server:
            _, here = await asyncio.open_connection(*listening.getsockname())
            there: asyncio.StreamWriter = await asked
            found: int = there.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY
            )
            for writer in (here, there):
                writer.close()
                await writer.wait_closed()
        return found

    assert asyncio.run(connected())


def test_a_port_that_is_taken_is_told_in_one_line(
    tiny_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", str(tiny_path), "--port", port]) == 1
    assert "choose another (--port, --admin-port)" in capsys.readouterr().err
    assert "PORT" not in os.environ
