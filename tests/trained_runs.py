"""Fixtures of drawn films and a finished run, for the rooms whose tests train."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from plainfilm.training.loop import train
from tiny_training import tiny_recipe, write_prepared


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder of 40 films to train and 16 to validate on."""
    return write_prepared(tmp_path_factory.mktemp("drawn") / "prepared")


@pytest.fixture(scope="session")
def finished(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the tiny recipe."""
    return train(tiny_recipe(), prepared, tmp_path_factory.mktemp("runs") / "first", threads=1)


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """For subprocesses: this source tree, one thread."""
    tests = Path(__file__).resolve().parent
    places = [str(tests.parent / "src"), str(tests), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"}
