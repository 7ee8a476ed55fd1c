"""Requests to an ASGI app, without a socket."""

import asyncio

import httpx
from starlette.types import ASGIApp


def ask(app: ASGIApp, method: str = "POST", path: str = "/", **how: object) -> httpx.Response:
    """The app's answer to one request."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **how)  # type: ignore[arg-type]

    return asyncio.run(asked())
