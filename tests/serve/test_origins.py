import pytest
from starlette.datastructures import Headers

from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.origins import is_foreign
from serve_calls import ask
from served import Client


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"Origin": "http://127.0.0.1:8000"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://films.example"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),  # localhost:3000 is the same site, and not us
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "http://127.0.0.1:3000"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://["}, True),
    ],
)
def test_only_the_own_page_and_programs_are_not_foreign(
    headers: dict[str, str], foreign: bool
) -> None:
    assert is_foreign(Headers({"Host": "127.0.0.1:8000", **headers})) is foreign


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        ("http://films.lan", {"Host": "films.lan:80"}),  # nginx's $host:$server_port
        ("https://films.lan", {"Host": "films.lan:443"}),
        ("http://films.lan", {"Host": "Films.lan"}),
        ("http://films.lan:81", {"Host": "films.lan:81"}),
        ("http://films.lan", {"Host": "10.0.0.7:8000", "X-Forwarded-Host": "films.lan"}),  # Apache
    ],
)
def test_the_own_page_behind_a_proxy_without_tls_is_not_foreign(
    origin: str, headers: dict[str, str]
) -> None:
    assert not is_foreign(Headers({"Origin": origin, **headers}))
    for evil in ("http://evil.example", "http://films.lan:8080", "null"):
        assert is_foreign(Headers({"Origin": evil, **headers}))


def test_an_origin_without_a_place_is_nobody_s() -> None:
    assert is_foreign(Headers({"Origin": "http://", "Host": ""}))
    assert is_foreign(Headers({"Origin": "http://"}))


def test_a_page_of_another_site_unloads_nothing(client: Client) -> None:
    admin = create_admin_app(client.app)
    path, evil = "/v2/repository/models/tiny/unload", {"Origin": "http://evil.example"}
    answer = ask(admin, path=path, headers=evil, content=b"{}")
    assert (answer.status_code, answer.json()["type"][-12:]) == (403, "another-site")
    assert client.get("/v2/models/tiny/ready").status_code == 200
    assert ask(admin, method="GET", path="/metrics", headers=evil).status_code == 200
    assert client.post("/v1/read", headers=evil).status_code == 403
