"""nginx as deploy/nginx.conf sets it, before servers on this machine; and slow clients."""

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from pages import REPOSITORY


def has_nginx() -> bool:
    return shutil.which("nginx") is not None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def proxy(folder: Path, ports: Sequence[int], *, retried: str = "") -> Iterator[str]:
    """The proxy's address; only names, places and ports of deploy/nginx.conf are changed.

    `retried` are statuses for which another server is asked too, beside those of the file.
    """
    port = free_port()
    text = (REPOSITORY / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    (rule,) = set(re.findall(r"server server:8080 resolve (.*);", text))
    servers = "\n".join(f"server 127.0.0.1:{each} {rule};" for each in ports)
    text = re.sub(r"server server:8080 resolve .*;", servers, text)
    text = re.sub(r"^ *resolver .*$", "", text, flags=re.M)
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace(
        "/var/cache/nginx/body", str(folder / "body")
    )
    text = text.replace("proxy_next_upstream error", f"proxy_next_upstream error {retried}")
    text = text.replace("/dev/stdout", str(folder / "access.log"))
    kinds = ("proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = text.replace("http {", f"http {{\n{places}", 1)
    (folder / "nginx.conf").write_text(f"pid {folder}/pid;\ndaemon off;\n{text}", encoding="utf-8")
    words = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    running = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        wait_until_answered(f"http://127.0.0.1:{port}/ping", running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


def start_server(source: Path, port: int, *arguments: str) -> "subprocess.Popen[bytes]":
    """A server at a port, ready."""
    words = [sys.executable, "-m", "plainfilm", "serve", str(source), "--workers", "1",
             "--port", str(port), "--admin-port", "0", *arguments]  # fmt: skip
    running = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    wait_until_answered(f"http://127.0.0.1:{port}/v2/health/ready", running)
    return running


def wait_until_answered(
    address: str, running: "subprocess.Popen[bytes]", within_s: float = 60
) -> None:
    """Until 200 comes from there; AssertionError where the process ends or the time passes."""
    until = time.monotonic() + within_s
    while True:
        assert running.poll() is None
        assert time.monotonic() < until
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)


@contextmanager
def slow_clients(url: str, n_each: int) -> Iterator[list[socket.socket]]:
    """Connections of three kinds: with half a head, with half a body, with nothing."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    starts = (
        b"POST /v1/read HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
        b"Content-Length: 100000\r\n\r\n\x89PNG",
        b"",
    )
    streams = []
    try:
        for start in starts * n_each:
            streams.append(socket.create_connection((host, int(port)), 10))
            streams[-1].sendall(start)
        yield streams
    finally:
        for stream in streams:
            stream.close()
