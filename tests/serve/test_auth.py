"""Who may, gets in; who may not, or does not say who they are, is told so."""

import asyncio
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Send
from starlette.types import Scope as Asked

from plainfilm.errors import KeysError
from plainfilm.serve.auth import Auth, AuthSettings, caller_of, check_exposure, needed_scope
from plainfilm.serve.keys import KeyFile, Scope
from plainfilm.serve.tokens import OidcSettings
from serve_calls import ask

OIDC = OidcSettings("https://login.example.org", "plainfilm", Path("jwks.json"))


async def who(scope: Asked, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": caller_of(scope).encode()})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def test_a_key_lets_in_by_either_header(path: Path) -> None:
    key, kept = KeyFile(path).add("a", (Scope.READ,))
    app = Auth(who, AuthSettings(path))
    for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        answer = ask(app, path="/v1/read", headers=headers)
        assert (answer.status_code, answer.text) == (200, f"key:{kept.id}")


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-API-Key": "pf_wrong"}, {"Authorization": "Basic YTpi"}, {"X-API-Key": "a.b.c"}],
)
def test_without_a_key_nobody_gets_in(path: Path, headers: dict[str, str]) -> None:
    KeyFile(path).add("a", (Scope.READ,))
    answer = ask(Auth(who, AuthSettings(path)), path="/v1/read", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "pf_wrong" not in answer.text


def test_a_key_opens_only_its_scopes(path: Path) -> None:
    key, _ = KeyFile(path).add("a", (Scope.READ,))
    app, headers = Auth(who, AuthSettings(path)), {"X-API-Key": key}
    assert ask(app, path="/v1/read", headers=headers).status_code == 200
    for closed in ("/v2/models/a/infer", "/v2/repository/index", "/anything"):
        assert ask(app, path=closed, headers=headers).status_code == 403


def test_a_monitor_s_key_sees_the_metrics_and_loads_nothing(path: Path) -> None:
    keys = KeyFile(path)
    monitor, administrator = (keys.add("a", (each,))[0] for each in (Scope.METRICS, Scope.ADMIN))
    app = Auth(who, AuthSettings(path))

    def status(key: str, method: str, where: str) -> int:
        return ask(app, method=method, path=where, headers={"X-API-Key": key}).status_code

    assert status(monitor, "GET", "/metrics") == status(administrator, "GET", "/metrics") == 200
    assert status(monitor, "POST", "/v2/repository/index") == 403
    assert status(monitor, "POST", "/v1/read") == 403


@pytest.mark.parametrize("probe", ["/ping", "/ready", "/v2/health/live", "/v2/health/ready"])
def test_whether_it_lives_is_open_to_all(path: Path, probe: str) -> None:
    """S0-84: a probe has no key."""
    app = Auth(who, AuthSettings(path))
    assert ask(app, method="GET", path=probe).text == "127.0.0.1"
    assert ask(app, method="HEAD", path=probe).status_code == 200


def test_a_broken_file_of_keys_lets_nobody_in_and_the_log_says_why(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text("{}")
    headers = {"X-API-Key": "pf_" + "0" * 12 + "_" + "A" * 43}
    answer = ask(Auth(who, AuthSettings(path)), path="/v1/read", headers=headers)
    assert answer.status_code == 503
    assert "its log says why" in answer.json()["detail"]
    (told,) = caplog.records
    assert vars(told)["fields"]["reason"].startswith("keys.json: not a file of keys (KeyError)")
    assert "A" * 43 not in str(vars(told))


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v2/health/live", None), ("GET", "/ping", None),
        ("POST", "/v1/read", Scope.READ), ("GET", "/v2/models/a/ready", Scope.READ),
        ("POST", "/v2/models/a/infer", Scope.INFER), ("GET", "/unheard-of", Scope.READ),
        ("POST", "/v2/repository/index", Scope.ADMIN), ("GET", "/metrics", Scope.METRICS),
        ("GET", "/", None), ("HEAD", "/assets/index-a1.js", None), ("POST", "/", Scope.ADMIN),
        ("GET", "/assets/../v1/read", Scope.READ), ("GET", "/examples/a/b.png", Scope.READ),
        ("DELETE", "/new", Scope.ADMIN), ("GET", "/v2/health/../repository", Scope.READ),
    ],
)  # fmt: skip
def test_what_a_request_needs(method: str, path: str, scope: Scope | None) -> None:
    assert needed_scope(method, path) == scope


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_alone_at_home_no_keys_are_needed(host: str) -> None:
    check_exposure(host, AuthSettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "films.example.org", ""])
def test_in_the_open_keys_are_needed(host: str, path: Path) -> None:
    with pytest.raises(KeysError, match="others can reach"):
        check_exposure(host, AuthSettings())
    with pytest.raises(KeysError, match="holds no keys"):
        check_exposure(host, AuthSettings(path))
    KeyFile(path).add("a", (Scope.READ,))
    check_exposure(host, AuthSettings(path))
    check_exposure(host, AuthSettings(oidc=OIDC))


def test_a_websocket_is_closed(path: Path) -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {}

    asyncio.run(Auth(who, AuthSettings(path))({"type": "websocket"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
