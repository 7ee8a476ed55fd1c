"""The page's build before a wheel: said clearly where it cannot be, left out where it shall."""

import runpy
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hatchling")
from hatchling.bridge.app import Application

REPOSITORY = Path(__file__).resolve().parent.parent


def hook(root: Path) -> Any:
    made = runpy.run_path(str(REPOSITORY / "hatch_build.py"))["PageHook"]
    return made(str(root), {}, None, None, "", "wheel", Application())


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "package.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))  # no npm there
    monkeypatch.delenv("PLAINFILM_WEB", raising=False)
    return tmp_path


def test_without_node_the_package_goes_without_its_page_and_says_so(
    sources: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hook(sources).initialize("standard", {})
    assert "needs Node 20 or newer to build, and npm is not here" in capfd.readouterr().err


def test_a_release_wants_its_page(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAINFILM_WEB", "require")
    with pytest.raises(SystemExit, match="needs Node 20 or newer to build"):
        hook(sources).initialize("standard", {})


def test_an_editable_install_and_one_that_skips_it_need_no_node(
    sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(sources).initialize("editable", {})
    monkeypatch.setenv("PLAINFILM_WEB", "skip")
    hook(sources).initialize("standard", {})


def test_an_archive_with_the_page_built_needs_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAINFILM_WEB", "require")
    with pytest.raises(SystemExit, match=r"index\.html is missing"):
        hook(tmp_path).initialize("standard", {})
    (tmp_path / "src" / "plainfilm" / "serve" / "web").mkdir(parents=True)
    (tmp_path / "src" / "plainfilm" / "serve" / "web" / "index.html").touch()
    hook(tmp_path).initialize("standard", {})
