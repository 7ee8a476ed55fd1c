"""Builds the page (web/) into the package before a wheel or a source archive is made.

Needs Node 20 or newer. Where the page is built already, as in a source archive, it is taken as
it is. PLAINFILM_SKIP_WEB=1 leaves it out: `plainfilm` reads and serves without it, but shows no
page. An editable install never builds it.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "PLAINFILM_SKIP_WEB"
BUILT = "src/plainfilm/serve/web/index.html"


class PageHook(BuildHookInterface):
    """Runs before hatchling collects the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page, or say why it cannot be built."""
        root = Path(self.root)
        if version == "editable" or os.environ.get(SKIP) == "1":
            return
        if not (root / "web" / "package.json").is_file():
            if not (root / BUILT).is_file():
                raise SystemExit(f"{BUILT}: missing; set {SKIP}=1 to go without the page")
            return
        build_page(root / "web")


def build_page(web: Path) -> None:
    """Install the page's pinned tools and build it."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            f"plainfilm's page needs Node 20 or newer to build, and npm is not here. Install Node, "
            f"or set {SKIP}=1 to go without the page (reading and serving work without it)."
        )
    for command in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([npm, *command], cwd=web, check=True)
