"""`python -m plainfilm`."""

import subprocess
import sys

import plainfilm


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "plainfilm", "--version"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert found.stdout == f"plainfilm {plainfilm.__version__}\n"


def test_its_exit_status_is_the_command_s() -> None:
    command = [sys.executable, "-m", "plainfilm", "raed"]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert found.returncode == 2
    assert "No such command 'raed'" in found.stderr
