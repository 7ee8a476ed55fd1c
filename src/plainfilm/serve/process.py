"""The server as a process: two ports, one loop, and an orderly end.

On SIGTERM or SIGINT the server says that it is not ready and takes nothing new; for `notice_s` its
port stays open, so that who asks is told so, and to ask on another connection; then it closes, once
every request inside is answered (`ending`).
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from plainfilm.errors import ServeError
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.auth import check_exposure
from plainfilm.serve.connections import Connection
from plainfilm.serve.ending import Server
from plainfilm.serve.house import House
from plainfilm.serve.logs import log_to
from plainfilm.serve.memory import keep_for_good
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.shortage import is_shortage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Doors:
    """Where a server listens, and how it leaves.

    Parameters
    ----------
    host, port
        For readers; port 0 = any that is free.
    admin_host, admin_port
        For administrators and metrics.
    notice_s
        Seconds that the port stays open after the signal to stop.
    drain_s
        Seconds that requests inside may take after that; what is not done then is cut off.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    admin_host: str = "127.0.0.1"
    admin_port: int = 8001
    notice_s: float = 1.0
    drain_s: float = 20.0


def run(settings: ServeSettings, doors: Doors) -> None:
    """Serve until told to stop.

    Raises
    ------
    ServeError
        A port is taken or not allowed.
    KeysError
        Others can reach the server and nobody has to say who they are.
    BundleError
        There is nothing to serve at `settings.source`.
    """
    for host in (doors.host, doors.admin_host):
        check_exposure(host, settings.guards.auth)
    public = _listen(doors.host, doors.port)
    private = _listen(doors.admin_host, doors.admin_port)
    log_to(sys.stderr)
    with public, private:
        asyncio.run(_serve(settings, doors, public, private))


async def _serve(
    settings: ServeSettings, doors: Doors, public: socket.socket, private: socket.socket
) -> None:
    app = create_app(settings)
    house: House = app.state.house
    front = _server(app, doors.drain_s, lifespan="on")
    back = _server(create_admin_app(app), doors.drain_s, lifespan="off")
    keep_for_good()
    asyncio.get_running_loop().set_exception_handler(_tell_shortage)
    told = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    log.info("listening", extra={"fields": {"url": _url(public), "admin_url": _url(private)}})
    serving = [
        asyncio.create_task(front.serve([public])),
        asyncio.create_task(back.serve([private])),
    ]
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, *serving], return_when=asyncio.FIRST_COMPLETED)
    house.workers.is_draining = True
    log.info("stopping", extra={"fields": {"inside": house.workers.n_admitted}})
    if told.is_set():
        await asyncio.sleep(doors.notice_s)
    front.should_exit = True
    await serving[0]
    back.should_exit = True
    await serving[1]
    waiting.cancel()
    log.info("stopped")


def _tell_shortage(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log that nobody can be let in for want of a file handle; the loop tries again in a second.

    The rest of what a loop tells may quote what a client sent, and is dropped (`logs.QUIET`).
    """
    if is_shortage(context.get("exception")):
        log.error("shortage", extra={"fields": {"reason": "no file handle for a connection"}})


def _server(app: FastAPI, drain_s: float, *, lifespan: str) -> Server:
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="on" if lifespan == "on" else "off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
    return Server(config)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        # strerror holds the address once more, as Python writes it
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address"
        raise ServeError(
            f"port {port} of {host}: {reason}; choose another (--port, --admin-port)"
        ) from error
    # Said to be TCP, which create_server leaves open: only then does asyncio send an answer's end
    # at once, where it would else wait 40 ms for the client to acknowledge the beginning.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listening.detach())


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
