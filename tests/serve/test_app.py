from pathlib import Path

import pytest

from plainfilm.errors import BundleError
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import serving
from tiny_bundle import tiny_bundle


def test_nothing_to_serve_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such bundle"):
        create_app(ServeSettings(source=tmp_path / "nothing"))


def test_a_repository_is_looked_at_again_and_again(tmp_path: Path) -> None:
    tiny_bundle().save(tmp_path / "tiny" / "1")
    with serving(create_app(ServeSettings(source=tmp_path, poll_s=0.05))) as client:
        assert client.get("/v1/bundles/tiny/versions/2/card").status_code == 404
        tiny_bundle().save(tmp_path / "tiny" / "2")
        for _ in range(2000):
            if client.get("/v1/bundles/tiny/versions/2/card").status_code == 200:
                break
        else:
            pytest.fail("version 2 was never picked up")


def test_the_api_s_document_loads_no_script_from_elsewhere(tiny_path: Path) -> None:
    with serving(create_app(ServeSettings(source=tiny_path))) as client:
        assert client.get("/docs").status_code == 404
        assert client.get("/redoc").status_code == 404
        assert client.get("/openapi.json").status_code == 200
