"""A server that ends answers who has come, and lets nobody else begin."""

import asyncio
import select
import socket
from collections.abc import Callable

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plainfilm.serve.connections import Connection
from plainfilm.serve.ending import Server, turn_away
from wire import answer_of

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"hello")(scope, receive, send)


def while_it_ends(talk: Callable[[Server, tuple[str, int]], None]) -> None:
    """Run a server until a client, on a thread of its own, has told it to stop and was served."""

    async def both() -> None:
        door = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(hello, http=Connection, ws="none", lifespan="off",
                                log_config=None, timeout_graceful_shutdown=5)  # fmt: skip
        server = Server(config)
        serving = asyncio.create_task(server.serve([door]))
        while not server.started:
            await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, talk, server, door.getsockname())
        await asyncio.wait_for(serving, 10)

    asyncio.run(both())


def test_a_connection_that_was_made_before_the_end_is_answered() -> None:
    """F6: the request comes when the server is ending already."""
    answers = []

    def talk(server: Server, place: tuple[str, int]) -> None:
        made, used = (socket.create_connection(place, 10) for _ in range(2))
        with made, used:
            used.sendall(GET)
            answers.append(answer_of(used))
            server.should_exit = True
            for client in (made, used):
                client.sendall(GET)
                answers.append(answer_of(client))
            assert made.recv(1) == b""  # closed in order, not reset
            assert used.recv(1) == b""

    while_it_ends(talk)
    assert [answer[0] for answer in answers] == [200, 200, 200]


def test_who_has_begun_to_connect_gets_in_and_nobody_new_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        waiting = socket.create_connection(door.getsockname(), 10)
        if not turn_away(door):
            pytest.skip("this kernel cannot")
        with waiting:
            inside, _ = door.accept()
            with inside:
                waiting.sendall(b"here")
                assert inside.recv(10) == b"here"
        with pytest.raises(TimeoutError):
            socket.create_connection(door.getsockname(), 0.1)
        assert not select.select([door], [], [], 0)[0]
