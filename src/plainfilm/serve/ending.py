"""The end of a server that cuts nobody off: `Server`, in place of uvicorn's.

uvicorn closes its port while connections wait to be taken in, and connections on which a request is
on its way; both are reset. Here the port first lets nobody begin to connect, and takes in who had
begun; then each connection is closed when it has been quiet for a while, or when it was answered.
"""

import asyncio
import ctypes
import select
import socket
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Protocol, cast

import uvicorn

HANDSHAKE_S = 0.3  # who had begun to connect is connected by then
QUIET_S = 1.0  # a request that was on its way has come by then
_LOOK_S = 0.02
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it


class _Answer(Protocol):
    response_complete: bool


class Spoken(Protocol):
    """What uvicorn's protocols for HTTP/1.1 have in common."""

    cycle: _Answer | None

    def shutdown(self) -> None:
        """Close the connection, or where an answer is due, let that be the last."""


class Server(uvicorn.Server):
    """uvicorn's server, with an end of our own; it leaves the signals to who runs it.

    uvicorn would end the process by the signal that it was told to stop by.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, once everybody who had come was answered and has left.

        `timeout_graceful_shutdown` bounds it: who is not done then is cut off.
        """
        doors = sockets or []
        for door in doors:
            turn_away(door)
        until = monotonic() + (self.config.timeout_graceful_shutdown or 0)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - monotonic()):
                await asyncio.sleep(HANDSHAKE_S)
                await self._emptied(doors)
        self.config.timeout_graceful_shutdown = max(1, round(until - monotonic()))
        await super().shutdown(sockets)

    async def _emptied(self, doors: Sequence[socket.socket]) -> None:
        """Until nobody waits at a door, and nobody is inside."""
        quiet_since: dict[Spoken, float] = {}
        while True:
            now, inside = monotonic(), cast(set[Spoken], set(self.server_state.connections))
            if not inside and not _is_anybody_at(doors):
                return
            quiet = [each for each in inside if each.cycle is None or each.cycle.response_complete]
            quiet_since = {each: quiet_since.get(each, now) for each in quiet}
            for each, since in quiet_since.items():
                if now - since >= QUIET_S:
                    each.shutdown()
            await asyncio.sleep(_LOOK_S)


def turn_away(door: socket.socket) -> bool:
    """Let nobody new begin to connect; who has begun gets in. Whether the kernel does that.

    On Linux the first packet of a connection is dropped from here on; the client sends it again
    after a second, and finds the port closed. Elsewhere nothing changes, and who connects while
    the port closes may be reset.
    """
    if sys.platform != "linux":
        return False
    load, mask, equal, answer = 0x30, 0x54, 0x15, 0x06  # BPF: LD|B|ABS, AND, JEQ, RET
    syn, syn_or_ack = 0x02, 0x12
    steps = [
        (load, 0, 0, 13),  # the flags of the TCP header
        (mask, 0, 0, syn_or_ack),
        (equal, 0, 1, syn),
        (answer, 0, 0, 0),
        (answer, 0, 0, 0xFFFFFFFF),
    ]
    program = b"".join(struct.pack("HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    try:
        door.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, header)
    except OSError:
        return False
    return True


def _is_anybody_at(doors: Sequence[socket.socket]) -> bool:
    return bool(select.select(doors, [], [], 0)[0])
