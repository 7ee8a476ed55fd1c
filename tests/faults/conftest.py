"""Fixtures of the drills."""

from pathlib import Path

import pytest

from tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bundle of 14 findings, as a file."""
    path = tmp_path_factory.mktemp("drilled") / "tiny.bundle"
    tiny_bundle(14).save(path)
    return path
