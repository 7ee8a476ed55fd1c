"""Bundles travel through an S3-like store, as through a folder; skipped where its packages lack.

The store is moto's: a real HTTP server that speaks S3's own protocol, here alone.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("s3fs")
pytest.importorskip("boto3")
pytest.importorskip("moto.server")

import boto3
import fsspec
from moto.server import ThreadedMotoServer

from plainfilm.cli import main
from plainfilm.errors import BundleError, CorruptBundle
from plainfilm.exchange import list_remote, pull, push
from tiny_bundle import tiny_bundle

pytestmark = pytest.mark.filterwarnings("ignore")  # what the store's packages warn of is theirs

TINY = tiny_bundle()
KEYS = {"key": "a-key", "secret": "a-secret"}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty shelf in a bucket that is there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["secret"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="ward-7")
    monkeypatch.setitem(fsspec.config.conf, "s3", {"endpoint_url": url, **KEYS})
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield "s3://ward-7/shelf"
    server.stop()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def test_what_is_pushed_to_an_s3_store_is_listed_and_pulled(
    shelf: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = push(TINY, shelf)
    assert list_remote(shelf) == (made,)
    pulled = pull(f"{shelf}/{made.file}", made.sha256, tmp_path / "mine.bundle")
    assert pulled.id == TINY.id
    assert main(["bundles", "list", "--remote", shelf]) == 0
    assert made.sha256 in capsys.readouterr().out


def test_an_s3_store_that_gives_another_bundle_or_none_is_told(shelf: str, tmp_path: Path) -> None:
    made = push(TINY, shelf)
    with pytest.raises(CorruptBundle, match="expected 0000"):
        pull(f"{shelf}/{made.file}", "0" * 64, tmp_path / "x.bundle")
    for address in (f"{shelf}/other.bundle", "s3://no-such-ward/a.bundle"):
        with pytest.raises(BundleError, match=r"s3://.*: "):
            pull(address, made.sha256, tmp_path / "x.bundle")
    assert not (tmp_path / "x.bundle").exists()
