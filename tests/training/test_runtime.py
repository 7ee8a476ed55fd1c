import shutil
import subprocess
from pathlib import Path

import pytest

from plainfilm.training.runtime import commit, packages_sha256

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    found = subprocess.run(["git", *who, *words], cwd=root, capture_output=True, check=True)
    return found.stdout.decode().strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    package = tmp_path / "src" / "plainfilm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    return package


@needs_git
def test_s2_05_the_commit_of_a_repository_is_known_and_its_changes_told(
    package: Path, tmp_path: Path
) -> None:
    """S2-05."""
    (tmp_path / "pyproject.toml").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "One")
    head = git(tmp_path, "rev-parse", "HEAD")

    assert commit(package) == head
    (package / "__init__.py").write_text("changed = True\n")
    assert commit(package) == f"{head}+"


@needs_git
def test_a_repository_without_a_commit_has_none(package: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    git(tmp_path, "init", "-q")

    assert commit(package) == ""


@needs_git
def test_another_project_s_repository_is_not_asked(package: Path, tmp_path: Path) -> None:
    """As where an environment lies in someone's repository."""
    git(tmp_path, "init", "-q")
    (tmp_path / "theirs").write_text("")
    git(tmp_path, "add", "theirs")
    git(tmp_path, "commit", "-qm", "Theirs")

    assert commit(package) != git(tmp_path, "rev-parse", "HEAD")


def test_s2_05_the_installed_packages_have_one_digest() -> None:
    """S2-05: the lock of a run, whatever file wrote it."""
    digest = packages_sha256()

    assert digest == packages_sha256()
    assert len(bytes.fromhex(digest)) == 32
