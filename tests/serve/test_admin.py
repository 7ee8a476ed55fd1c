from collections.abc import Iterator
from pathlib import Path

import pytest

from plainfilm.serve.admin import create_admin_app, index_json
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving
from tiny_bundle import tiny_bundle


class Server:
    """Both doors of a server of a repository."""

    def __init__(self, folder: Path, client: Client) -> None:
        self.folder, self.public = folder, client
        self.admin = Client(create_admin_app(client.app), client.loop)

    def states(self) -> dict[str, str]:
        rows = self.admin.post("/v2/repository/index").json()
        return {f"{row['name']}/{row['version']}": row["state"] for row in rows}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    tiny_bundle().save(tmp_path / "tiny" / "1")
    with serving(create_app(ServeSettings(source=tmp_path, workers=1))) as client:
        found = Server(tmp_path, client)
        yield found
        client.run(found.admin.close())


def test_a_version_is_loaded_when_it_is_told_to(server: Server) -> None:
    tiny_bundle(seed=1).save(server.folder / "tiny" / "2")
    assert server.states() == {"tiny/1": "READY"}
    answer = server.admin.post("/v2/repository/models/tiny/load")
    assert answer.status_code == 200
    assert server.states() == {"tiny/1": "READY", "tiny/2": "READY"}
    gone = {"parameters": {"version": 1}}
    assert server.admin.post("/v2/repository/models/tiny/unload", json=gone).status_code == 200
    assert server.states() == {"tiny/2": "READY"}


def test_a_bad_version_is_told_and_the_old_one_answers(server: Server) -> None:
    (server.folder / "tiny" / "2").mkdir()
    (server.folder / "tiny" / "2" / "bundle.json").write_text("{}", encoding="utf-8")
    answer = server.admin.post("/v2/repository/models/tiny/load")
    assert answer.status_code == 400
    assert "bundle.json" in answer.json()["error"]
    assert server.states() == {"tiny/1": "READY", "tiny/2": "UNAVAILABLE"}
    assert server.public.post("/v1/read", files=[film_part(png_film())]).status_code == 200


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"parameters": {"version": 0}}', b'{"parameters": {"version": "1"}}',
             b'{"parameters": 1}', b"[" * 60_000, b'{"parameters": {"version": true}}']
)  # fmt: skip
def test_what_is_no_instruction_is_refused(server: Server, body: bytes) -> None:
    assert server.admin.post("/v2/repository/models/tiny/load", content=body).status_code == 400
    assert server.states() == {"tiny/1": "READY"}


def test_what_is_not_there_cannot_be_loaded_or_let_go(server: Server) -> None:
    for name in ("other", "..", "%2e%2e%2fetc"):
        for act in ("load", "unload"):
            answer = server.admin.post(f"/v2/repository/models/{name}/{act}")
            assert answer.status_code in (400, 404)
    big = server.admin.post("/v2/repository/models/tiny/load", content=bytes(2**17))
    assert big.status_code == 413


def test_loading_is_no_matter_of_the_public_door(server: Server) -> None:
    for path in ("/v2/repository/index", "/v2/repository/models/tiny/load", "/metrics"):
        assert server.public.post(path).status_code == 404


def test_a_version_in_use_is_leaving_until_its_request_ends(server: Server) -> None:
    house = server.public.house
    version = house.version_for("tiny", None)
    with house.stage.holding(version):
        server.admin.post("/v2/repository/models/tiny/unload")
        (row,) = index_json(house)
        assert (row["state"], row["reason"]) == ("UNLOADING", "1 requests hold it")
    assert index_json(house) == []


def test_metrics_tell_what_is_loaded(server: Server) -> None:
    server.public.post("/v1/read", files=[film_part(png_film())])
    page = server.admin.get("/metrics").text
    sha256 = tiny_bundle().id.sha256
    assert f'plainfilm_model_loaded{{model="tiny",sha256="{sha256}",version="1"}} 1.0' in page
    assert 'plainfilm_model_swap_total{outcome="loaded"} 1.0' in page
    assert "plainfilm_ready 1.0" in page
    assert 'route="/v1/read",status="200"' in page
