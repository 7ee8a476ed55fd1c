"""The page as a server hands it out, and what it asks of a bundle before the first film."""

import mimetypes
from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

from plainfilm.reading.bundle import Bundle
from plainfilm.reports.of_bundle import bundle_json
from plainfilm.serve.own_page import OwnPage
from plainfilm.serve.site import PAGE, SiteError, page_files

# What web/index.html states for itself, for hosts that send no headers; and no frames around it.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'; img-src 'self' blob: data:; style-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
}
_TYPES = {".webmanifest": "application/manifest+json", ".wasm": "application/wasm",
          ".js": "text/javascript", ".bin": "application/octet-stream"}  # fmt: skip
_FOREVER = "public, max-age=31536000, immutable"  # names under assets/ change with their content
_ASK = "no-cache"
_SITE_ONLY = ("sw.js",)  # keeps a static site offline; a server's page is not kept


def page_routes(
    find: Callable[[str], Bundle], page: Path = PAGE, *, own: OwnPage | None = None
) -> APIRouter:
    """GET / and the page's files, and GET /v1/bundles/NAME/about.

    Parameters
    ----------
    find
        The bundle that answers under a name; raises KeyError where there is none.
    page
        The page as it was built. Where it was not, / says how to.
    own
        What the house says on it; None = as it was built.
    """
    router = APIRouter(include_in_schema=False)
    files = _files(page)
    if own is not None:
        files = {**files, **own.films, "app.json": own.laid_over(files.get("app.json", b"{}"))}

    @router.get("/v1/bundles/{name}/about")
    async def about(name: str) -> dict[str, object]:
        """Header, hash and evaluation of the bundle."""
        try:
            return bundle_json(find(name))
        except KeyError as error:
            raise HTTPException(404, f"{name[:40]}: no such bundle is served") from error

    for name, content in files.items():
        if name not in _SITE_ONLY:
            _add_file(router, name, content)
    return router


def _add_file(router: APIRouter, name: str, content: bytes) -> None:
    kind = _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0]
    cached = _FOREVER if name.startswith("assets/") else _ASK
    headers = {**_HEADERS, "Cache-Control": cached}

    async def file() -> Response:
        """A file of the page; nothing else on the disk has a name here."""
        return Response(content, headers=headers, media_type=kind)

    for path in (f"/{name}", "/") if name == "index.html" else (f"/{name}",):
        router.add_api_route(path, file, methods=["GET", "HEAD"])


def _files(page: Path) -> Mapping[str, bytes]:
    try:
        return page_files(page)
    except SiteError as error:
        words = f"plainfilm serves films under /v1/read, but has no page: {error}"
        return {"index.html": f"<!doctype html><title>plainfilm</title><p>{words}</p>".encode()}
