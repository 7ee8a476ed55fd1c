"""A load on a server, from a process of its own: the same request again and again.

    python benchmarks/load.py HOST PORT REQUEST --clients 4 --seconds 10 [--rate 400]

REQUEST is a file with a whole HTTP request as it goes over the wire (`request_bytes`). Each client
has a connection and a thread, and asks again when it is answered; with --rate, each asks at its
turn of so many requests a second in all, late or not. Prints one JSON object: for each status the
milliseconds from the request's first byte to the answer's last; what failed; processor seconds.
Bounded by --seconds; an answer is waited for no longer than 30 s more, and is a hang then.
"""

import argparse
import json
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

HANG_S = 30.0


class Tally:
    """What came of all requests."""

    def __init__(self) -> None:
        self.ms: defaultdict[int, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self.by: Counter[str] = Counter()
        self.lock = threading.Lock()


class Client:
    """One connection, made again where the server closed it."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.place, self.request = (host, port), request
        self.stream: socket.socket | None = None

    def ask(self) -> tuple[int, Mapping[str, str], bytes]:
        """The status, headers and body of one answer; OSError where there is none."""
        if self.stream is None:
            self.stream = socket.create_connection(self.place, HANG_S)
            self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.stream.sendall(self.request)
            status, headers, body = answer_of(self.stream)
        except OSError:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return status, headers, body

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None


def answer_of(stream: socket.socket) -> tuple[int, Mapping[str, str], bytes]:
    """The next answer on a connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = stream.recv(2**18)
        if not chunk:
            raise ConnectionResetError("closed before an answer")
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines)}
    parts, missing = [body], int(headers.get("content-length", "0")) - len(body)
    while missing > 0:
        chunk = stream.recv(2**18)
        if not chunk:
            raise ConnectionResetError("closed within an answer")
        parts.append(chunk)
        missing -= len(chunk)
    return int(first.split()[1]), headers, b"".join(parts)


def request_bytes(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def ask_on(client: Client, tally: Tally, until: float, turns: list[float] | None) -> None:
    """Ask until the time is over; at `turns`, where they are given."""
    while time.monotonic() < until:
        if turns is not None:
            with tally.lock:
                turn, turns[0] = turns[0], turns[0] + turns[1]
            if turn >= until:
                break
            time.sleep(max(0.0, turn - time.monotonic()))
        began = time.perf_counter()
        try:
            status, headers, _ = client.ask()
        except OSError as error:
            with tally.lock:
                tally.failed["hang" if isinstance(error, TimeoutError) else str(error)] += 1
            continue
        with tally.lock:
            tally.ms[status].append(1e3 * (time.perf_counter() - began))
            tally.by[headers.get("plainfilm-bundle", "")] += 1
    client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("request", type=Path)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float)
    chosen = parser.parse_args()
    tally, request = Tally(), chosen.request.read_bytes()
    began, cpu = time.monotonic(), time.process_time()
    until = began + chosen.seconds
    turns = None if chosen.rate is None else [began, 1 / chosen.rate]
    threads = [
        threading.Thread(
            target=ask_on, args=(Client(chosen.host, chosen.port, request), tally, until, turns)
        )
        for _ in range(chosen.clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {
        "seconds": time.monotonic() - began,
        "cpu_s": time.process_time() - cpu,
        "ms": tally.ms,
        "failed": tally.failed,
        "by": tally.by,
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
