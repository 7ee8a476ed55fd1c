"""A tiny bundle, in memory and on disk."""

from pathlib import Path

import pytest

from phantoms import phantom
from plainfilm.radiograph import Radiograph, View
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return tiny_bundle()


@pytest.fixture
def bundle_file(bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.bundle"
    bundle.save(path)
    return path


@pytest.fixture
def chest() -> Radiograph:
    """A drawn chest with nothing to caution against."""
    return Radiograph(phantom(), "chest", view=View.PA, body_part="chest", age_years=40.0)
