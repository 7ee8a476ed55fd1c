"""A server for tests: the app in this process, on a loop of its own, behind a plain client."""

import asyncio
import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI
from PIL import Image

from phantoms import phantom
from plainfilm.serve.house import House


class Client:
    """Asks an app without a socket; `request` waits for the answer, `start` does not."""

    def __init__(self, app: FastAPI, loop: asyncio.AbstractEventLoop) -> None:
        self.app, self.loop = app, loop
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://plainfilm.test")

    @property
    def house(self) -> House:
        found: House = self.app.state.house
        return found

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What a coroutine returns on the app's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def start(self, method: str, path: str, **how: Any) -> "Future[httpx.Response]":
        work = self._client.request(method, path, timeout=60, **how)
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        return self.start(method, path, **how).result(60)

    async def close(self) -> None:
        await self._client.aclose()

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)


@contextmanager
def serving(app: FastAPI, *others: FastAPI, until_ready: bool = True) -> Iterator[Client]:
    """A client of an app that has started, and has loaded what it can."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    client, stack = Client(app, loop), AsyncExitStack()
    try:
        for each in (app, *others):
            client.run(stack.enter_async_context(each.router.lifespan_context(each)))
        if until_ready:
            client.run(client.house.loader.look())
        yield client
    finally:
        client.run(stack.aclose())
        client.run(client.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


def png_film(seed: int = 0, size: tuple[int, int] = (96, 80)) -> bytes:
    """A drawn chest as the bytes of a PNG file."""
    content = io.BytesIO()
    pixels = (phantom(size=size, seed=seed) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(content, format="PNG")
    return content.getvalue()


def film_part(
    content: bytes, name: str = "film.png", kind: str = "image/png"
) -> tuple[str, tuple[str, bytes, str]]:
    """A film as one part of a multipart body."""
    return ("film", (name, content, kind))


@contextmanager
def listening(app: FastAPI, admin: FastAPI) -> Iterator[tuple[str, str]]:
    """Both apps behind real sockets on loopback, ready; their addresses, as host:port."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    with serving(app) as client:
        servers = [
            uvicorn.Server(uvicorn.Config(each, lifespan="off", log_config=None))
            for each in (app, admin)
        ]
        running = [
            asyncio.run_coroutine_threadsafe(server.serve([own]), client.loop)
            for server, own in zip(servers, sockets, strict=True)
        ]
        names = [f"127.0.0.1:{own.getsockname()[1]}" for own in sockets]
        try:
            yield names[0], names[1]
        finally:
            for server, done in zip(servers, running, strict=True):
                server.should_exit = True
                done.result(60)


@contextmanager
def server(
    *arguments: object, inside: Sequence[str] = ()
) -> Iterator[tuple[subprocess.Popen[str], dict[str, str], list[str]]]:
    """A server as a user starts it, the line in which it says where it listens, and its log.

    `inside` is a command that runs the rest of its own command line.
    """
    words = [str(argument) for argument in arguments]
    command = [
        *inside,
        sys.executable,
        "-m",
        "plainfilm",
        "serve",
        *words,
        "--port",
        "0",
        "--admin-port",
        "0",
    ]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    lines: list[str] = []
    try:
        for line in running.stderr:
            lines.append(line)
            if json.loads(line)["event"] == "version loaded":
                break
        reading = threading.Thread(target=lambda: lines.extend(running.stderr or ()))
        reading.start()
        yield running, json.loads(lines[0]), lines
    finally:
        running.kill()
        running.wait(60)
        reading.join(60)
        running.stderr.close()
