"""Bundles travel by path, memory and http, and only the one that was meant arrives."""

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("fsspec")

import fsspec
from fsspec.registry import _registry

from plainfilm import exchange
from plainfilm.errors import BundleError, CorruptBundle, MissingExtra
from plainfilm.exchange import Listed, list_remote, pull, push
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle

TINY = tiny_bundle()
ROW = {"file": "a", "name": "a", "version": "1", "sha256": "0" * 64, "n_bytes": 1}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with two bundles and their index."""
    folder = tmp_path / "shelf"
    push(TINY, str(folder))
    push(replace(TINY, header=replace(TINY.header, version="2.0")), str(folder))
    return folder


@pytest.fixture
def site(shelf: Path) -> Iterator[str]:
    """The shelf on a loopback web server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(shelf))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def memory() -> Iterator[str]:
    fsspec.filesystem("memory").store.clear()
    yield "memory://ward"
    fsspec.filesystem("memory").store.clear()


def test_what_is_pushed_is_listed_and_pulled(memory: str, tmp_path: Path) -> None:
    made = push(TINY, memory)
    assert list_remote(memory) == (made,)
    assert (made.file, made.sha256) == ("tiny-1.0.0.bundle", TINY.id.sha256)
    pulled = pull(f"{memory}/{made.file}", made.sha256, tmp_path / "mine.bundle")
    assert pulled.id == Bundle.load(tmp_path / "mine.bundle").id == TINY.id


def test_a_shelf_on_a_web_server_is_listed_and_pulled_from(site: str, tmp_path: Path) -> None:
    found = list_remote(site)
    assert [bundle.version for bundle in found] == ["1.0.0", "2.0"]
    for bundle in found:
        pull(f"{site}/{bundle.file}", bundle.sha256, tmp_path / bundle.file)
    assert Bundle.load(tmp_path / "tiny-2.0.bundle").header.version == "2.0"
    with pytest.raises(BundleError, match="nothing is there, or it"):
        pull(f"{site}/other.bundle", "0" * 64, tmp_path / "x.bundle")
    with pytest.raises(BundleError, match="http can only be read"):
        push(TINY, f"{site}/new")


def test_another_bundle_than_the_one_meant_is_not_written(shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(CorruptBundle, match=rf"with SHA-256 {TINY.id.sha256}; expected 0000"):
        pull(str(shelf / "tiny-1.0.0.bundle"), "0" * 64, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()


def test_a_damaged_bundle_is_not_written(shelf: Path, tmp_path: Path) -> None:
    path = shelf / "tiny-1.0.0.bundle"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptBundle):
        pull(str(path), TINY.id.sha256, tmp_path / "x.bundle")
    path.write_bytes(content[:1000])
    with pytest.raises(CorruptBundle):
        pull(str(path), TINY.id.sha256, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()


def test_no_more_is_fetched_than_a_bundle_may_have(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MAX_TOTAL", 1000)
    with pytest.raises(CorruptBundle, match="more than 1000 bytes; not fetched further"):
        pull(str(shelf / "tiny-1.0.0.bundle"), TINY.id.sha256, tmp_path / "x.bundle")


def test_a_version_stays_the_bundle_that_it_was(shelf: Path) -> None:
    push(TINY, str(shelf))
    other = replace(TINY, card="# another\n")
    with pytest.raises(BundleError, match="another bundle is there; give a new version"):
        push(other, str(shelf))
    assert {b.sha256 for b in list_remote(str(shelf))} > {TINY.id.sha256}
    push(other, str(shelf), overwrite=True)
    assert other.id.sha256 in {bundle.sha256 for bundle in list_remote(str(shelf))}
    assert len(list_remote(str(shelf))) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "plainfilm.shelf/2"}, "expected 'plainfilm.shelf/1'"),
        ({"bundles": {}}, "expected a list"),
        ({"bundles": [{"file": "a.bundle"}]}, "missing"),
        ({"bundles": [{**ROW, "file": "../a"}]}, "file: found"),
        ({"bundles": [{**ROW, "sha256": "0"}]}, "sha256: found"),
    ],
)  # fmt: skip
def test_an_index_that_is_none_is_refused(
    shelf: Path, change: dict[str, object], words: str
) -> None:
    path = shelf / "index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CorruptBundle, match=words):
        list_remote(str(shelf))


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ftp://host/a.bundle", "found ftp://; expected one of file, memory, http"),
        ("memory://a::http://b/a.bundle", "expected one of"),
        ("http://me:secret@127.0.0.1:1/a.bundle?key=secret", "or it cannot be reached"),
        ("nowhere/a.bundle", r"^a\.bundle: nothing is there"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_secrets(
    tmp_path: Path, address: str, words: str
) -> None:
    with pytest.raises(BundleError, match=words) as caught:
        pull(address, "0" * 64, tmp_path / "x.bundle")
    assert "secret" not in str(caught.value)


def test_a_place_whose_package_is_missing_names_it(tmp_path: Path) -> None:
    if "s3fs" in fsspec.available_protocols() or _has("s3fs"):
        pytest.skip("s3fs is installed here")
    with pytest.raises(BundleError, match="Install s3fs"):
        pull("s3://ward/a.bundle", "0" * 64, tmp_path / "x.bundle")


def test_where_the_hub_s_library_is_missing_its_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.delitem(_registry, "hf", raising=False)  # it may be open already
    for call in (partial(list_remote, "hf://ward/shelf"), partial(push, TINY, "hf://ward/shelf")):
        with pytest.raises(MissingExtra, match=r"pip install 'plainfilm\[hub\]'"):
            call()


def _has(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def test_what_is_there_is_not_overwritten_and_a_hash_is_a_hash(tmp_path: Path) -> None:
    (tmp_path / "x.bundle").touch()
    with pytest.raises(BundleError, match="is there already"):
        pull("memory://a", "0" * 64, tmp_path / "x.bundle")
    with pytest.raises(BundleError, match="expected 64 hexadecimal digits"):
        pull("memory://a", "abc", tmp_path / "y.bundle")
    with pytest.raises(BundleError, match=r"index\.json: nothing is there"):
        list_remote(str(tmp_path))


def test_a_listed_bundle_has_a_plain_name() -> None:
    with pytest.raises(ValueError, match="file: found"):
        Listed("a/b", "a", "1", "0" * 64, 1)
