"""The page's reader and Python's agree bit for bit on real films of every kind."""

import runpy
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
benchmark = runpy.run_path(str(REPOSITORY / "benchmarks" / "browser_parity.py"))


def test_a_difference_is_told() -> None:
    film = {"sha256": "a", "view": "PA"}
    assert benchmark["compared"](film, film) == "agrees"
    assert benchmark["compared"](film, film | {"view": None}) == "differs in view"
    refused = {"refusal": "unreadable", "why": "it is cut off"}
    assert benchmark["compared"](refused, refused) == "refused by both"
    assert benchmark["compared"](film, refused).startswith("Python: read, page: unreadable")


@pytest.mark.slow
def test_the_page_reads_public_films_as_python_does(shared_data: Path) -> None:
    if shutil.which("npx") is None or not (REPOSITORY / "web" / "node_modules").is_dir():
        pytest.skip("no Node, or its packages are not installed (npm ci in web/)")
    paths = [
        *benchmark["chosen"](shared_data / "dicom-samples", 1),
        *benchmark["chosen"](shared_data / "kermany-chest-xray" / "originals", 5),
        *benchmark["chosen"](shared_data / "hannover-covid-chest" / "originals", 1),
    ]
    assert len(paths) > 40
    for path, found in zip(paths, benchmark["page_readings"](paths), strict=True):
        answer = benchmark["compared"](benchmark["python_reading"](path), found)
        assert answer in ("agrees", "refused by both"), f"{path.name}: {answer}"
