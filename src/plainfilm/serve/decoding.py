"""Strangers' files → radiographs, decoded by processes that may misbehave without harm.

Parsers and native codecs run in a few long-lived children (`decoding_child`), each with limits of
memory, time, files and network (`confinement`). A child that dies, hangs or answers nonsense is
killed and replaced, and its film refused. What comes back is what `read_radiograph_bytes` gives in
this process, bit for bit; a film goes through a pipe, its pixels come back through memory that both
see (`shared_pixels`), and neither touches a disk.
"""

import contextlib
import fcntl
import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO, cast

import numpy as np

from plainfilm.errors import NotARadiograph, ServerBusy, UnreadableImage
from plainfilm.images import MAX_FILE_BYTES, MAX_PIXELS
from plainfilm.radiograph import Radiograph
from plainfilm.serve.confinement import Enforced, Limits, environment_of_children
from plainfilm.serve.film_wire import SIZES, radiograph_of
from plainfilm.serve.orphans import end_group
from plainfilm.serve.shared_pixels import Flat, Taker

_MAX_HEADER_BYTES = 2**16
_MAX_PIXEL_BYTES = 4 * MAX_PIXELS
_START_S = 60.0  # a busy machine imports slowly
_FILMS_PER_CHILD = 1000  # then a fresh one: bounds what a codec leaks
_TRIES = 3  # of a film whose child is killed from outside, which is not its fault
_CHUNK = 2**20


