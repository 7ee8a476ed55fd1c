"""The page over HTTP: its files with their types, and nothing else of the disk."""

import asyncio
import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

from fastapi import FastAPI  # noqa: E402

from plainfilm.serve.own_page import OwnPage  # noqa: E402
from plainfilm.serve.page import POLICY, page_routes  # noqa: E402
from tiny_bundle import tiny_bundle  # noqa: E402


class Client:
    """Asks an app without a network."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def get(self, path: str):
        async def ask():
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path)

        return asyncio.run(ask())


@pytest.fixture
def client(tmp_path: Path) -> Client:
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    for name, content in {
        "index.html": "<title>plainfilm</title>",
        "app.json": '{"engine": "rest"}',
        "sw.js": "",
        "manifest.webmanifest": "{}",
        "assets/page-1.js": "1",
        "assets/page-1.css": "p {}",
    }.items():
        (tmp_path / "page" / name).write_text(content, encoding="utf-8")
    bundle = tiny_bundle()
    app = FastAPI()
    app.include_router(page_routes({"tiny": bundle}.__getitem__, tmp_path / "page"))
    return Client(app)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/app.json", "application/json"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/assets/page-1.js", "text/javascript; charset=utf-8"),
        ("/assets/page-1.css", "text/css; charset=utf-8"),
    ],
)
def test_a_file_comes_with_its_type(client: Client, path: str, kind: str) -> None:
    """S0-82."""
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"
    is_asset = path.startswith("/assets/")
    assert answer.headers["cache-control"].endswith("immutable" if is_asset else "no-cache")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/nothing", "/sw.js"],
)
def test_nothing_but_the_page_has_a_name(client: Client, path: str) -> None:
    """S0-82."""
    assert client.get(path).status_code == 404


def test_the_page_states_the_server_s_policy_for_itself(client: Client) -> None:
    """S2-46."""
    page = Path(__file__).resolve().parents[2] / "web" / "index.html"
    stated = re.search(r'content="(default-src [^"]+)"', page.read_text(encoding="utf-8"))
    assert stated is not None
    assert stated[1] == POLICY
    assert client.get("/").headers["content-security-policy"].startswith(POLICY)


def test_a_bundle_says_what_the_page_must_know(client: Client) -> None:
    bundle = tiny_bundle()
    found = client.get("/v1/bundles/tiny/about").json()
    assert found["sha256"] == bundle.id.sha256
    assert found["population"]["words"] == bundle.header.population.words
    assert found["evaluation"] is None
    assert client.get("/v1/bundles/other/about").status_code == 404


def test_a_house_s_own_words_and_films_are_handed_out(tmp_path: Path) -> None:
    """S0-81."""
    app = FastAPI()
    own = OwnPage({"title": "Ours"}, {"examples/one.png": b"a film"})
    app.include_router(page_routes({}.__getitem__, tmp_path, own=own))
    assert Client(app).get("/app.json").json() == {"title": "Ours"}
    answer = Client(app).get("/examples/one.png")
    assert (answer.content, answer.headers["content-type"]) == (b"a film", "image/png")


def test_without_the_page_the_server_says_how_to_get_it(tmp_path: Path) -> None:
    app = FastAPI()
    app.include_router(page_routes({}.__getitem__, tmp_path))
    answer = Client(app).get("/")
    assert answer.status_code == 200
    assert "npm run build" in answer.text
