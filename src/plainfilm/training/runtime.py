"""What computes a run, beside its recipe: the code's commit, and every installed package."""

import hashlib
import json
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

import plainfilm

_TIMEOUT_S = 10


def commit(package: Path | None = None) -> str:
    """The commit of plainfilm's code: "" where it is not known, as in a wheel from a registry.

    Parameters
    ----------
    package
        The folder of the package's code; None = the one that runs. In a repository of its own it is
        asked of git, and "+" stands after the commit of a tree with changes; else the package's
        installer may have noted from which commit it came.

    References
    ----------
    PEP 610, direct_url.json.
    """
    folder = package or Path(plainfilm.__file__).parent
    root = folder.parent.parent
    if not ((root / ".git").exists() and (root / "pyproject.toml").is_file()):
        return _noted_by_installer()
    head = _git(root, "rev-parse", "HEAD")
    return f"{head}+" if head and _git(root, "status", "--porcelain", "-uno") else head


@cache  # takes a tenth of a second
def packages_sha256() -> str:
    """SHA-256 over "name==version" of every installed package, sorted, one a line.

    Two runs with the same one had the same packages, whatever file locked them.
    """
    found = {f"{each.metadata['Name']}=={each.version}" for each in distributions()}
    return hashlib.sha256("\n".join(sorted(found, key=str.lower)).encode()).hexdigest()


def _noted_by_installer() -> str:
    try:
        noted = json.loads(distribution("plainfilm").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    return str(noted.get("vcs_info", {}).get("commit_id", ""))


def _git(root: Path, *words: str) -> str:
    try:
        found = subprocess.run(
            ("git", *words), cwd=root, capture_output=True, check=True, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):  # no git, or a tree that it refuses
        return ""
    return found.stdout.decode(errors="replace").strip()
