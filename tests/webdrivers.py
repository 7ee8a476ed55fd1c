"""Firefox and WebKit, driven by the protocols that they bring along; no driver of others is needed.

Firefox speaks Marionette on a socket (`--marionette`), WebKit the W3C's WebDriver over HTTP
(`WebKitWebDriver`). The commands are the same.
"""

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 12
PATIENCE_S = 60.0
MINI_BROWSERS = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"

Send = Callable[[str, dict[str, Any]], Any]


@dataclass(frozen=True)
class Browser:
    """A browser with one window; `send` takes a command's name and what it needs."""

    name: str
    send: Send

    def go(self, url: str) -> None:
        self.send("Navigate", {"url": url})

    def run(self, script: str, *values: object) -> Any:
        """What a script's `return` gives."""
        return self.send("ExecuteScript", {"script": script, "args": list(values)})

    def wait(self, script: str) -> Any:
        """What an expression gives once it gives anything; TimeoutError where it never does."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = self.run(f"return {script}")
            if found:
                return found
            time.sleep(0.05)  # WebDriver tells of no event
        raise TimeoutError(f"{self.name}: {script} stayed nothing")

    def type(self, css: str, text: str) -> None:
        """Types into an element; for a file input, the paths to open, a line each."""
        found = self.send("FindElement", {"using": "css selector", "value": css})
        self.send("ElementSendKeys", {"id": found[ELEMENT], "text": text})

    def picture(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(self.send("TakeScreenshot", {}))


def others() -> dict[str, Callable[[], contextlib.AbstractContextManager[Browser]]]:
    """Those of the two that are here, by name; WebKit wants a display as well (xvfb-run)."""
    found: dict[str, Callable[[], contextlib.AbstractContextManager[Browser]]] = {}
    fox = shutil.which("firefox") or shutil.which("firefox-esr")
    driver, minis = shutil.which("WebKitWebDriver"), sorted(Path("/").glob(MINI_BROWSERS))
    if fox:
        found["Firefox"] = lambda: firefox(fox)
    if driver and minis and ("DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ):
        found["WebKit"] = lambda: webkit(driver, str(minis[-1]))
    return found


@contextlib.contextmanager
def firefox(path: str) -> Iterator[Browser]:
    """Firefox without a window, with a profile of its own."""
    port = free_port()
    with tempfile.TemporaryDirectory() as profile:
        settings = f'user_pref("marionette.port", {port});\n'
        (Path(profile) / "user.js").write_text(settings, encoding="ascii")
        command = [path, "--headless", "--marionette", "--no-remote", "--profile", profile]
        with running(command, os.environ | {"HOME": profile}), connected(port) as wire:
            hear(wire)  # it says who it is
            send = marionette(wire)
            send("NewSession", {"capabilities": {"alwaysMatch": {}}})
            yield Browser("Firefox", send)


def marionette(wire: socket.socket) -> Send:
    """Commands as [0, number, name, values]; answers as [1, number, error, value]."""

    def send(name: str, values: dict[str, Any]) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{name}", values])
        wire.sendall(f"{len(message)}:{message}".encode())
        _, _, error, found = json.loads(hear(wire))
        if error:
            raise RuntimeError(f"{name}: {error['error']}: {error['message']}")
        return found["value"] if isinstance(found, dict) and "value" in found else found

    return send


def hear(wire: socket.socket) -> bytes:
    """One message: its length, a colon, and it."""
    head = b""
    while not head.endswith(b":"):
        head += wire.recv(1)
    length, content = int(head[:-1]), b""
    while len(content) < length:
        content += wire.recv(length - len(content))
    return content


@contextlib.contextmanager
def webkit(driver: str, mini_browser: str) -> Iterator[Browser]:
    """WebKit's small browser; it needs a display."""
    port = free_port()
    home = tempfile.TemporaryDirectory()
    with home, running([driver, f"--port={port}"], os.environ | {"HOME": home.name}):
        connected(port).close()
        options = {"binary": mini_browser, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        place = f"http://127.0.0.1:{port}/session"
        found = posted(place, {"capabilities": wanted})
        session = f"{place}/{found['sessionId']}"
        try:
            yield Browser("WebKit", web_driver(session))
        finally:
            urllib.request.urlopen(urllib.request.Request(session, method="DELETE")).close()


def web_driver(session: str) -> Send:
    paths = {"Navigate": "url", "ExecuteScript": "execute/sync", "FindElement": "element"}

    def send(name: str, values: dict[str, Any]) -> Any:
        if name == "TakeScreenshot":
            with urllib.request.urlopen(f"{session}/screenshot") as answer:
                return json.load(answer)["value"]
        if name == "ElementSendKeys":
            return posted(f"{session}/element/{values['id']}/value", {"text": values["text"]})
        return posted(f"{session}/{paths[name]}", values)

    return send


def posted(url: str, values: dict[str, Any]) -> Any:
    request = urllib.request.Request(url, json.dumps(values).encode(), method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(error.read().decode()) from error


@contextlib.contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """A program that is ended afterwards, and what it started too."""
    quiet = subprocess.DEVNULL
    started = subprocess.Popen(
        command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(started.pid, 15)
        started.wait(10)


def connected(port: int) -> socket.socket:
    """A connection to what is about to listen there; TimeoutError where nothing does."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port))
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
