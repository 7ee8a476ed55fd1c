"""Nothing is told to the makers of the runtimes: no identifier is made, nothing sent.

A runtime that tells keeps what it will send, and who sends it, in the user's folders first.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from plainfilm.reading import runtimes

QUIET_ALREADY = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "JENKINS_URL", "ORT_RUNNING_UNIT_TESTS",
                 "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")  # fmt: skip
READS = """
import numpy as np
from plainfilm import Radiograph, Reader
film = Radiograph(np.linspace(0, 1, 128 * 128, dtype=np.float32).reshape(128, 128), name="ramp")
print(Reader("chest14-demo").read(film).bundle.name)
"""
LOADS_ALL = """
import pkgutil, importlib, plainfilm
for module in pkgutil.walk_packages(plainfilm.__path__, "plainfilm."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(module.name)
"""
BY_OPENVINO = """
from plainfilm.reading import runtimes
print(runtimes.load_openvino().Core().available_devices)
"""


def _left_at_home(code: str, home: Path) -> set[str]:
    """The files that a program leaves in its user's folders, where nothing keeps it quiet."""
    noisy = {name: text for name, text in os.environ.items() if name not in QUIET_ALREADY}
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**noisy, "HOME": str(home), "USERPROFILE": str(home), "MPLCONFIGDIR": str(home / "m")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip()
    return {path.name for path in home.rglob("*") if path.is_file() and path.parent.name != "m"}


def test_reading_leaves_nothing_in_its_users_folders(tmp_path: Path) -> None:
    """onnxruntime would leave `deviceid` and `onnxruntime.db`."""
    assert _left_at_home(READS, tmp_path) == set()


@pytest.mark.slow
def test_no_module_leaves_anything_when_it_is_loaded(tmp_path: Path) -> None:
    if any(find_spec(name) is None for name in ("torch", "fastapi", "optuna")):
        pytest.skip("an extra is not installed")
    assert _left_at_home(LOADS_ALL, tmp_path) == set()


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
def test_openvino_is_loaded_without_its_telemetry(tmp_path: Path) -> None:
    """It would leave `openvino_ga_cid`, and send that it was imported."""
    assert _left_at_home(BY_OPENVINO, tmp_path) == set()


@pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")
def test_what_is_hidden_from_openvino_is_there_again() -> None:
    runtimes.load_openvino()
    assert sys.modules.get("openvino_telemetry", runtimes) is not None


@pytest.mark.parametrize(("said", "holds"), [("0", "0"), ("", "1"), ("no", "1"), ("true", "1")])
def test_who_wants_to_tell_may_and_nobody_else_does(tmp_path: Path, said: str, holds: str) -> None:
    """An empty variable, as a compose file leaves it, would be told from as well."""
    asks = "import os; from plainfilm.reading import runtimes; print(os.environ[runtimes.OPT_OUT])"
    words = [sys.executable, "-c", asks]
    own = {**os.environ, "HOME": str(tmp_path), "CI": "true", "ORT_DISABLE_TELEMETRY": said}
    assert subprocess.check_output(words, env=own, text=True).strip() == holds
