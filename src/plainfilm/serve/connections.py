"""Connections that lose no answer: each is sent in one piece, and no unread byte takes it back.

uvicorn speaks HTTP; what stands here is between it and the socket. An answer's head and body leave
together: a proxy that has heard nothing of an answer may ask another server, one that has its head
may not, so a server that is killed must not have sent a head alone. (What is larger than the
socket's buffer, a hundred kilobytes or more, still leaves in parts.) And where the connection ends
with the answer, what the client still sends is taken in and dropped for a while: the kernel resets
a connection that is closed with bytes unread, and the client loses an answer that lay before it.

HTTP is parsed by h11, which bounds a request's head; uvicorn would take httptools where that is
installed, which is faster, and takes in a head without end.

A client that does not get to the end of a request's head holds a connection for `HEAD_S` and no
longer: each takes a file handle, and uvicorn would wait for ever.

References
----------
RFC 9112, section 9.6: the end of a connection in two steps.
"""

import asyncio
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from plainfilm.serve.ending import Spoken

LINGER_S = 5.0  # what a client takes to send the rest and to leave
HEAD_S = 30.0  # what a client takes from its first byte, or from none, to the end of a head


class Connection(asyncio.Protocol):
    """uvicorn's protocol, with its answers in one piece and its ends in two steps.

    To be given to `uvicorn.Config` as `http`, which makes one for each connection.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._spoken: asyncio.Protocol = H11Protocol(
            config=config, server_state=server_state, app_state=app_state, _loop=_loop
        )
        self._way_out: WayOut | None = None
        self._giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("not a stream")
        self._way_out = WayOut(transport)
        self._spoken.connection_made(self._way_out)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Bytes for uvicorn; none once the answer was the last."""
        if self._way_out is not None and not self._way_out.is_closing():
            self._spoken.data_received(data)
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._wait_no_longer()
        self._spoken.connection_lost(exc)

    def pause_writing(self) -> None:
        """The client takes nothing in for now."""
        self._spoken.pause_writing()

    def resume_writing(self) -> None:
        """The client does again."""
        self._spoken.resume_writing()

    def _wait_for_head(self) -> None:
        """Start the time for a head, or end it where the head is there."""
        if not self._is_between():
            self._wait_no_longer()
        elif self._giving_up is None:
            self._giving_up = asyncio.get_running_loop().call_later(HEAD_S, self._give_up)

    def _wait_no_longer(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self._is_between():
            cast(Spoken, self._spoken).shutdown()

    def _is_between(self) -> bool:
        """Whether no request is being answered."""
        answer = cast(Spoken, self._spoken).cycle
        return answer is None or answer.response_complete


class WayOut(asyncio.Transport):
    """A transport that joins what is written before the loop turns, and closes in two steps.

    Closing says at once that no more will be sent; the connection ends when the client has left
    too, or after `linger_s`.
    """

    def __init__(self, inner: asyncio.Transport, *, linger_s: float = LINGER_S) -> None:
        super().__init__()
        self._inner, self._linger_s = inner, linger_s
        self._held: list[bytes] = []
        self._is_closing = False
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send this, together with what is written until the loop turns."""
        if self._is_closing or not data:
            return
        if not self._held:
            self._loop.call_soon(self._send)
        self._held.append(bytes(data))

    def close(self) -> None:
        """Send what is left, say that it was all, and take in what still comes."""
        if self._is_closing:
            return
        self._send()
        self._is_closing = True
        if self._inner.is_closing():
            return
        self._inner.write_eof()
        self._inner.resume_reading()
        self._loop.call_later(self._linger_s, self._inner.close)

    def abort(self) -> None:
        """End the connection now."""
        self._is_closing = True
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether nothing more will be sent."""
        return self._is_closing or self._inner.is_closing()

    def pause_reading(self) -> None:
        """Take nothing in for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Take in again what comes."""
        self._inner.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio knows of the connection."""
        return self._inner.get_extra_info(name, default)

    def _send(self) -> None:
        held, self._held = self._held, []
        if held and not self._inner.is_closing():
            self._inner.write(held[0] if len(held) == 1 else b"".join(held))
