import asyncio
import logging
from pathlib import Path

import pytest

from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving

CANARY = "Doe^Jane"


def test_every_answer_has_an_id_and_protects_the_browser(client: Client) -> None:
    answers = [client.get("/ping"), client.get("/nothing"),
               client.post("/v1/read?format=html", files=[film_part(png_film())])]  # fmt: skip
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_log_tells_the_route_and_nothing_of_the_film(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    film = film_part(png_film(), f"{CANARY}.png")
    for files in ([film], [film_part(CANARY.encode(), f"{CANARY}.dcm", "application/dicom")]):
        client.post(f"/v1/read?body_part={CANARY[:3]}", files=files, headers={"traceparent": trace})
    client.post("/v1/read", files=[film], data={CANARY: CANARY, "age": CANARY})
    client.get(f"/v1/bundles/{CANARY}/card", headers={"traceparent": CANARY})
    told = [vars(record)["fields"] for record in caplog.records if "fields" in vars(record)]
    assert told[0]["route"] == "/v1/read"
    assert (told[0]["status"], told[0]["trace"]) == (200, "a" * 32)
    assert told[-1]["route"] == "/v1/bundles/{name}/card"
    ours = [r for r in caplog.records if r.name.startswith("plainfilm")]
    assert not [r for r in ours if "Jane" in r.getMessage() or "Jane" in str(vars(r))]
    assert "Jane" not in client.house.metrics_page().decode()


def test_a_bug_is_logged_with_the_request_s_id(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(client.house, "decode", fails)
    answer = client.post("/v1/read", files=[film_part(png_film())])
    assert answer.status_code == 500
    (record,) = [each for each in caplog.records if each.getMessage() == "bug"]
    assert vars(record)["fields"]["request"] == answer.headers["x-request-id"]


def test_who_finds_no_place_is_told_so_before_anything_is_looked_at(tiny_path: Path) -> None:
    """L4: with less than half of the work; not even whether there is such a bundle is looked up."""
    with serving(create_app(ServeSettings(source=tiny_path, max_waiting=1))) as client:
        with client.house.workers.place():
            for path in ("/v1/read", "/v2/models/tiny/infer", "/v2/models/nobody/infer"):
                answer = client.post(path, content=b"anything")
                assert (answer.status_code, answer.json()["type"][-10:]) == (503, "queue-full")
                assert answer.headers["retry-after"]
                assert answer.headers["x-request-id"]
            assert client.get("/v2/models/tiny").status_code == 200
        page = client.house.metrics_page().decode()
        assert client.post("/v2/models/nobody/infer", content=b"").status_code == 404
    assert 'route="/v1/read",status="503"} 1.0' in page


def test_a_client_that_leaves_amid_its_film_is_no_bug(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    head = [(b"content-type", b"image/png"), (b"content-length", b"1000")]
    scope = {"type": "http", "method": "POST", "path": "/v1/read", "query_string": b"",
             "headers": head}  # fmt: skip
    come = iter([{"type": "http.request", "body": b"\x89PNG", "more_body": True},
                 {"type": "http.disconnect"}])  # fmt: skip
    answered = []

    async def receive() -> dict[str, object]:
        return next(come)

    async def send(message: dict[str, object]) -> None:
        answered.append(message)

    client.run(client.app(scope, receive, send))  # type: ignore[arg-type]
    (told,) = [vars(each)["fields"] for each in caplog.records if each.getMessage() == "request"]
    assert (told["route"], told["status"]) == ("/v1/read", 499)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert not answered


def cut_off(client: Client, *, is_ending: bool) -> tuple[bool, list[dict[str, object]]]:
    """Cancel a film amid its body: whether the cancelling went on, and what was answered."""
    head = [(b"content-type", b"image/png"), (b"content-length", b"1000")]
    scope = {"type": "http", "method": "POST", "path": "/v1/read", "query_string": b"",
             "headers": head}  # fmt: skip
    answered: list[dict[str, object]] = []

    async def cut() -> bool:
        is_inside = asyncio.Event()

        async def receive() -> dict[str, object]:
            is_inside.set()
            return await asyncio.get_running_loop().create_future()

        async def send(message: dict[str, object]) -> None:
            answered.append(message)

        asked = asyncio.create_task(client.app(scope, receive, send))  # type: ignore[arg-type]
        await is_inside.wait()
        client.house.workers.is_draining = is_ending
        asked.cancel()
        (found,) = await asyncio.gather(asked, return_exceptions=True)
        client.house.workers.is_draining = False
        return isinstance(found, asyncio.CancelledError)

    return client.run(cut()), answered


def test_who_is_cut_off_when_the_server_ends_is_sent_to_another(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """F6: it was a 500, at which no proxy asks another server."""
    caplog.set_level(logging.INFO)

    goes_on, (start, body) = cut_off(client, is_ending=True)

    assert not goes_on
    assert start["status"] == 503
    assert {b"retry-after", b"connection"} <= dict(start["headers"]).keys()  # type: ignore[call-overload]
    assert b":stopping" in body["body"]  # type: ignore[operator]
    (told,) = [vars(each)["fields"] for each in caplog.records if each.getMessage() == "request"]
    assert told["status"] == 503
    assert client.house.workers.n_admitted == 0


def test_what_is_cancelled_while_the_server_goes_on_stays_cancelled(client: Client) -> None:
    assert cut_off(client, is_ending=False) == (True, [])
