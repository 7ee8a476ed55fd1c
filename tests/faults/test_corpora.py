"""B4 of the plan: names that climb, and pickles, in every place where one could go."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from bad_versions import pickled_files, pickles
from hostile_names import names, versions
from plainfilm.errors import BundleError
from plainfilm.reading import Bundle, Reader
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import listening
from tiny_bundle import tiny_bundle
from wire import Answer, Connection

SECRET = "a-line-from-outside"


def _asked(where: str, method: str, path: str) -> Answer:
    host, port = where.split(":")
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    return Connection(host, int(port), request.encode("latin-1")).ask()


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[tuple[FastAPI, str, str]]:
    """A server of a repository beside which a bundle lies that is not to be served."""
    tiny_bundle().save(tmp_path / "wards" / "tiny" / "1")
    tiny_bundle(seed=1).save(tmp_path / "secret" / "1")
    (tmp_path / "secret" / "policy.json").write_text(SECRET, encoding="utf-8")
    app = create_app(ServeSettings(source=tmp_path / "wards", workers=1))
    with listening(app, create_admin_app(app)) as found:
        yield app, *found


@pytest.mark.slow
def test_no_name_reaches_what_lies_outside(doors: tuple[FastAPI, str, str]) -> None:
    app, public, private = doors
    tried = [("GET", public, f"/v2/models/{name}") for name in names()]
    tried += [("POST", private, f"/v2/repository/models/{name}/load") for name in names()]
    tried += [("GET", public, f"/v2/models/tiny/versions/{v}") for v in versions()]
    tried += [("GET", public, f"/{name}") for name in names()]
    assert len(tried) >= 1500
    for method, where, path in tried:
        status, headers, body = _asked(where, method, path)
        assert status < 500, (method, path, status)
        assert SECRET.encode() not in body, path
        assert b"root:" not in body, path
        assert "x-evil" not in headers, path
    assert {str(place) for place in app.state.house.stage.loaded} == {"tiny/1"}


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    trace, n_tried = tmp_path / "loaded", 0
    bundle = tiny_bundle()
    for content in pickles(trace):
        for files in (*pickled_files(bundle, content), None):
            n_tried += 1
            path = tmp_path / f"{n_tried}.bundle"
            if files is None:
                path.write_bytes(content)
            else:
                path = tmp_path / str(n_tried)
                path.mkdir()
                for name, each in files.items():
                    (path / name).write_bytes(each)
            with pytest.raises(BundleError):
                Reader(Bundle.load(path), threads=1)
            assert not trace.exists()
    assert n_tried >= 50
