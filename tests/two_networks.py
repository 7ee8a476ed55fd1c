"""Two network namespaces joined by one wire, as two machines are; where the kernel allows them."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from teams import Machine

ADDRESSES = ("10.99.1.1", "10.99.1.2")
TIME_LIMIT_S = 20


@contextmanager
def two_networks() -> Iterator[tuple[Machine, Machine]]:
    """Machines at `ADDRESSES`, of which neither has another way to the other; skips where refused.

    In a user namespace of their own, so no rights are needed and nothing is left behind.
    """
    missing = [name for name in ("unshare", "nsenter", "ip") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {missing[0]} here")
    with ExitStack() as stack:
        first = _hold(stack, ("unshare", "--user", "--map-root-user", "--net"))
        second = _hold(stack, (*_into(first), "unshare", "--net"))
        wire = f"ip link add left type veth peer name right netns {second}"
        _run(*_into(first), *wire.split())
        machines = []
        for pid, card, address in zip((first, second), ("left", "right"), ADDRESSES, strict=True):
            _run(*_into(pid), "ip", "address", "add", f"{address}/24", "dev", card)
            for name in (card, "lo"):
                _run(*_into(pid), "ip", "link", "set", name, "up")
            machines.append(Machine(_into(pid), card))
        yield machines[0], machines[1]


def _into(pid: int) -> tuple[str, ...]:
    return ("nsenter", "--user", "--preserve-credentials", "--net", f"--target={pid}")


def _hold(stack: ExitStack, command: tuple[str, ...]) -> int:
    """The process that keeps a new namespace until the stack closes."""
    words = (*command, "sh", "-c", "echo here; exec cat")
    pipe = subprocess.PIPE
    process = stack.enter_context(subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe))
    stack.callback(process.kill)
    if process.stdout is None or process.stdout.readline() != b"here\n":
        pytest.skip("network namespaces are not allowed here")
    return process.pid


def _run(*words: str) -> None:
    ended = subprocess.run(words, capture_output=True, check=False, timeout=TIME_LIMIT_S)
    if ended.returncode:
        pytest.skip(f"no wire between networks here ({ended.stderr.decode().strip()})")
