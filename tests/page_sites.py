"""Folders over HTTP, as any web server hands them out, and what they were asked for."""

import contextlib
import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Site:
    """Where the page is, what it was asked for, a way to switch it off, and who looks at it."""

    url: str
    asked: list[str] = field(default_factory=list)
    stop: Callable[[], None] = lambda: None
    leave: list[Callable[[], None]] = field(default_factory=list)

    def empty(self) -> None:
        """Close the pages that look at it: what they still fetch is no mistake of theirs."""
        while self.leave:
            self.leave.pop()()


class _Handler(http.server.SimpleHTTPRequestHandler):
    asked: list[str]

    def log_message(self, *_: object) -> None:
        self.asked.append(f"{self.command} {self.path}")

    def do_POST(self) -> None:
        self.asked.append(f"POST {self.path}")
        self.send_response(200)
        self.end_headers()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *asked: object) -> None:
        """A page that is closed in the middle of an answer is no mistake of the site."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*asked)


@contextlib.contextmanager
def handed_out(folder: Path) -> Iterator[Site]:
    """A folder over HTTP, as any web server hands it out."""
    asked: list[str] = []
    handler = functools.partial(
        type("Handler", (_Handler,), {"asked": asked}), directory=str(folder)
    )
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def stop() -> None:
        server.shutdown()
        server.server_close()

    site = Site(f"http://127.0.0.1:{server.server_port}/", asked, stop)
    try:
        yield site
    finally:
        site.empty()
        stop()
