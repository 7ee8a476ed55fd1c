"""The built wheel, installed bare, reads a film; no learning library comes with it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from phantoms import phantom
from srs import film_of

REPOSITORY = Path(__file__).resolve().parent.parent
UNWANTED = ("torch", "pandas", "matplotlib", "scikit-learn", "nvidia", "triton")


def run(*command: str | Path) -> str:
    return subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment that holds the built wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, REPOSITORY)
    run(sys.executable, "-m", "venv", folder / "venv")
    wheel = next(folder.glob("*.whl"))
    pip = (folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet")
    run(*pip, "-c", REPOSITORY / "constraints.txt", wheel)
    return folder / "venv" / "bin"


@pytest.mark.slow
def test_a_bare_install_reads_a_film_without_torch(bare: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    Image.fromarray((phantom(size=(400, 380)) * 255).astype(np.uint8)).save(film)
    answer = json.loads(
        run(bare / "plainfilm", "read", film, "--age", "3", "--view", "PA", "--json")
    )
    assert answer["schema"] == "plainfilm.prediction/1"
    assert answer["findings"] or answer["refused"]


@pytest.mark.slow
def test_a_bare_install_writes_a_dicom_report(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "film.dcm").write_bytes(film_of())
    out = tmp_path / "report.dcm"
    run(bare / "plainfilm", "read", tmp_path / "film.dcm", "--out", out)
    assert pydicom.dcmread(out).Modality == "SR"


@pytest.mark.slow
def test_a_bare_install_stays_small(bare: Path) -> None:
    installed = run(bare / "python", "-m", "pip", "list", "--format=freeze").lower()
    assert not [name for name in UNWANTED if name in installed]
