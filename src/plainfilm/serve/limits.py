"""What every request is held to, as ASGI layers around an app: size, depth, time, rate, method.

Each layer knows only the protocol, so that it guards whatever routes the app has. A request over a
limit is answered by a problem (RFC 9457); one that is being answered already is cut off.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainfilm.serve.problems import Problem, bad_request, too_large, unavailable, wrong_type

_MARKS = re.compile(rb'["\\\[\]{}]')
_MOST_MARKS = 1_000_000  # a tensor's rows have a thousand; counting these takes half a second
_MOST_CLIENTS = 10_000


class BodyLimit:
    """Cuts off bodies over `max_bytes` while they come (413), and bodies that unpack (415).

    The announced length counts, and so do the bytes themselves: none is trusted alone. Of all
    requests together no more than `max_inside` are kept; who comes with more is sent away (503).
    """

    def __init__(self, app: ASGIApp, max_bytes: int, max_inside: int | None = None) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_inside = max(max_bytes, max_inside or 0)
        self._n_inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return await tell(wrong_type("a packed body; send it as it is"), scope, send)
        if "transfer-encoding" in headers and "content-length" in headers:
            # Whoever stands before this server may have counted by the other one; what comes next
            # on this connection is then not what it seems (RFC 9112, section 6.3).
            return await tell(_TWO_LENGTHS, scope, send)
        announced = headers.get("content-length", "0")
        if not announced.isascii() or not announced.isdigit():
            return await tell(bad_request("Content-Length is no number"), scope, send)
        if len(announced) > 18 or int(announced) > self._max_bytes:
            return await tell(self._too_large(), scope, send)
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_more = len(message.get("body", b""))
            n_bytes, self._n_inside = n_bytes + n_more, self._n_inside + n_more
            if n_bytes > self._max_bytes:
                raise self._too_large()
            if self._n_inside > self._max_inside:
                raise unavailable("queue-full", "too much is being sent at once; try again later")
            return message

        try:
            return await _answered(self._app, scope, counted, send)
        finally:
            self._n_inside -= n_bytes

    def _too_large(self) -> Problem:
        return too_large(f"more than {self._max_bytes:,} bytes; send fewer films at once")


_TWO_LENGTHS = Problem(
    HTTPStatus.BAD_REQUEST,
    "bad-request",
    "the body has a length and comes in chunks; expected one of them",
    {"Connection": "close"},
)


class HeadAsGet:
    """Answers HEAD as GET without the body, as every server must (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, bodiless)
        finally:
            scope["route"] = asked.get("route")  # for who logs it


class JsonDepth:
    """Refuses JSON that nests deeper than `max_depth`, or has no end, before it is parsed (400)."""

    def __init__(self, app: ASGIApp, max_depth: int = 32) -> None:
        self._app = app
        self._max_depth = max_depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        media_type = Headers(scope=scope).get("content-type", "") if scope["type"] == "http" else ""
        if "json" not in media_type.lower():
            return await self._app(scope, receive, send)
        depth = Depth()

        async def measured() -> Message:
            message = await receive()
            if depth.after(message.get("body", b"")) > self._max_depth:
                raise bad_request(f"JSON nested deeper than {self._max_depth}")
            if depth.n_marks > _MOST_MARKS:
                raise bad_request("JSON of more than a million strings and brackets")
            return message

        return await _answered(self._app, scope, measured, send)


class Depth:
    """How deep JSON nests, told as its bytes come; brackets within strings do not count."""

    def __init__(self) -> None:
        self.deepest = 0
        self.n_marks = 0
        self._depth = 0
        self._in_string = False
        self._escaped_at = -1
        self._n_seen = 0

    def after(self, content: bytes) -> int:
        """The deepest place so far, with these bytes."""
        for found in _MARKS.finditer(content):
            self.n_marks += 1
            self._mark(found[0], self._n_seen + found.start())
        self._n_seen += len(content)
        return self.deepest

    def _mark(self, mark: bytes, at: int) -> None:
        if self._in_string:
            if at == self._escaped_at:
                return
            if mark == b"\\":
                self._escaped_at = at + 1
            elif mark == b'"':
                self._in_string = False
        elif mark == b'"':
            self._in_string = True
        elif mark in b"[{":
            self._depth += 1
            self.deepest = max(self.deepest, self._depth)
        elif mark in b"]}":
            self._depth -= 1


class Deadline:
    """Gives a request up that is not answered whole in `seconds`: a client that dawdles (408)."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, watched)
        except TimeoutError:
            if has_begun:
                raise  # the server cuts the connection, which is all that can still be told
            detail = f"not sent and answered within {self._seconds:g} s; try again"
            headers = {"Connection": "close"}
            problem = Problem(HTTPStatus.REQUEST_TIMEOUT, "too-slow", detail, headers)
            await tell(problem, scope, send)


class RateLimit:
    """So many requests in so many seconds for each caller, more get 429 and Retry-After.

    A bucket of `burst` requests that fills at `per_s` a second. A caller is the key that `who`
    finds, else an address. Only the last ten thousand callers are remembered.

    References
    ----------
    RFC 6585, section 4; RFC 9110, section 10.2.3.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_s: float,
        burst: int,
        who: Callable[[Scope], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._per_s = per_s
        self._burst = burst
        self._who = who
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        wait_s = self._wait_s(self._who(scope))
        if wait_s <= 0:
            return await self._app(scope, receive, send)
        detail = f"more than {self._burst} requests at once; come back later"
        headers = {"Retry-After": str(int(wait_s) + 1)}
        problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", detail, headers)
        return await tell(problem, scope, send)

    def _wait_s(self, caller: str) -> float:
        """Seconds until the caller's next request; 0 = it may go on now, and is counted."""
        now = self._clock()
        left, since = self._buckets.pop(caller, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._per_s)
        wait_s = 0.0 if left >= 1 else (1 - left) / self._per_s
        self._buckets[caller] = (left if wait_s else left - 1, now)
        while len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return wait_s


def address_of(scope: Scope) -> str:
    """The caller's address; "-" where the server does not know it."""
    client = scope.get("client")
    return str(client[0]) if client else "-"


async def _answered(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run the app; a problem that nobody within has told is told here, if it still can be."""
    has_begun = False

    async def watched(message: Message) -> None:
        nonlocal has_begun
        has_begun = True
        await send(message)

    try:
        await app(scope, receive, watched)
    except Problem as problem:
        if has_begun:
            raise
        await tell(problem, scope, send)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


async def tell(problem: Problem, scope: Scope, send: Send) -> None:
    """Answer a request by a problem."""
    await problem.as_response()(scope, _nothing, send)
