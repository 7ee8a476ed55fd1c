"""A process that reads, and says how much memory it had at most."""

import subprocess
import sys
from pathlib import Path


def footprint(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "plainfilm.serve.footprint", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_s0_77_it_tells_its_own_memory_and_not_its_parent_s(tiny_path: Path) -> None:
    """S0-77: Python and the engine are above 30 MB; 600 MB here are not counted there."""
    here = b"film" * 150_000_000

    told = footprint(str(tiny_path), "onnxruntime", "2", "1", "1")

    assert (told.returncode, told.stderr, len(here)) == (0, "", 600_000_000)
    assert 30e6 < int(told.stdout) < 600e6


def test_a_bundle_that_cannot_be_read_is_no_footprint(tmp_path: Path) -> None:
    told = footprint(str(tmp_path / "none.bundle"), "onnxruntime", "1", "1", "1")

    assert told.returncode != 0
    assert not told.stdout
