import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import Client, film_part, png_film, serving

FILMS = [film_part(png_film(seed), f"{seed}.png") for seed in range(3)]


@pytest.fixture(scope="module")
def server(tiny_path: Path) -> Iterator[Client]:
    with serving(create_app(ServeSettings(source=tiny_path, workers=2, max_jobs=2))) as found:
        yield found


def start(client: Client, *parts: object, key: str | None = None, **fields: str) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/v1/jobs", files=list(parts) or FILMS, data=fields, headers=headers)


def lines(client: Client, job: str) -> list[dict[str, object]]:
    """All lines of a job, asked for piece by piece."""
    found, after = list[str](), "0"
    for _ in range(10_000):
        answer = client.get(f"/v1/jobs/{job}/results", params={"after": after})
        found += answer.text.splitlines()
        after = answer.headers["plainfilm-next"]
        if answer.headers["plainfilm-job-state"] == "done" and int(after) == len(found):
            break
    return [json.loads(line) for line in found]


def test_a_job_gives_a_line_for_each_film_in_their_order(server: Client) -> None:
    bad = film_part(b"no film", "bad.png")
    answer = start(server, FILMS[0], bad, FILMS[2])
    assert answer.status_code == 202
    assert answer.json()["films"] == 3
    found = lines(server, answer.json()["id"])
    assert [line["index"] for line in found] == [0, 1, 2]
    assert (found[1]["name"], found[1]["status"]) == ("bad.png", 422)
    alone = server.post("/v1/read", files=[FILMS[2]]).json()
    assert found[2] == {"index": 2, **alone}
    told = server.get(answer.headers["location"]).json()
    assert (told["state"], told["done"], told["bundle"]) == ("done", 3, "tiny/1")


def test_lines_that_are_known_are_not_sent_again(server: Client) -> None:
    job = start(server).json()["id"]
    lines(server, job)
    rest = server.get(f"/v1/jobs/{job}/results?after=2")
    assert [json.loads(line)["index"] for line in rest.text.splitlines()] == [2]
    beyond = server.get(f"/v1/jobs/{job}/results?after=99")
    assert (beyond.text, beyond.headers["plainfilm-next"]) == ("", "3")
    assert server.get(f"/v1/jobs/{job}/results?after=-1").status_code == 400


def test_the_same_key_and_content_give_the_same_job(server: Client) -> None:
    first, again = (start(server, key="order-7").json()["id"] for _ in range(2))
    assert first == again
    other = start(server, FILMS[0], key="order-7")
    assert (other.status_code, other.json()["type"][-10:]) == (422, "key-reused")
    assert start(server, key="order-7", age="4").status_code == 422
    another = start(server, key="order-8").json()["id"]
    assert another != first
    assert start(server, key="a b").status_code == 400
    for job in (first, another):
        lines(server, job)  # done: the next test's job finds a place


def test_a_job_is_forgotten_when_told_to(server: Client) -> None:
    job = start(server).json()["id"]
    assert server.request("DELETE", f"/v1/jobs/{job}").status_code == 204
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/results", "/v1/jobs/..%2f"):
        assert server.get(path).status_code == 404
    assert server.request("DELETE", f"/v1/jobs/{job}").status_code == 404


def test_what_a_job_cannot_do_is_told(server: Client) -> None:
    assert start(server, format="html").status_code == 400
    assert start(server, bundle="other").status_code == 404
    assert start(server, maps="png", finding="cold").status_code == 400


@pytest.fixture(scope="module")
def own_server(tiny_path: Path) -> Iterator[Client]:
    """One on which no other test's job is still running."""
    with serving(create_app(ServeSettings(source=tiny_path, workers=1))) as found:
        yield found


def test_a_job_s_reports_are_where_its_lines_say(own_server: Client) -> None:
    bad = film_part(b"no film", "bad.png")
    job = start(own_server, FILMS[0], bad, report="html").json()["id"]
    found = lines(own_server, job)
    told = found[0]["report"]
    assert told == {"media_type": "text/html; charset=utf-8",
                    "href": f"/v1/jobs/{job}/results/0/report"}  # fmt: skip
    report = own_server.get(str(told["href"]))
    alone = own_server.post("/v1/read?format=html", files=[FILMS[0]])
    assert (report.content, report.headers["content-type"]) == (
        alone.content, alone.headers["content-type"],
    )  # fmt: skip
    for index in ("1", "2", "-1", "x"):
        assert own_server.get(f"/v1/jobs/{job}/results/{index}/report").status_code == 404
    assert own_server.request("DELETE", f"/v1/jobs/{job}").status_code == 204
    assert own_server.get(str(told["href"])).status_code == 404


def test_no_report_is_kept_unasked(own_server: Client) -> None:
    job = start(own_server, FILMS[0]).json()["id"]
    assert "report" not in lines(own_server, job)[0]
    assert own_server.get(f"/v1/jobs/{job}/results/0/report").status_code == 404


def test_reports_are_of_as_many_films_as_a_request_may_have(tiny_path: Path) -> None:
    with serving(create_app(ServeSettings(source=tiny_path, workers=1, max_films=1))) as client:
        assert start(client, *FILMS[:2], report="png").status_code == 413
        assert start(client, *FILMS[:2]).status_code == 202


def test_the_oldest_jobs_go_when_their_reports_are_too_many(
    tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(create_app(ServeSettings(source=tiny_path, workers=1))) as client:
        first = start(client, FILMS[0], report="html").json()["id"]
        line = lines(client, first)[0]
        n_bytes = len(client.get(line["report"]["href"]).content)  # type: ignore[index]
        monkeypatch.setattr("plainfilm.serve.jobs.MAX_REPORT_BYTES", int(2.5 * n_bytes))
        others = [start(client, FILMS[0], report="html").json()["id"] for _ in range(2)]
        for each in others:
            lines(client, each)
        assert client.get(f"/v1/jobs/{first}").status_code == 404
        assert [client.get(f"/v1/jobs/{each}").status_code for each in others] == [200, 200]
