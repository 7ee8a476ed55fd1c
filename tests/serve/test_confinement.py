"""A confined process cannot take more memory, write files or open sockets, and says what holds."""

import subprocess
import sys

import pytest

from plainfilm.serve.confinement import environment_of_children

START = """
import socket, sys
from plainfilm.serve.confinement import Limits, allow_seconds, confine, stay_private
stay_private()
held = confine(Limits(memory_bytes=2**29, seconds=5))
"""


def confined(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + code], capture_output=True, text=True, check=False
    )


def test_memory_is_bounded() -> None:
    done = confined("assert held.memory; bytearray(2**30)")
    assert "MemoryError" in done.stderr


def test_no_file_is_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("out") / "file"
    done = confined(
        "assert held.files; import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"open({str(path)!r}, 'wb', buffering=0).write(b'Doe')"
    )
    assert "OSError" in done.stderr
    assert path.read_bytes() == b""


def test_no_socket_is_opened_where_the_kernel_can_forbid_it() -> None:
    done = confined(
        "try: socket.socket(); print('opened')\n"
        "except PermissionError: print('refused')\n"
        "print(held.network)"
    )
    assert done.stdout in ("refused\nTrue\n", "opened\nFalse\n")


def test_what_a_confined_process_starts_is_confined_too() -> None:
    done = confined(
        "import subprocess\n"
        "code = 'import socket; socket.socket()'\n"
        "inner = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)\n"
        "print('PermissionError' in inner.stderr, held.network)"
    )
    assert done.stdout in ("True True\n", "False False\n")


@pytest.mark.slow
def test_processor_time_is_bounded() -> None:
    done = confined("assert held.processor; assert allow_seconds(0.1)\nwhile True: pass")
    assert done.returncode < 0


def test_a_child_learns_no_secret_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    assert "SECRET_OF_THE_SERVER" not in environment_of_children()
