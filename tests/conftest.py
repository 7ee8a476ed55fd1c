"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a run pays for a library's start; a deadline would fail on a busy machine.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public radiographs; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("PLAINFILM_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip("no folder of public radiographs here (set PLAINFILM_TEST_DATA)")
    return folder


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the README's commands made a bundle of drawn films; not to be changed."""
    from drawn_story import tell  # not above: it brings torch

    return tell(tmp_path_factory.mktemp("story"))
