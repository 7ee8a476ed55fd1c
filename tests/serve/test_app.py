from pathlib import Path
from time import monotonic

import pytest

from plainfilm.errors import BundleError
from plainfilm.serve.app import create_app
from plainfilm.serve.repository import Repository
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


def test_a_look_that_fails_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_bundle().save(tmp_path / "tiny" / "1")
    names, asked = Repository.names, []

    def fail_once(self: Repository) -> tuple[str, ...]:
        asked.append(self)
        if len(asked) == 1:
            raise RuntimeError("can't start new thread")
        return names(self)

    with serving(create_app(ServeSettings(source=tmp_path, poll_s=0.05))) as client:
        monkeypatch.setattr(Repository, "names", fail_once)
        tiny_bundle().save(tmp_path / "tiny" / "2")
        until = monotonic() + 60
        while client.get("/v1/bundles/tiny/versions/2/card").status_code != 200:
            assert monotonic() < until
    (told,) = [record for record in caplog.records if record.getMessage() == "bug"]
    assert "thread" not in str(vars(told)["fields"])


def test_the_api_s_document_loads_no_script_from_elsewhere(tiny_path: Path) -> None:
    with serving(create_app(ServeSettings(source=tiny_path))) as client:
        assert client.get("/docs").status_code == 404
        assert client.get("/redoc").status_code == 404
        assert client.get("/openapi.json").status_code == 200
