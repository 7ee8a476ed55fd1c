"""The whole server behind its guards: strangers stay out, bombs and floods are answered."""

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from bombs import FILM, bombs, saved
from plainfilm.errors import KeysError
from plainfilm.serve import process
from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.audit_log import verify
from plainfilm.serve.auth import AuthSettings
from plainfilm.serve.guards import Guards
from plainfilm.serve.keys import KeyFile, Scope
from plainfilm.serve.process import Doors
from plainfilm.serve.settings import ServeSettings
from serve_calls import ask
from served import Client, serving

PNG = {"Content-Type": "image/png"}
_TENSOR = {"name": "radiographs", "datatype": "FP32", "shape": [1, 1, 8, 8], "data": [0.0] * 64}
DARK = {"inputs": [_TENSOR]}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFile:
    return KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")


@pytest.fixture(scope="module")
def settings(tiny_path: Path, keys: KeyFile) -> ServeSettings:
    keys.add("nobody", (Scope.READ,))
    guards = Guards(AuthSettings(keys._path), rate_per_s=0.001, burst=25)
    return ServeSettings(source=tiny_path, workers=1, max_body_bytes=2**20, guards=guards)


@pytest.fixture(scope="module")
def guarded(settings: ServeSettings) -> Iterator[Client]:
    with serving(create_app(settings)) as client:
        yield client


