"""Answers leave in one piece, and are not taken back by what the client still sends."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from plainfilm.serve import connections
from plainfilm.serve.connections import Connection, WayOut
from wire import answer_of, request_bytes


class Noting(asyncio.Transport):
    """A way out that leads nowhere, and notes what would have been sent at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))

    def is_closing(self) -> bool:
        return False


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without a look at the body, for the last time on this connection."""
    await Response(b"no" * 500, 413, headers={"Connection": "close"})(scope, receive, send)


async def dawdle(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer after longer than a head may take in these tests."""
    await asyncio.sleep(1.1)
    await Response(b"at last")(scope, receive, send)


def config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, http=Connection, ws="none", lifespan="off", log_config=None)


def connection(app: ASGIApp = refuse) -> Connection:
    chosen = config(app)
    chosen.load()
    return Connection(chosen, ServerState(), {})


def with_client(ask: Callable[[socket.socket], None], app: ASGIApp = refuse) -> None:
    """Let a client on a thread of its own talk to a connection behind a real socket."""

    async def talk() -> None:
        loop, gone = asyncio.get_running_loop(), asyncio.Event()

        class Watched(Connection):
            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                gone.set()

        chosen = config(app)
        chosen.load()
        server = await loop.create_server(
            lambda: Watched(chosen, ServerState(), {}), "127.0.0.1", 0
        )
        async with server:
            with socket.create_connection(server.sockets[0].getsockname(), 10) as client:
                await loop.run_in_executor(None, ask, client)
            await asyncio.wait_for(gone.wait(), 30)

    asyncio.run(talk())


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 10))  # type: ignore[arg-type]


def test_an_answer_s_head_and_body_leave_together() -> None:
    """F7: a proxy asks another server only while it has heard nothing of an answer."""
    way = Noting()

    async def answer() -> None:
        opened = connection()
        opened.connection_made(way)
        opened.data_received(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while not way.sent:
            await asyncio.sleep(0)

    run(answer)
    (whole,) = way.sent
    assert whole.startswith(b"HTTP/1.1 413 ")
    assert whole.endswith(b"\r\n\r\n" + b"no" * 500)


def test_a_client_that_sends_on_after_its_answer_still_gets_it() -> None:
    """F6: the connection is over, and a megabyte of the request not yet sent."""
    answers = []

    def ask(client: socket.socket) -> None:
        client.sendall(request_bytes("/", bytes(2**20), {}))
        answers.append(answer_of(client))
        assert client.recv(1) == b""

    with_client(ask)
    ((status, _, body),) = answers
    assert (status, body) == (413, b"no" * 500)


def test_a_client_that_never_leaves_is_left() -> None:
    ours, theirs = socket.socketpair()

    async def close() -> None:
        lost = asyncio.Event()

        class Told(asyncio.Protocol):
            def connection_lost(self, _: Exception | None) -> None:
                lost.set()

        transport, _ = await asyncio.get_running_loop().create_connection(Told, sock=ours)
        way = WayOut(transport, linger_s=0.01)
        way.write(b"first, ")
        way.write(b"last")
        way.close()
        way.write(b" and too late")
        assert way.is_closing()
        await lost.wait()

    with theirs:
        run(close)
        assert theirs.recv(100) == b"first, last"
        assert theirs.recv(100) == b""


def test_a_head_without_end_is_refused() -> None:
    """With httptools installed, which this test needs to say anything, uvicorn took it all in."""
    pytest.importorskip("httptools")
    told: list[bytes] = []

    def ask(client: socket.socket) -> None:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(ConnectionError):  # it may hang up while we talk on
            for n in range(1000):
                client.sendall(f"X-{n}: {'a' * 10_000}\r\n".encode())
            client.sendall(b"\r\n")
        told.append(client.recv(100))

    with_client(ask)
    assert told[0].startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nX-Slow: "])
def test_who_does_not_get_to_the_end_of_a_head_is_left(
    start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B3, F4: each such connection would hold a file handle for ever."""
    monkeypatch.setattr(connections, "HEAD_S", 0.05)
    heard = []

    def ask(client: socket.socket) -> None:
        client.sendall(start)
        heard.append(client.recv(1))

    with_client(ask)
    assert heard == [b""]


def test_a_slow_answer_is_waited_for_and_so_is_the_next_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 1.0)  # a busy machine takes its time to send one
    answers = []

    def ask(client: socket.socket) -> None:
        for _ in range(2):
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answers.append(answer_of(client)[2])
        client.sendall(b"GET")
        assert client.recv(1) == b""

    with_client(ask, dawdle)
    assert answers == [b"at last"] * 2
