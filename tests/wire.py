"""HTTP over a plain socket: what a client that is no library sends and sees."""

import socket
from collections.abc import Mapping

HANG_S = 30.0

Answer = tuple[int, Mapping[str, str], bytes]


class Connection:
    """One connection, made again where the server closed it; it asks the same each time."""

    def __init__(self, host: str, port: int, request: bytes) -> None:
        self.place, self.request = (host, port), request
        self.stream: socket.socket | None = None

    def ask(self) -> Answer:
        """The status, headers and body of one answer; OSError where there is none."""
        if self.stream is None:
            self.stream = socket.create_connection(self.place, HANG_S)
            self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.stream.sendall(self.request)
            answer = answer_of(self.stream)
        except OSError:
            self.close()
            raise
        if answer[1].get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None


def answer_of(stream: socket.socket) -> Answer:
    """The next answer on a connection; it must tell its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(stream)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = {key.lower(): value for key, _, value in pairs}
    parts, missing = [body], int(headers.get("content-length", "0")) - len(body)
    while missing > 0:
        parts.append(_some(stream))
        missing -= len(parts[-1])
    return int(first.split()[1]), headers, b"".join(parts)


def request_bytes(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _some(stream: socket.socket) -> bytes:
    chunk = stream.recv(2**18)
    if not chunk:
        raise ConnectionResetError("closed before the answer was whole")
    return chunk
