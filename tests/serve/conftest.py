"""Fixtures of the server's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, serving
from tiny_bundle import tiny_bundle


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bundle of 14 findings, as a file."""
    path = tmp_path_factory.mktemp("served") / "tiny.bundle"
    tiny_bundle(14).save(path)
    return path


@pytest.fixture(scope="module")
def client(tiny_path: Path) -> Iterator[Client]:
    """A client of a server that serves the tiny bundle; not to be changed."""
    with serving(create_app(ServeSettings(source=tiny_path, workers=2))) as found:
        yield found
