"""Who asks, and whether they may: the layer in front of an app that knows keys and tokens."""

import asyncio
import ipaddress
import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Asked

from plainfilm.errors import KeysError
from plainfilm.serve.keys import Caller, KeyFile, Scope
from plainfilm.serve.limits import address_of, tell
from plainfilm.serve.problems import Problem
from plainfilm.serve.tokens import OidcSettings, TokenReader

log = logging.getLogger(__name__)

KEY_HEADER = "x-api-key"
CALLER: ContextVar[str] = ContextVar("CALLER", default="-")
"""The id of who asks, for whatever is done for the request; "-" = nobody had to say."""

_BEARER = re.compile(r"[Bb]earer +(\S+)")
_OPEN = re.compile(r"/(ping|ready)|/v2/health/(live|ready)")
_PAGE = re.compile(
    r"/(index\.html|app\.json|icon\.svg|manifest\.webmanifest|(assets|examples)/[A-Za-z0-9_.-]+)?"
)
_READING = re.compile(r"/v1/(read|studies|jobs|models|bundles)(/.*)?")
_ASKING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class AuthSettings:
    """Who is let in: holders of keys in a file, of an issuer's tokens, or of either."""

    keys: Path | None = None
    oidc: OidcSettings | None = None

    @property
    def is_on(self) -> bool:
        """Whether anybody has to say who they are."""
        return self.keys is not None or self.oidc is not None


def check_exposure(host: str, auth: AuthSettings) -> None:
    """Refuse to listen where others can reach the server while nobody has to say who they are.

    Raises
    ------
    KeysError
        Auth is off and `host` is not the loopback, or the file of keys cannot be used or holds
        none.
    """
    if not auth.is_on and not _is_loopback(host):
        raise KeysError(
            f"{host}: others can reach this address, and no keys are asked for; make some with "
            "plainfilm keys add, and name the file with --keys, or listen on 127.0.0.1"
        )
    if auth.keys is not None and auth.oidc is None and not KeyFile(auth.keys).keys():
        raise KeysError(f"{auth.keys.name}: holds no keys; make some with plainfilm keys add")


def needed_scope(method: str, path: str) -> Scope | None:
    """What one must be allowed for a request; None = nothing.

    No secret: that the server lives, and its page, which asks for a key itself. What is on no list
    needs the highest.
    """
    if _OPEN.fullmatch(path) or (method in _ASKING and _PAGE.fullmatch(path)):
        return None
    if path == "/metrics":
        return Scope.METRICS
    if path.startswith("/v2/repository") or path.startswith("/admin"):
        return Scope.ADMIN
    if _READING.fullmatch(path):
        return Scope.READ
    if path == "/v2" or path.startswith("/v2/models/"):
        return Scope.READ if method in _ASKING else Scope.INFER
    return Scope.READ if method in _ASKING else Scope.ADMIN


class Auth:
    """Lets through who may (and notes the caller in the request's state); 401 or 403 for others."""

    def __init__(self, app: ASGIApp, settings: AuthSettings) -> None:
        self._app = app
        self._keys = None if settings.keys is None else KeyFile(settings.keys)
        self._tokens = None if settings.oidc is None else TokenReader(settings.oidc)

    async def __call__(self, scope: Asked, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":  # nothing of ours speaks WebSocket
            return await send({"type": "websocket.close", "code": 1008})
        needed = needed_scope(scope["method"], scope["path"])
        if needed is None:
            return await self._app(scope, receive, send)
        try:
            caller = await self._caller(Headers(scope=scope))
        except KeysError as error:
            log.error("keys", extra={"fields": {"reason": str(error)}})
            return await tell(_UNKNOWABLE, scope, send)
        if caller is None:
            return await tell(_NOT_KNOWN, scope, send)
        if not caller.may(needed):
            return await tell(_forbidden(needed), scope, send)
        scope.setdefault("state", {})["caller"] = caller
        CALLER.set(caller.id)
        return await self._app(scope, receive, send)

    async def _caller(self, headers: Headers) -> Caller | None:
        bearer = _BEARER.fullmatch(headers.get("authorization", ""))
        text = headers.get(KEY_HEADER) or (bearer[1] if bearer else "")
        if not text:
            return None
        if self._keys is not None and text.startswith("pf_"):
            return self._keys.caller(text)
        if self._tokens is not None:
            return await asyncio.to_thread(self._tokens.caller, text)
        return None


def caller_of(scope: Asked) -> str:
    """What logs and rates call who asks: the id of a key or a token's subject, else the address."""
    caller = scope.get("state", {}).get("caller")
    return caller.id if isinstance(caller, Caller) else address_of(scope)


_NOT_KNOWN = Problem(
    HTTPStatus.UNAUTHORIZED,
    "who",
    "no key or token that counts; send one as 'Authorization: Bearer ...' or 'X-API-Key: ...'",
    {"WWW-Authenticate": 'Bearer realm="plainfilm"'},
)
_UNKNOWABLE = Problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "keys-unusable",
    "the server cannot check keys now; its log says why",
    {"Retry-After": "5"},
)


def _forbidden(needed: Scope) -> Problem:
    detail = f"this needs the scope {needed}; ask for a key that has it"
    return Problem(HTTPStatus.FORBIDDEN, "not-allowed", detail)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
