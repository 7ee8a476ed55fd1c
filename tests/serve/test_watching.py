import logging

import pytest

from served import Client, film_part, png_film

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
