"""What a browser is made to send by a page of another site is refused, as an ASGI layer.

A server on its own machine asks for no key, and any page that somebody there has open can let
their browser post to it: it could not read the answer, but unload a bundle or fill the queue.

Without TLS a browser tells only where its page is from. That is held against the host asked for, as
it came or as a proxy says that it came; no page can set either for another site.

References
----------
W3C, Fetch Metadata Request Headers; RFC 6454, section 7.
"""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from plainfilm.serve.limits import tell
from plainfilm.serve.problems import Problem

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_USUAL_PORTS = {"http": ":80", "https": ":443"}  # an origin leaves them out, some proxies do not
_FOREIGN = Problem(
    HTTPStatus.FORBIDDEN,
    "another-site",
    "a page of another site sent this; open this server's own page, or use no browser; a proxy "
    "must pass Host on, or set X-Forwarded-Host",
)


class OwnOrigin:
    """Refuses what pages of other sites send (403); programs and the own page pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        is_harmless = scope["type"] != "http" or scope["method"] in _HARMLESS
        if is_harmless or not is_foreign(Headers(scope=scope)):
            return await self._app(scope, receive, send)
        return await tell(_FOREIGN, scope, send)


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that a page of another origin sent this."""
    site = headers.get("sec-fetch-site")  # no page can forge it; a proxy may have changed the host
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    scheme, _, place = origin.partition("://")
    own = (headers.get(name, "").lower() for name in ("host", "x-forwarded-host"))
    return place not in [each.removesuffix(_USUAL_PORTS.get(scheme, "")) for each in own if each]
