"""How long a first visit to the static site takes over slow lines, and the next one.

Run: python benchmarks/first_visit.py [--repeat N]

Chromium slows its own network down (CDP's Network.emulateNetworkConditions): so many bits a second
for all requests together, and a wait before each answer. The site is handed out from the same
machine, once by a host that packs nothing and once by one that packs text and code with gzip. Each
visit is in a profile of its own, until the drawn film of the page's examples is read; the next
visit is in the same profile, when the page is kept. Needs the built page, the package playwright
and Chromium.
For the predecessors stands the time that their published bytes need on that line, without a
single wait: the least it can be.
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import io
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from browser import BROWSERS, FLAGS, PREDECESSORS, spread
from plainfilm.reading.shelf import open_bundle
from plainfilm.serve.site import write_site

PACKED = {".html", ".js", ".css", ".json", ".svg", ".wasm"}
PATIENCE_MS = 300_000
STEPS = ("page there", "ready", "first film read")


@dataclass(frozen=True)
class Line:
    """A line: bits a second down, and seconds before each answer."""

    name: str
    bits: float
    wait_s: float

    def least_s(self, megabytes: float) -> float:
        """Seconds that so many bytes need at the least."""
        return megabytes * 8e6 / self.bits


LINES = (
    Line("slow 4G, 1.6 Mbit/s, 150 ms", 1.6e6, 0.150),  # as Lighthouse's preset of that name
    Line("10 Mbit/s, 40 ms", 10e6, 0.040),
)


class Host(http.server.SimpleHTTPRequestHandler):
    """Any web server: files, and whether they changed. It counts the bytes of what it sends."""

    protocol_version = "HTTP/1.1"
    n_bytes = 0

    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        Host.n_bytes += len(content)
        outputfile.write(content)


class PackingHost(Host):
    """One that packs text and code."""

    def send_head(self) -> Any:
        name = self.path.lstrip("/") or "index.html"
        path = Path(self.directory) / name
        if path.suffix not in PACKED or "If-Modified-Since" in self.headers:
            return super().send_head()
        content = gzip.compress(path.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(name))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", self.date_time_string(path.stat().st_mtime))
        self.end_headers()
        return io.BytesIO(content)


@contextlib.contextmanager
def handed_out(folder: Path, host: type[Host]) -> Iterator[str]:
    """The site's address while it is handed out."""
    handler = functools.partial(host, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def visit(page: Any, url: str, line: Line) -> tuple[list[float], int]:
    """Seconds from the navigation to each of `STEPS`, and the bytes sent until it is ready."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"latency": 1000 * line.wait_s, "downloadThroughput": line.bits / 8,
            "uploadThroughput": line.bits / 16}  # fmt: skip
    session.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    found, n_before = [], Host.n_bytes
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(".app").wait_for()
    found.append(time.perf_counter() - began)
    page.locator("#open-here").wait_for(state="attached")
    found.append(time.perf_counter() - began)
    n_bytes = Host.n_bytes - n_before
    page.locator(".example").click()
    page.locator("#findings").wait_for()
    return [*found, time.perf_counter() - began], n_bytes


def visits(browser: Any, url: str, line: Line) -> tuple[list[float], list[float], int]:
    """The steps of a first visit and of the next, and the bytes of the first until ready."""
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 760})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    first, n_bytes = visit(page, url, line)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.close()
    page = context.new_page()
    second, _ = visit(page, url, line)
    context.close()
    return first, second, n_bytes


def row(name: str, times: list[list[float]]) -> str:
    """A line of the table: the median of each step."""
    medians = [statistics.median(step) for step in zip(*times, strict=True)]
    return f"  {name:42}" + "".join(f"{seconds:15.1f} s" for seconds in medians)


def measured(browser: Any, url: str, line: Line, name: str, repeat: int) -> None:
    """Print what visits to one host took."""
    found = [visits(browser, url, line) for _ in range(repeat)]
    least_mb = min(one[2] for one in found) / 1e6  # the page is kept, file by file, from then on
    print(row(f"first visit, {name}, {least_mb:.1f} MB", [one[0] for one in found]))
    print(row("next visit", [one[1] for one in found]), flush=True)


def least(line: Line) -> None:
    """Print what the predecessors' bytes need at the least."""
    for who, (low, high) in PREDECESSORS.items():
        seconds = spread(line.least_s(low), line.least_s(high))
        print(f"  {who}, {spread(low, high)} MB: {seconds} s at the least, for the bytes alone")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3, help="first visits of each kind (3)")
    options = parser.parse_args()
    browser_path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser_path is None:
        sys.exit(f"no browser found; expected one of {', '.join(BROWSERS)}")
    hosts: dict[str, type[Host]] = {"packed by the host": PackingHost, "not packed": Host}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as running:
        site = Path(scratch) / "www"
        write_site(open_bundle("chest14-demo"), site)
        browser = running.chromium.launch(executable_path=browser_path, args=FLAGS)
        for line in LINES:
            print(f"{line.name:44}" + "".join(f"{step:>17}" for step in STEPS))
            for name, host in hosts.items():
                with handed_out(site, host) as url:
                    measured(browser, url, line, name, options.repeat)
            least(line)
        browser.close()


if __name__ == "__main__":
    main()
