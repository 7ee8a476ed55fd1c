"""The floors of the house hold, and the check would notice if they did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
LINT = [
    sys.executable,
    "-c",
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))",
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        LINT,
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy_of_the_house(tmp_path: Path) -> Path:
    shutil.copytree(
        REPOSITORY / "src",
        tmp_path / "src",
        ignore=shutil.ignore_patterns("*.bundle", "__pycache__"),
    )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_every_module_imports_only_from_lower_floors(copy_of_the_house: Path) -> None:
    result = lint(copy_of_the_house)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "offence"),
    [
        ("images/raster.py", "import plainfilm.reading"),
        ("reading/engine.py", "import torch"),
        ("reports/as_csv.py", "from plainfilm.reports import as_html"),
        ("datasets/kermany.py", "import plainfilm.datasets.chestxray14"),
    ],
)
def test_a_planted_offence_is_caught(copy_of_the_house: Path, module: str, offence: str) -> None:
    file = copy_of_the_house / "src" / "plainfilm" / module
    file.write_text(file.read_text(encoding="utf-8") + f"\n{offence}\n", encoding="utf-8")
    result = lint(copy_of_the_house)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