class Decoders:
    """A pool of children that decode.

    Parameters
    ----------
    n_children
        Films that are decoded at the same time, at least 1.
    limits
        Of each film; a film over them is refused.
    max_bytes
        The largest file that is looked at.
    """

    def __init__(
        self,
        n_children: int = 2,
        *,
        limits: Limits | None = None,
        max_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        self.limits = limits or Limits()
        self.max_bytes = max_bytes
        self.n_replaced = 0
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        self._closed = threading.Event()
        for _ in range(n_children):
            self._idle.put(None)

    def read(self, content: bytes, name: str, *, wait_s: float | None = None) -> Radiograph:
        """The film in a file; `read_radiograph_bytes`, in a child.

        Parameters
        ----------
        content
            The whole file.
        name
            What messages, reports and logs call the film. Must not identify a patient.
        wait_s
            How long to wait for a child to be free; None = as long as it takes.

        Raises
        ------
        UnreadableImage, NotARadiograph
            As `read_radiograph_bytes`; or the child came to a limit or died over the film.
        ServerBusy
            No child was free in time, or one after the other was killed from outside.
        """
        if len(content) > self.max_bytes:
            raise UnreadableImage(
                f"{name}: {len(content):,} bytes; expected at most {self.max_bytes:,}."
            )
        try:
            child = self._idle.get(timeout=wait_s)
        except queue.Empty:
            raise ServerBusy("all decoders are busy; try again in a second") from None
        try:
            for _ in range(_TRIES):
                with contextlib.suppress(ChildKilled):
                    child = self._usable(child)
                    return child.read(content, name)
                self.n_replaced += 1
            raise ServerBusy("decoders are killed from outside; try again in a second")
        except ChildFailed as error:
            self.n_replaced += 1
            raise UnreadableImage(f"{name}: {error}") from None
        finally:
            self._idle.put(self._kept(child))

    def enforced(self) -> Enforced:
        """Which limits this machine enforces on the children."""
        child = self._usable(self._idle.get())
        self._idle.put(child)
        return child.enforced

    def processes(self) -> list[int]:
        """The process numbers of the children that wait for a film."""
        waiting = [child for child in tuple(self._idle.queue) if child is not None]
        return [child.process for child in waiting if child.is_alive()]

    def close(self) -> None:
        """End all children; films still being decoded are finished first."""
        self._closed.set()
        # All are taken before one is put back, which would be the next to be taken.
        for child in [self._idle.get() for _ in range(self._idle.qsize())]:
            if child is not None:
                child.end()
            self._idle.put(None)

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _usable(self, child: "_Child | None") -> "_Child":
        if child is not None and child.is_alive():
            return child
        if child is not None:
            child.end()
        return _Child(self.limits)

    def _kept(self, child: "_Child | None") -> "_Child | None":
        if child is None or (child.is_fresh() and not self._closed.is_set()):
            return child
        child.end()
        return None


class ChildFailed(Exception):
    """A child died, took too long or answered nonsense; the words say which, and name no film."""


class ChildKilled(ChildFailed):
    """A child was killed from outside, as where memory is short: not by its film, nor by us."""


class _Child:
    """One process that decodes; after `ChildFailed` it is dead."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._n_films = 0
        with contextlib.ExitStack() as undo:  # where no file handle or process is left
            self._taker = Taker(_MAX_PIXEL_BYTES)
            undo.callback(self._taker.close)
            self._process = self._started()
            undo.callback(self.end)
            self._films, self._answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
            os.set_blocking(self._films, False)
            header, _ = self._exchange(b"", b"", time.monotonic() + _START_S)
            self.enforced = Enforced(**cast(dict[str, bool], header["enforced"]))
            undo.pop_all()
        self.process = self._process.pid

    def _started(self) -> subprocess.Popen[bytes]:
        words = self._limits.memory_bytes, self._limits.seconds, self._taker.file
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "plainfilm.serve.decoding_child", *map(str, words)],
            pass_fds=self._taker.inherited,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a codec's messages may quote a header
            start_new_session=True,  # so that what it starts is killed with it
            env=environment_of_children(),
        )

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def is_fresh(self) -> bool:
        return self.is_alive() and self._n_films < _FILMS_PER_CHILD

    def end(self) -> None:
        end_group(self._process)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._taker.close()

    def read(self, content: bytes, name: str) -> Radiograph:
        self._n_films += 1
        told = name.encode("utf-8", errors="replace")
        start = SIZES.pack(len(told), len(content)) + told
        header, pixels = self._exchange(start, content, time.monotonic() + self._limits.seconds)
        if "error" in header:
            kind = NotARadiograph if header["error"] == "NotARadiograph" else UnreadableImage
            raise kind(str(header.get("words")))
        try:
            return radiograph_of(header, pixels, name)
        except (KeyError, TypeError, ValueError):
            raise self._failed("the decoder answered nonsense") from None

    def _exchange(
        self, start: bytes, content: bytes, deadline: float
    ) -> tuple[Mapping[str, object], Flat]:
        """Send a film, receive the answer: header and pixels."""
        left = [memoryview(start), memoryview(content)]
        received = bytearray()
        wanted = SIZES.size
        with selectors.DefaultSelector() as ready:
            ready.register(self._answers, selectors.EVENT_READ)
            if start:
                ready.register(self._films, selectors.EVENT_WRITE)
            while len(received) < wanted:
                events = ready.select(max(0.0, deadline - time.monotonic()))
                if not events:
                    raise self._failed("decoding takes too long")
                for key, _ in events:
                    if key.fd == self._answers:
                        received += self._some(wanted - len(received))
                    elif not self._sent(left):
                        ready.unregister(self._films)
                if len(received) == SIZES.size == wanted:
                    wanted += self._announced(received)
        start_of_pixels = SIZES.size + SIZES.unpack_from(received)[0]
        header = self._parsed(received[SIZES.size : start_of_pixels])
        if not self._taker.inherited:
            return header, np.frombuffer(received, np.float32, offset=start_of_pixels)
        return header, self._taker.take(SIZES.unpack_from(received)[1])

    def _some(self, at_most: int) -> bytes:
        found = os.read(self._answers, min(at_most, _CHUNK))
        if not found:
            raise self._ended()
        return found

    def _sent(self, left: list[memoryview]) -> bool:
        """Write what fits; whether anything is left."""
        try:
            while left:
                n_written = os.write(self._films, left[0][:_CHUNK])
                left[0] = left[0][n_written:]
                if not left[0]:
                    left.pop(0)
        except BlockingIOError:
            return True
        except BrokenPipeError:
            raise self._ended() from None
        return False

    def _announced(self, received: bytearray) -> int:
        n_header, n_pixels = SIZES.unpack_from(received)
        if n_header > _MAX_HEADER_BYTES or n_pixels > _MAX_PIXEL_BYTES or n_pixels % 4:
            raise self._failed("the decoder answered nonsense")
        return int(n_header if self._taker.inherited else n_header + n_pixels)

    def _parsed(self, words: bytearray) -> Mapping[str, object]:
        try:
            header = json.loads(words.decode())
        except ValueError:
            raise self._failed("the decoder answered nonsense") from None
        if not isinstance(header, dict):
            raise self._failed("the decoder answered nonsense")
        return header

    def _ended(self) -> ChildFailed:
        failed = self._failed("decoding it ends the decoder")
        is_killed = self._process.returncode == -signal.SIGKILL  # its own limits signal otherwise
        return ChildKilled(str(failed)) if is_killed else failed

    def _failed(self, words: str) -> ChildFailed:
        self.end()
        limits = f"{self._limits.seconds:g} s, {self._limits.memory_bytes // 2**20} MiB"
        return ChildFailed(f"{words} (limits: {limits}); refused.")


def _pipe(stream: IO[bytes] | None) -> int:
    """A pipe's descriptor; it holds a megabyte where the kernel lets it: fewer turns for a film."""
    if stream is None:  # cannot be: it was asked for
        raise ValueError("no pipe")
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _CHUNK)
    return stream.fileno()
