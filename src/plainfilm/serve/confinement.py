"""What the process that decodes strangers' files may not do, and which of it this machine enforces.

Limits of the kernel, set once by a process on itself; what it starts inherits them.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from dataclasses import dataclass

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# Linux: the audit number of each architecture, and its calls socket and io_uring_setup.
_ARCHITECTURES = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
_X32 = 0x40000000  # calls of x86's second, 32-bit table start here

_MAX_OPEN_FILES = 64


@dataclass(frozen=True)
class Limits:
    """What one decoding may take.

    Parameters
    ----------
    memory_bytes
        Address space of the process, its libraries included.
    seconds
        Wall-clock time of one film; processor time is held to the same.
    """

    memory_bytes: int = 2**30
    seconds: float = 10.0


@dataclass(frozen=True)
class Enforced:
    """Which limits hold for a process; what the kernel refused is False.

    `memory` bounds its address space, `processor` its time, `files` forbids to write any file and
    to leave a core dump, `network` forbids to open a socket. Reading files is not forbidden.
    """

    memory: bool
    processor: bool
    files: bool
    network: bool


def confine(limits: Limits) -> Enforced:
    """Bind the calling process for the rest of its life; what could be enforced.

    Sockets are forbidden by a seccomp filter, on Linux on x86-64 and 64-bit ARM.
    """
    memory = _set(resource.RLIMIT_AS, limits.memory_bytes)
    files = _set(resource.RLIMIT_FSIZE, 0) and _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    processor = allow_seconds(limits.seconds)
    return Enforced(memory, processor, files, network=_forbid_sockets())


def allow_seconds(seconds: float) -> bool:
    """Let the process use so many more seconds of processor time; whether that is enforced."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return False
    return True


def stay_private() -> None:
    """Keep other processes of the same user from reading this one's memory (Linux only)."""
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def environment_of_children() -> dict[str, str]:
    """What a child must know of its surroundings, and no secret of the server's."""
    kept = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    # glibc would give each film's memory back and fetch it again: five milliseconds a megapixel.
    keep = {"MALLOC_TRIM_THRESHOLD_": str(2**26), "MALLOC_MMAP_THRESHOLD_": str(2**24)}
    return {**{name: os.environ[name] for name in kept if name in os.environ}, **one, **keep}


def _set(limit: int, value: int) -> bool:
    try:
        resource.setrlimit(limit, (value, value))
    except (OSError, ValueError):
        return False
    return True


def _forbid_sockets() -> bool:
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    program = _filter(*_ARCHITECTURES[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: how many instructions of eight bytes, and where they are.
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    pointer = ctypes.create_string_buffer(header, len(header))
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1) and _prctl(
        _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer)
    )


def _filter(architecture: int, *forbidden: int) -> bytes:
    """A program for seccomp: `forbidden` calls fail with EPERM, foreign tables of calls end it."""
    load, equal, above, answer = 0x20, 0x15, 0x35, 0x06  # BPF: LD|W|ABS, JEQ, JGE, RET
    allow, kill, refuse = 0x7FFF0000, 0x80000000, 0x00050001
    n = len(forbidden)
    steps = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 1, 0, architecture),
        (answer, 0, 0, kill),
        (load, 0, 0, 0),  # seccomp_data.nr
        (above, n + 1, 0, _X32),
        *((equal, n - at, 0, call) for at, call in enumerate(forbidden)),
        (answer, 0, 0, allow),
        (answer, 0, 0, refuse),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _prctl(option: int, *values: int) -> bool:
    given = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    return bool(ctypes.CDLL(None).prctl(option, *given) == 0)
