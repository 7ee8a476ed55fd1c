"""The page's build before a wheel: said clearly where it cannot be, left out where it shall."""

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling")

REPOSITORY = Path(__file__).resolve().parent.parent


def hook(root: Path) -> Any:
    made = runpy.run_path(str(REPOSITORY / "hatch_build.py"))["PageHook"]
    return made(str(root), {}, None, None, "", "wheel")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm there
    monkeypatch.delenv("PLAINFILM_SKIP_WEB", raising=False)
    return tmp_path


def test_without_node_it_is_said_what_to_do(sources: Path) -> None:
    with pytest.raises(SystemExit, match="Install Node, or set PLAINFILM_SKIP_WEB=1"):
        hook(sources).initialize("standard", {})


def test_an_editable_install_and_one_that_skips_it_need_no_node(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(sources).initialize("editable", {})
    monkeypatch.setenv("PLAINFILM_SKIP_WEB", "1")
    hook(sources).initialize("standard", {})


def test_an_archive_with_the_page_built_needs_no_node(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"index\.html: missing"):
        hook(tmp_path).initialize("standard", {})
    (tmp_path / "src" / "plainfilm" / "serve" / "web").mkdir(parents=True)
    (tmp_path / "src" / "plainfilm" / "serve" / "web" / "index.html").touch()
    hook(tmp_path).initialize("standard", {})
