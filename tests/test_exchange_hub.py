"""Bundles travel through the model hub; skipped where its library is not installed.

The hub is `drawn_hub`: a real HTTP server that speaks the hub's own API, here alone.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

import fsspec

from drawn_hub import Hub, hub
from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.exchange import list_remote, pull, push
from tiny_bundle import tiny_bundle

pytestmark = pytest.mark.filterwarnings("ignore")  # what the hub's library warns of is its own

TINY = tiny_bundle()
SHELF = "hf://ward-7/bundles/shelf"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with an empty repository, and the token that may write to it."""
    with hub() as site:
        site.files["ward-7/bundles"] = {}
        monkeypatch.setenv("HF_TOKEN", site.token)
        monkeypatch.setitem(fsspec.config.conf, "hf", {"endpoint": site.url})
        fsspec.get_filesystem_class("hf").clear_instance_cache()
        yield site
    fsspec.get_filesystem_class("hf").clear_instance_cache()


def test_what_is_pushed_to_the_hub_is_listed_and_pulled(site: Hub, tmp_path: Path) -> None:
    made = push(TINY, SHELF)
    assert set(site.files["ward-7/bundles"]) == {f"shelf/{made.file}", "shelf/index.json"}
    assert list_remote(SHELF) == (made,)
    assert pull(f"{SHELF}/{made.file}", made.sha256, tmp_path / "mine.bundle").id == TINY.id
    second = push(replace(TINY, header=replace(TINY.header, version="2.0")), SHELF)
    assert list_remote(SHELF) == (made, second)


def test_the_command_goes_to_the_hub_that_the_hub_s_own_variable_names(
    site: Hub, tmp_path: Path
) -> None:
    made = push(TINY, SHELF)
    words = [
        "bundles",
        "pull",
        f"{SHELF}/{made.file}",
        "--sha256",
        made.sha256,
        "--out",
        "a.bundle",
    ]
    told = {**os.environ, "HF_ENDPOINT": site.url, "HF_HOME": str(tmp_path)}
    program = [sys.executable, "-m", "plainfilm", *words]
    subprocess.run(program, cwd=tmp_path, env=told, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "a.bundle").read_bytes() == site.files["ward-7/bundles"][
        f"shelf/{made.file}"
    ]


def test_a_hub_that_gives_another_bundle_or_a_damaged_one_is_told(
    site: Hub, tmp_path: Path
) -> None:
    made, files = push(TINY, SHELF), site.files["ward-7/bundles"]
    address, path = f"{SHELF}/{made.file}", f"shelf/{made.file}"
    with pytest.raises(CorruptBundle, match=f"with SHA-256 {made.sha256}; expected 0000"):
        pull(address, "0" * 64, tmp_path / "x.bundle")
    content = bytearray(files[path])
    content[len(content) // 2] ^= 1
    files[path] = bytes(content)
    with pytest.raises(CorruptBundle):
        pull(address, made.sha256, tmp_path / "x.bundle")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address",
    [f"{SHELF}/none.bundle", "hf://ward-7/none/a.bundle", "hf://ward-7/bundles@v9/a.bundle"],
)
def test_a_file_a_repository_or_a_revision_that_is_not_there_is_told(
    site: Hub, tmp_path: Path, address: str
) -> None:
    with pytest.raises(BundleError, match=r"^hf://ward-7/…/\w+\.bundle: nothing is there"):
        pull(address, "0" * 64, tmp_path / "x.bundle")


def test_who_may_not_write_to_the_hub_is_told_without_the_token(
    site: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    with pytest.raises(BundleError, match="or refuses access") as caught:
        push(TINY, SHELF)
    assert "hf_another" not in str(caught.value)
    assert site.files["ward-7/bundles"] == {}


def test_an_index_that_the_hub_keeps_to_itself_is_not_an_empty_one(site: Hub) -> None:
    push(TINY, SHELF)
    before = dict(site.files["ward-7/bundles"])
    site.closed = True
    fsspec.get_filesystem_class("hf").clear_instance_cache()
    with pytest.raises(BundleError, match=r"index\.json: cannot be reached, or refuses access"):
        push(replace(TINY, header=replace(TINY.header, version="2.0")), SHELF)
    assert site.files["ward-7/bundles"] == before
