"""A bundle, and films that are not those it was calibrated on."""

from pathlib import Path

import pytest

from drawn_own_films import draw_own_films
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of two findings, calibrated on no film at all."""
    path = tmp_path_factory.mktemp("parent") / "parent.bundle"
    tiny_bundle(2).save(path)
    return path


@pytest.fixture(scope="session")
def own_films(parent: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder, see `draw_own_films`."""
    return draw_own_films(tmp_path_factory.mktemp("own") / "films", parent)
