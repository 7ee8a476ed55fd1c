"""A browser, and the page in both modes: a static site, and behind the server."""

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page_acts import switch_to
from page_sites import Site, handed_out
from phantoms import phantom
from plainfilm.reading import Reader
from plainfilm.reading.shelf import open_bundle
from plainfilm.serve.site import PAGE, write_site
from tiny_bundle import tiny_bundle
from told_bundle import told_bundle

REPOSITORY = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"width": 390, "height": 760}
PATIENCE_MS = 30_000  # on a busy machine; what is waited for takes a second


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "chest.png"
    pixels = np.round(255 * phantom(size=(420, 400), seed=3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader("chest14-demo", threads=1)


@pytest.fixture(scope="session")
def built() -> Path:
    if not (PAGE / "index.html").is_file():
        pytest.skip("the page is not built: cd web && npm ci --ignore-scripts && npm run build")
    return PAGE


@pytest.fixture(scope="session")
def browser(built: Path):
    playwright = pytest.importorskip("playwright.sync_api")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site_folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "www"
    write_site(open_bundle("chest14-demo"), out)
    return out


@pytest.fixture(scope="session")
def static_site(site_folder: Path) -> Iterator[Site]:
    with handed_out(site_folder) as site:
        yield site


@pytest.fixture(scope="session")
def small_folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose bundle is tiny: it starts in half the time."""
    out = tmp_path_factory.mktemp("small") / "www"
    write_site(tiny_bundle(), out)
    return out


@pytest.fixture(scope="session")
def server(built: Path) -> Iterator[Site]:
    """The page behind the server."""
    with served() as site:
        yield site


@contextlib.contextmanager
def served(source: Path | str = "chest14-demo", **settings: object) -> Iterator[Site]:
    """A server that reads with the demo bundle or another source, in a thread of its own."""
    app_of = pytest.importorskip("plainfilm.serve.app").create_app
    settings_of = pytest.importorskip("plainfilm.serve.settings").ServeSettings
    uvicorn = pytest.importorskip("uvicorn")
    app = app_of(settings_of(source=source, workers=1, **settings))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started and thread.is_alive():
        time.sleep(0.01)  # uvicorn gives no event to wait for
    port = running.servers[0].sockets[0].getsockname()[1]
    site = Site(f"http://127.0.0.1:{port}/")
    yield site
    site.empty()
    running.should_exit = True
    thread.join(10)


@pytest.fixture(params=["static", "server"])
def told_site(request: pytest.FixtureRequest, built: Path, tmp_path: Path) -> Iterator[Site]:
    """The page in a mode, with a bundle that is told age, sex and view."""
    if request.param == "server":
        told_bundle().save(tmp_path / "told.bundle")
        with served(tmp_path / "told.bundle") as site:
            yield site
        return
    write_site(told_bundle(), tmp_path / "www")
    with handed_out(tmp_path / "www") as site:
        yield site


@pytest.fixture
def locked_server(built: Path, tmp_path: Path) -> Iterator[tuple[Site, str]]:
    """A server that lets in one key, and the key."""
    guards = pytest.importorskip("plainfilm.serve.guards").Guards
    auth = pytest.importorskip("plainfilm.serve.auth").AuthSettings
    keys = pytest.importorskip("plainfilm.serve.keys")
    key, _ = keys.KeyFile(tmp_path / "keys.json").add("ward", (keys.Scope.READ,))
    with served(guards=guards(auth(tmp_path / "keys.json"))) as site:
        yield site, key


@pytest.fixture
def empty_server(built: Path, tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    """A server that waits for a bundle, and the folder where it looks for one."""
    with served(tmp_path, poll_s=0.1) as site:
        yield site, tmp_path


@pytest.fixture(params=["static", "server"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue("static_site" if request.param == "static" else "server")
    return found


def is_mistake(said) -> bool:
    """Whether the console tells an error; a server that is not ready yet is none."""
    return said.type == "error" and "503" not in said.text


@pytest.fixture(scope="session")
def opened_pages(browser) -> Iterator[dict[str, object]]:
    """Pages that several tests use one after another: starting the engine takes seconds."""
    pages: dict[str, object] = {}
    yield pages
    for page in pages.values():
        page.context.close()


@pytest.fixture
def page(site: Site, browser, opened_pages):
    """The page of a mode, ready and without a film; what it does wrong fails the test."""
    with shared(opened_pages, browser, site) as found:
        yield found


@pytest.fixture
def static_page(static_site: Site, browser, opened_pages):
    """As `page`, on the device alone."""
    with shared(opened_pages, browser, static_site) as found:
        yield found


@pytest.fixture(scope="session")
def phone_window(static_site: Site, browser):
    """A phone's page on the device alone; its policy is off, for a checker is planted in it."""
    page = open_page(browser, static_site, viewport=PHONE, has_touch=True, bypass_csp=True)
    yield page
    page.context.close()


@pytest.fixture
def phone(phone_window):
    """The page on a phone, in English and upright, without a film; its mistakes fail the test."""
    phone_window.set_viewport_size(PHONE)
    phone_window.emulate_media(color_scheme="dark", forced_colors="none", reduced_motion=None)
    with emptied_after(phone_window) as page:
        yield page
        switch_to(page, "en")


@pytest.fixture
def server_page(server: Site, browser, opened_pages):
    """As `page`, behind the server alone."""
    with shared(opened_pages, browser, server) as found:
        yield found


def shared(pages: dict[str, object], browser, site: Site):
    """The page that is open there, or a new one."""
    if site.url not in pages:
        pages[site.url] = open_page(browser, site)
    return emptied_after(pages[site.url])


@contextlib.contextmanager
def emptied_after(page):
    """The page; its films are closed afterwards, and what it did wrong fails the test."""
    yield page
    mistakes, page.mistakes[:] = [*page.mistakes], []
    for button in page.locator("#close-all").all():
        button.click()
    assert not mistakes, mistakes


@pytest.fixture
def visit(browser):
    """Opens the page in a fresh visit, listens for its mistakes, and waits until it is ready."""
    pages = []

    def opened(site: Site, **options: object):
        pages.append(open_page(browser, site, **options))
        site.leave.append(pages[-1].context.close)
        return pages[-1]

    yield opened
    for page in pages:
        page.context.close()
        assert not page.mistakes, page.mistakes


def open_page(browser, site: Site, *, ready: bool = True, **options: object):
    """The page in a fresh visit, listened to, and waited for until it is ready."""
    wanted = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options}
    context = browser.new_context(**wanted)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.mistakes = []
    page.on("pageerror", lambda error: page.mistakes.append(str(error)))
    page.on("console", lambda said: is_mistake(said) and page.mistakes.append(said.text))
    page.goto(site.url)
    if ready:
        page.locator("#open-here").wait_for(state="attached")
    return page
