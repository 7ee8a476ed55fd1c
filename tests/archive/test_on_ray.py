"""The same table by Ray Data: skipped where Ray is not installed."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from pages import REPOSITORY
from plainfilm.archive.on_ray import score_on_ray
from plainfilm.archive.run import list_archive, score_archive
from plainfilm.errors import DatasetError, MissingExtra


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_the_extra_is_named(bundle: Path, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match="cluster"):
        score_on_ray(bundle, archive, tmp_path / "t.csv")


def test_the_same_files_are_listed(archive: Path) -> None:
    (archive / ".hidden").write_text("left out")
    (archive / "link").symlink_to(archive / "2004")
    paths, errors = list_archive(archive)
    assert paths == ["1.png", "2004/a/1.dcm", "2004/slice.dcm", "readme.txt"]
    assert list(errors) == ["link"]
    with pytest.raises(DatasetError, match="is a file"):
        list_archive(archive / "1.png")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
def test_ray_writes_the_very_table(bundle: Path, archive: Path, tmp_path: Path) -> None:
    for number in range(40):
        shutil.copy(archive / "1.png", archive / f"copy-{number:03}.png")
    shutil.copy(archive / "1.png", os.fsencode(archive) + b"/no text \xff.png")
    (archive / "link").symlink_to(archive / "2004")
    outcomes = score_archive(bundle, archive, tmp_path / "own.csv")
    words = ["score", archive, "--bundle", bundle, "--on-ray", "--out", tmp_path / "ray.csv"]
    paths = os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])
    own = {"RAY_ADDRESS": "local", "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0",
           "PYTHONPATH": paths}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "plainfilm", *map(str, words)],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"46 files: {outcomes['read']} read, 0 refused, 3 error\n"
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "own.csv").read_bytes()