def headers(keys: KeyFile, *scopes: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {keys.add('test', scopes or (Scope.READ,))[0]}", **PNG}


def test_strangers_stay_out(guarded: Client) -> None:
    for path in ("/v1/read", "/v2/models/tiny/infer", "/openapi.json", "/nothing"):
        assert guarded.post(path, content=b"x").status_code == 401
    assert guarded.get("/v2/health/live").status_code == 200


def test_a_key_lets_in_and_the_answer_carries_the_headers(guarded: Client, keys: KeyFile) -> None:
    answer = guarded.post("/v1/read", content=saved(FILM, "PNG"), headers=headers(keys))
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_the_admin_app_wants_an_admin(settings: ServeSettings, keys: KeyFile) -> None:
    admin = create_admin_app(create_app(settings))
    assert ask(admin, "GET", "/metrics").status_code == 401
    assert ask(admin, "GET", "/metrics", headers=headers(keys)).status_code == 403
    assert ask(admin, "GET", "/metrics", headers=headers(keys, Scope.ADMIN)).status_code == 200


def test_bombs_are_answered_as_the_client_s_fault(guarded: Client, keys: KeyFile) -> None:
    names = ("png text", "explicit huge", "jpeg-ls cut off", "nesting", "many frames", "LUT index")
    own = {**headers(keys), "Content-Type": "application/octet-stream"}
    for name in names:
        answer = guarded.post("/v1/read", content=bombs()[name], headers=own)
        assert answer.status_code == 422, name
    assert guarded.get("/v2/health/ready").status_code == 200


def test_a_flood_a_deep_body_and_a_large_one_are_answered(guarded: Client, keys: KeyFile) -> None:
    own = headers(keys, Scope.INFER, Scope.READ)
    large = guarded.post("/v1/read", content=bytes(2**20 + 1), headers=own)
    assert large.status_code == 413
    deep = {**own, "Content-Type": "application/json"}
    path = "/v2/models/tiny/infer"
    assert guarded.post(path, content=b"[" * 100, headers=deep).status_code == 400
    statuses = [guarded.get("/v1/models", headers=own).status_code for _ in range(30)]
    assert statuses[-1] == 429
    assert guarded.post("/v1/read", content=b"", headers=headers(keys)).status_code != 429


def test_a_decoder_that_is_killed_costs_nothing(guarded: Client, keys: KeyFile) -> None:
    own = headers(keys)
    assert guarded.post("/v1/read", content=saved(FILM, "PNG"), headers=own).status_code == 200
    decoders = guarded.house.decode.__wrapped__.__self__  # type: ignore[attr-defined]
    (child,) = decoders.processes()
    os.kill(child, signal.SIGKILL)
    while decoders.processes():
        pass
    assert guarded.post("/v1/read", content=saved(FILM, "PNG"), headers=own).status_code == 200


@pytest.mark.parametrize("door", ["host", "admin_host"])
def test_a_server_without_keys_stays_at_home(tiny_path: Path, door: str) -> None:
    doors = replace(Doors(port=0, admin_port=0), **{door: "0.0.0.0"})
    with pytest.raises(KeysError, match="others can reach"):
        process.run(ServeSettings(source=tiny_path), doors)


@pytest.mark.parametrize("wrong", [{"rate_per_s": 0}, {"burst": 0}, {"request_s": float("nan")}])
def test_impossible_guards_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected more than 0"):
        Guards(**wrong)  # type: ignore[arg-type]


def test_every_film_is_written_down_before_it_is_answered(
    settings: ServeSettings, keys: KeyFile, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    own, content = headers(keys), saved(FILM, "PNG")
    with serving(create_app(audited(settings, path))) as client:
        client.post("/v1/read", content=content, headers=own)
        client.post("/v1/read", content=b"no film", headers=own)
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first["who"] == f"key:{own['Authorization'].split('_')[1]}"
    assert first["input_sha256"] == hashlib.sha256(content).hexdigest()
    assert set(first["scores"]) == set(first["thresholds"])
    assert (first["bundle"], second["outcome"]) == ("tiny", "unreadable-film")


def test_a_job_s_films_are_written_down_with_who_sent_them(
    settings: ServeSettings, keys: KeyFile, tmp_path: Path
) -> None:
    path, contents = tmp_path / "audit.jsonl", [saved(FILM, "PNG"), b"no film"]
    own = {"Authorization": headers(keys, Scope.READ)["Authorization"]}
    parts = [("film", (f"{n}.png", each, "image/png")) for n, each in enumerate(contents)]
    with serving(create_app(audited(settings, path))) as client:
        assert client.post("/v1/jobs", files=parts, headers=own).status_code == 202
        until = monotonic() + 60
        while path.read_text().count("\n") < len(parts):
            assert monotonic() < until
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["who"] for line in lines} == {f"key:{own['Authorization'].split('_')[1]}"}
    assert {(line["input_sha256"], line["outcome"]) for line in lines} == {
        (hashlib.sha256(contents[0]).hexdigest(), "refused"),
        (hashlib.sha256(contents[1]).hexdigest(), "unreadable-film"),
    }
    assert verify(path).broken_at is None


def test_each_tensor_is_written_down_before_the_graph_answers(
    settings: ServeSettings, keys: KeyFile, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    own = {"Authorization": headers(keys, Scope.INFER)["Authorization"]}
    films = np.stack([np.full((1, 24, 16), grey, np.float32) for grey in (0.25, 0.75)])
    tensor = {"name": "radiographs", "datatype": "FP32", "shape": list(films.shape)}
    body = {"inputs": [{**tensor, "data": films.ravel().tolist()}]}
    with serving(create_app(audited(settings, path))) as client:
        answer = client.post("/v2/models/tiny/infer", json=body, headers=own).json()
        client.post("/v2/models/tiny/infer", content=b"{}", headers=own)
    *lines, last = (json.loads(line) for line in path.read_text().splitlines())
    found = next(each["data"] for each in answer["outputs"] if each["name"] == "probability")
    assert [score for line in lines for score in line["scores"].values()] == pytest.approx(found)
    assert [line["input_sha256"] for line in lines] == [
        hashlib.sha256(film.tobytes()).hexdigest() for film in films
    ]
    assert {line["outcome"] for line in lines} == {"inferred"}
    assert (last["outcome"], last["input_sha256"]) == (
        "bad-request",
        hashlib.sha256(b"{}").hexdigest(),
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_film_that_cannot_be_written_down_is_not_answered(
    settings: ServeSettings, keys: KeyFile, tmp_path: Path
) -> None:
    infer = {"Authorization": headers(keys, Scope.INFER)["Authorization"]}
    with (
        serving(create_app(audited(settings, tmp_path / "audit.jsonl"))) as client,
        Path("/dev/full").open("wb") as full,
    ):
        os.dup2(full.fileno(), client.house.audit._file.fileno())  # type: ignore[union-attr]
        answers = [
            client.post("/v1/read", content=saved(FILM, "PNG"), headers=headers(keys)),
            client.post("/v2/models/tiny/infer", json=DARK, headers=infer),
        ]
    for answer in answers:
        assert answer.status_code == 503
        assert "audit" in answer.json()["type"]


def test_an_idempotency_key_is_its_caller_s_own(settings: ServeSettings, keys: KeyFile) -> None:
    own, others = ({"Authorization": headers(keys)["Authorization"]} for _ in range(2))
    with serving(create_app(settings)) as client:
        first, again, other = (
            client.post(
                "/v1/jobs",
                files=[("film", ("a.png", content, "image/png"))],
                headers={**who, "Idempotency-Key": "monday"},
            )
            for who, content in ((own, b"one"), (own, b"one"), (others, b"another"))
        )
    assert (first.status_code, other.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]


def audited(settings: ServeSettings, path: Path) -> ServeSettings:
    return replace(settings, guards=replace(settings.guards, audit_log=path))
