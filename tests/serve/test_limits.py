"""A request over a limit gets its problem, one within passes, whatever the app does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainfilm.serve.limits import (
    BodyLimit,
    Deadline,
    Depth,
    HeadAsGet,
    JsonDepth,
    RateLimit,
    address_of,
)
from serve_calls import ask


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads the whole body and tells its length."""
    n_bytes, more = 0, True
    while more:
        message = await receive()
        n_bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": str(n_bytes).encode()})


async def in_parts(n_parts: int, size: int) -> AsyncIterator[bytes]:
    for _ in range(n_parts):
        yield bytes(size)


def problem(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == answer.json()["detail"]
    return str(answer.json()["type"]).rpartition(":")[2]


def test_a_body_within_the_limit_passes() -> None:
    app = BodyLimit(echo, 100)
    assert ask(app, content=bytes(100)).text == "100"
    assert ask(app, content=in_parts(10, 10)).text == "100"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_cut_off(announced: bool) -> None:
    content = bytes(101) if announced else in_parts(11, 10)
    answer = ask(BodyLimit(echo, 100), content=content)
    assert (answer.status_code, problem(answer)) == (413, "too-large")


def test_the_bodies_of_all_requests_together_are_bounded() -> None:
    """A place in the queue is no right to a quarter of a gigabyte each."""

    async def three() -> list[int]:
        inside, go = asyncio.Semaphore(0), asyncio.Event()

        async def hold(scope: Scope, receive: Receive, send: Send) -> None:
            async def waited(message: Message) -> None:
                inside.release()
                await go.wait()
                await send(message)

            await echo(scope, receive, waited)

        transport = httpx.ASGITransport(BodyLimit(hold, 100, max_inside=150))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first = asyncio.create_task(client.post("/", content=in_parts(10, 10)))
            await inside.acquire()
            second = await client.post("/", content=in_parts(10, 10))
            assert second.headers["retry-after"]
            go.set()
            statuses = [(await first).status_code, second.status_code]
            return [*statuses, (await client.post("/", content=bytes(100))).status_code]

    assert asyncio.run(three()) == [200, 503, 200]


def test_a_body_of_two_lengths_ends_the_connection() -> None:
    """What a proxy counted by one of them, and this server by the other, is two requests or one."""
    headers = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
    answer = ask(BodyLimit(echo, 100), content=bytes(4), headers=headers)
    assert (answer.status_code, problem(answer)) == (400, "bad-request")
    assert answer.headers["connection"] == "close"


def test_head_is_answered_as_get_without_the_body() -> None:
    """As a load balancer asks whether a server is ready."""
    sent: list[Message] = []

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = scope["method"]
        await echo(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "HEAD"}
    asyncio.run(HeadAsGet(named)(scope, receive, send))
    assert [message.get("status", message.get("body")) for message in sent] == [200, b""]
    assert scope == {"type": "http", "method": "HEAD", "route": "GET"}


def test_no_more_of_a_body_is_taken_than_the_limit() -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(10)

    assert ask(BodyLimit(echo, 100), content=endless()).status_code == 413
    assert taken <= 12


@pytest.mark.parametrize("length", ["-1", "4_000", "٣", "9" * 30])
def test_an_impossible_length_is_refused(length: str) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    headers = [(b"content-length", length.encode())]
    scope = {"type": "http", "path": "/", "headers": headers, "method": "POST"}
    asyncio.run(BodyLimit(echo, 100)(scope, receive, send))
    assert sent[0]["status"] in (400, 413)


def test_a_packed_body_is_refused() -> None:
    answer = ask(BodyLimit(echo, 100), content=b"x", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


def test_json_as_deep_as_allowed_passes_and_deeper_is_refused() -> None:
    app, headers = JsonDepth(echo, 5), {"Content-Type": "application/json"}
    assert ask(app, content=nested(5), headers=headers).status_code == 200
    assert problem(ask(app, content=nested(6), headers=headers)) == "bad-request"
    assert ask(app, content=b"[" * 10**5, headers=headers).status_code == 400
    assert ask(app, content=nested(6)).status_code == 200


def test_json_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plainfilm.serve.limits._MOST_MARKS", 1000)
    headers = {"Content-Type": "application/json"}
    assert ask(JsonDepth(echo), content=b"[]," * 500, headers=headers).status_code == 200
    assert ask(JsonDepth(echo), content=b"[]," * 501, headers=headers).status_code == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def depth_of(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value
    is_nested = isinstance(value, dict | list)
    return 1 + max(map(depth_of, inner), default=0) if is_nested else 0  # type: ignore[call-overload]


@given(json_values, st.integers(1, 7), st.booleans())
def test_depth_is_that_of_the_value_however_it_is_cut(
    value: object, step: int, ascii_only: bool
) -> None:
    content, depth = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace"), Depth()
    for at in range(0, len(content), step):
        depth.after(content[at : at + step])
    assert depth.deepest == depth_of(value)


def test_a_client_that_dawdles_is_given_up() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    answer = ask(Deadline(echo, 0.05), content=slow())
    assert (answer.status_code, problem(answer)) == (408, "too-slow")
    assert ask(Deadline(echo, 5), content=b"x").text == "1"


def test_what_is_already_being_answered_is_cut_off() -> None:
    async def begun(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        ask(Deadline(begun, 0.05))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_caller_has_so_many_requests_and_gets_more_with_time() -> None:
    clock = Clock()
    app = RateLimit(echo, per_s=0.5, burst=2, who=lambda scope: scope["path"], clock=clock)
    assert [ask(app, path="/a").status_code for _ in range(3)] == [200, 200, 429]
    assert ask(app, path="/b").status_code == 200
    refused = ask(app, path="/a")
    assert problem(refused) == "too-many"
    clock.now += int(refused.headers["retry-after"])
    assert ask(app, path="/a").status_code == 200
    assert ask(app, path="/a").status_code == 429


def test_the_memory_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plainfilm.serve.limits._MOST_CLIENTS", 3)
    app = RateLimit(echo, per_s=1e-6, burst=1, who=lambda scope: scope["path"], clock=Clock())
    for caller in "abcd":
        ask(app, path=f"/{caller}")
    assert ask(app, path="/d").status_code == 429
    assert ask(app, path="/a").status_code == 200


@pytest.mark.parametrize(
    "layer",
    [
        lambda app: BodyLimit(app, 1), lambda app: Deadline(app, 1), JsonDepth,
        lambda app: RateLimit(app, per_s=1, burst=1, who=address_of),
    ],
)  # fmt: skip
def test_what_is_no_request_passes(layer: Callable[[ASGIApp], ASGIApp]) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: object) -> Message:
        return {}

    running: Awaitable[None] = layer(app)({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    asyncio.run(running)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_an_address_is_the_client_s() -> None:
    assert address_of({"client": ("10.0.0.1", 80)}) == "10.0.0.1"
    assert address_of({"client": None}) == "-"
