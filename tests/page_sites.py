"""Folders over HTTP, as any web server hands them out, and what they were asked for."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Site:
    """Where the page is, what it was asked for, and a way to switch it off."""

    url: str
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None


class _Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def log_message(self, *_: object) -> None:
        self.asked.append(f"{self.command} {self.path}")

    def do_POST(self) -> None:
        self.asked.append(f"POST {self.path}")
        self.send_response(200)
        self.end_headers()


@contextlib.contextmanager
def handed_out(folder: Path) -> Iterator[Site]:
    """A folder over HTTP, as any web server hands it out."""
    asked: list[str] = []
    handler = functools.partial(
        type("Handler", (_Handler,), {"asked": asked}), directory=str(folder)
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    try:
        yield Site(f"http://127.0.0.1:{server.server_port}/", asked, stop)
    finally:
        stop()
