"""Builds the page (web/) into the package before a wheel or a source archive is made.

Needs Node 20 or newer. Without it, or without npm's registry, the package goes without its page,
and the server's first page says how to build it: reading films must not need Node. A release sets
PLAINFILM_WEB=require, which makes that an error; PLAINFILM_WEB=skip never builds. Where the page is
built already, as in a source archive, it is taken as it is. An editable install never builds it.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WISH = "PLAINFILM_WEB"  # "require", "skip", or nothing: build it where that can be done
BUILT = "src/plainfilm/serve/web/index.html"


class PageHook(BuildHookInterface):
    """Runs before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page, or say why it cannot be built."""
        root = Path(self.root)
        wish = os.environ.get(WISH, "")
        if version == "editable" or wish == "skip":
            return
        problem = build_page(root)
        if problem is None:
            return
        if wish == "require":
            raise SystemExit(f"plainfilm's page: {problem}.")
        self.app.display_warning(
            f"plainfilm's page: {problem}. Going without it: reading and serving need no page."
        )


def build_page(root: Path) -> str | None:
    """Install the page's pinned tools and build it; why it could not be built, else None."""
    web = root / "web"
    if not (web / "package.json").is_file():
        return None if (root / BUILT).is_file() else f"{BUILT} is missing, and so are its sources"
    npm = shutil.which("npm")
    if npm is None:
        return "needs Node 20 or newer to build, and npm is not here; install Node"
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        if subprocess.run([npm, *command], cwd=web, check=False).returncode != 0:
            return f"'npm {' '.join(command)}' failed in web/"
    return None
