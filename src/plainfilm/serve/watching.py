"""Every request watched: an id, a log line, a count, and the headers that protect a browser."""

import asyncio
import logging
import re
import secrets
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plainfilm.serve.house import House
from plainfilm.serve.limits import tell
from plainfilm.serve.problems import a_bug
from plainfilm.serve.shortage import is_shortage, shortage
from plainfilm.serve.tracing import method_of

log = logging.getLogger(__name__)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Frame-Options": "DENY",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_LEFT = 499  # of no standard: what proxies log for a client that left before its answer
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Watch:
    """Stands around an app; sees the path's template, never its values."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, identity, status = perf_counter(), secrets.token_hex(8), 0

        async def watched(message: Message) -> None:
            """Send on, with our headers."""
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers(identity, message)]
            await send(message)

        with self.house.spans.request(scope, identity) as finish:
            try:
                await self._answer(scope, receive, watched)
            except ClientDisconnect:  # in the middle of a body: nobody is left to be answered
                status = status or _LEFT
            except asyncio.CancelledError:  # the server ends, and this takes longer than it may
                refusal = self.house.workers.refusal() if self.house.workers.is_draining else None
                if status or refusal is None:
                    raise
                await refusal.as_response()(scope, receive, watched)
            except Exception as error:
                problem = shortage() if is_shortage(error) else a_bug()
                fields = {"request": identity, "route": _route(scope)}
                log.exception(problem.slug, extra={"fields": fields})
                if not status:
                    await problem.as_response()(scope, receive, watched)
            finally:
                finish(_route(scope), status)
                self._tell(scope, identity, status, perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self.house.workers.refusal() if _takes_a_place(scope) else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:  # told here, before anything is spent on a request that would be refused
            await tell(refusal, scope, send)

    def _headers(self, identity: str, message: Message) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in message["headers"]}
        told = [*_HEADERS, (b"x-request-id", identity.encode())]
        if self.house.workers.is_draining:
            told.append((b"connection", b"close"))
        return [header for header in told if header[0] not in there]

    def _tell(self, scope: Scope, identity: str, status: int, seconds: float) -> None:
        route, method = _route(scope), method_of(scope)
        self.house.metrics.request_seconds.labels(route, method, status).observe(seconds)
        if status in (413, 429, 503, 504):
            self.house.metrics.rejected.labels(str(status)).inc()
        fields = {"request": identity, "route": route, "method": method, "status": status,
                  "ms": round(1000 * seconds, 1), **_trace(scope)}  # fmt: skip
        log.info("request", extra={"fields": fields})


def _takes_a_place(scope: Scope) -> bool:
    return scope["method"] == "POST" and _template(scope["path"]) is not None


def _template(path: str) -> str | None:
    """The route of a request that takes a place; None = of one that does not."""
    if path.startswith("/v2/models/") and path.endswith("/infer"):
        return "/v2/models/{name}/infer"
    return path if path == "/v1/read" else None


def _route(scope: Scope) -> str:
    untaken = _template(scope["path"]) or "unknown"  # refused before a route was looked for
    return str(getattr(scope.get("route"), "path", untaken))


def _trace(scope: Scope) -> dict[str, str]:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            match = _TRACE.fullmatch(value.decode("latin-1"))
            return {"trace": match[1]} if match else {}
    return {}
