import json

import pytest

from plainfilm import errors
from plainfilm.serve import problems
from served import Client

MEDIA_TYPE = "application/problem+json"


def test_a_problem_says_the_same_to_everyone() -> None:
    """RFC 9457's members, and OIP's `error`."""
    problem = problems.unavailable("queue-full", "try again", 3)
    body = json.loads(bytes(problem.as_response().body))
    assert body == {
        "type": "urn:plainfilm:problem:queue-full",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "try again",
        "error": "try again",
    }
    assert problem.as_response().headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("error", "status"),
    [(errors.UnreadableImage("x"), 422), (errors.NotARadiograph("x"), 422),
     (errors.CorruptBundle("x"), 500), (errors.ReportError("x"), 422)],
)  # fmt: skip
def test_our_refusals_have_a_status(error: errors.PlainfilmError, status: int) -> None:
    assert problems.problem_of(error).status == status


def test_an_unknown_path_and_a_wrong_method_are_problems_too(client: Client) -> None:
    for answer, status in ((client.get("/v1/nothing"), 404), (client.get("/v1/read"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert answer.json()["status"] == status


def test_a_bug_tells_nothing_of_the_film(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("Jane Doe")

    monkeypatch.setattr(client.house, "decode", fails)
    answer = client.post("/v1/read", content=b"x", headers={"Content-Type": "image/png"})
    assert answer.status_code == 500
    assert "Jane" not in answer.text
