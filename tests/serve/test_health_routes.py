from dataclasses import replace
from pathlib import Path

from plainfilm.serve.app import create_app
from plainfilm.serve.repository import Change, Repository
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving
from tiny_bundle import promotable, tiny_bundle


def test_s0_84_ping_answers_before_a_bundle_is_loaded(tmp_path: Path) -> None:
    """S0-84: and readiness says why it is not."""
    with serving(create_app(ServeSettings(source=tmp_path)), until_ready=False) as client:
        assert client.get("/ping").status_code == 200
        client.run(client.house.loader.look())
        answer = client.get("/v2/health/ready")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert answer.json()["reason"].startswith("no bundle is loaded (no bundle is there; ")
        assert "plainfilm bundles publish" in answer.json()["reason"]
        read = client.post("/v1/read", files=[film_part(png_film())])
        assert read.status_code == 503
        assert read.headers["retry-after"]


def test_a_server_that_has_loaded_is_ready(client: Client) -> None:
    for path in ("/ready", "/v2/health/ready"):
        assert client.get(path).json()["ready"] is True
        assert client.request("HEAD", path).status_code == 200
    assert client.get("/v2/health/live").json() == {"live": True}


def test_readiness_tells_which_bundle_failed_and_why(tmp_path: Path) -> None:
    (tmp_path / "tiny" / "1").mkdir(parents=True)
    (tmp_path / "tiny" / "1" / "bundle.json").write_text("{}", encoding="utf-8")
    with serving(create_app(ServeSettings(source=tmp_path))) as client:
        answer = client.get("/v2/health/ready").json()
        assert "tiny/1: " in answer["reason"]
        assert set(answer["failures"]) == {"tiny/1"}


def test_a_server_of_nothing_promoted_is_not_ready(tmp_path: Path) -> None:
    """S2-03: until the gate was passed, no film is read, and probes are told why."""
    repository = Repository(tmp_path)
    repository.publish(promotable(tiny_bundle()))
    with serving(create_app(ServeSettings(source=tmp_path))) as client:
        assert "none of its versions is promoted" in client.get("/ready").json()["reason"]
        read = client.post("/v1/read", files=[film_part(png_film())])
        assert (read.status_code, "promote" in read.json()["detail"]) == (503, True)
        repository.promote("tiny", 1, Change())
        client.run(client.house.loader.look())
        assert client.get("/ready").json()["ready"] is True
        assert client.post("/v1/read", files=[film_part(png_film())]).status_code == 200


def test_a_server_whose_bundles_were_sent_away_does_not_call_its_folder_empty(
    tmp_path: Path,
) -> None:
    Repository(tmp_path).publish(promotable(tiny_bundle()))
    Repository(tmp_path).promote("tiny", 1, Change())
    with serving(create_app(ServeSettings(source=tmp_path))) as client:
        client.run(client.house.loader.unload("tiny"))
        assert client.get("/ready").json()["reason"] == "no bundle is loaded"


def test_a_bundle_named_as_default_must_be_there(tiny_path: Path) -> None:
    settings = replace(ServeSettings(source=tiny_path), default_bundle="other")
    with serving(create_app(settings)) as client:
        assert "other is not loaded" in client.get("/ready").json()["reason"]


def test_a_server_that_stops_is_not_ready(tiny_path: Path) -> None:
    with serving(create_app(ServeSettings(source=tiny_path))) as client:
        client.house.workers.is_draining = True
        assert client.get("/ready").json()["reason"] == "the server is stopping"
        assert client.get("/ping").status_code == 200
