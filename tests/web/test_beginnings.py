"""The page before its first film: settings, words and examples that are wrong or do not come."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from page_acts import open_settings
from page_sites import Site, handed_out
from plainfilm.serve.repository import Change, Repository
from plainfilm.serve.site import write_site
from tiny_bundle import promotable, tiny_bundle

pytestmark = pytest.mark.slow


@pytest.fixture
def www(small_folder: Path, tmp_path: Path) -> Path:
    """A small site of one's own, to damage."""
    return Path(shutil.copytree(small_folder, tmp_path / "www"))


def make_later(path: Path, than: float) -> None:
    """Date it an hour later: a host tells by the second whether a file was changed."""
    os.utime(path, (than + 3600, than + 3600))


def rewrite(path: Path, text: str) -> None:
    written = path.stat().st_mtime
    path.write_text(text, encoding="utf-8")
    make_later(path, written)


def forgiven(page) -> None:
    """What was missing is in the console too, and nothing else."""
    assert all("404" in said or "dynamically imported" in said for said in page.mistakes)
    page.mistakes[:] = []


def test_settings_that_do_not_say_who_reads_claim_nothing_and_open_nothing(
    www: Path, visit
) -> None:
    """A page for this device never takes itself for one that sends films."""
    right = (www / "app.json").read_text(encoding="utf-8")
    wrong = ("null", '{"engine": "wasm"}', '{"engine": "wasm", "site": {}}', "<html>")
    rewrite(www / "app.json", wrong[0])
    with handed_out(www) as site:
        page = visit(site, ready=False)
        for each in wrong:
            rewrite(www / "app.json", each)
            page.reload()
            page.get_by_role("alert").wait_for()
            assert "app.json" in page.get_by_role("alert").inner_text()
            assert page.locator(".place, input[type=file]").count() == 0
        assert not [line for line in site.asked if "/v1/" in line or "/v2/" in line]
        rewrite(www / "app.json", right)
        page.get_by_role("button", name="Try again").click()
        page.locator("#open-here").wait_for(state="attached")


def test_a_bundle_that_cannot_be_drawn_is_told_and_not_tried_for_ever(www: Path, visit) -> None:
    """A header that a site's own writer would not write, with its right hash."""
    settings = json.loads((www / "app.json").read_text(encoding="utf-8"))
    settings["site"]["bundle"]["sha256"] = hashlib.sha256(b"{}").hexdigest()
    (www / "app.json").write_text(json.dumps(settings), encoding="utf-8")
    (www / "bundle" / "bundle.json").write_bytes(b"{}")
    with handed_out(www) as site:
        page = visit(site, ready=False)
        page.get_by_role("alert").wait_for()
        assert "The page itself made a mistake" in page.get_by_role("alert").inner_text()
        assert page.locator("input[type=file]").count() == 0


def test_a_newer_version_is_offered_and_not_taken_unasked(www: Path, visit) -> None:
    """What is open stays open until the person says so."""
    with handed_out(www) as site:
        page = visit(site)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        write_site(tiny_bundle(seed=1), www, overwrite=True)
        for path in www.rglob("*.*"):
            make_later(path, path.stat().st_mtime)
        told = page.locator(".hash bdi")
        old = told.text_content()
        page.reload()
        offer = page.get_by_role("button", name="Take it")
        offer.wait_for()
        assert told.text_content() == old
        offer.click()
        page.locator("#open-here").wait_for(state="attached")
        page.get_by_text(tiny_bundle(seed=1).id.sha256).wait_for(state="attached")
        assert offer.count() == 0


def test_s0_84_the_page_waits_for_a_bundle_and_takes_it_without_being_loaded_anew(
    empty_server: tuple[Site, Path], visit, film: Path
) -> None:
    """S0-84: until the server is ready the page says that it waits, and opens no film."""
    site, folder = empty_server
    page = visit(site, ready=False)
    waiting = page.get_by_role("status").filter(has_text="Waiting for")
    waiting.wait_for()
    assert waiting.inner_text() == f"Waiting for {page.evaluate('location.host')}"
    assert page.locator("#open").is_disabled()
    page.evaluate("window.same = true")

    repository = Repository(folder)
    repository.publish(promotable(tiny_bundle()))
    repository.promote("tiny", 1, Change())

    page.get_by_text("Ready: tiny").wait_for()
    assert waiting.count() == 0
    page.locator("#open-here").set_input_files(film)
    page.locator(".finding").first.wait_for()
    assert page.evaluate("window.same") is True


def test_words_that_cannot_be_fetched_leave_the_page_in_its_own(www: Path, visit) -> None:
    words = next((www / "assets").glob("ar-*.js"))
    words.rename(www / words.name)
    with handed_out(www) as site:
        page = visit(site, locale="ar")
        assert page.locator("html").get_attribute("lang") == "en"
        open_settings(page)
        page.locator("dialog select").first.select_option("ar")
        page.locator(".problem").wait_for(state="attached")
        assert "العربية could not be fetched" in page.locator(".problem").inner_text()
        (www / words.name).rename(words)
        page.locator("dialog select").first.select_option("es")
        page.locator("html[lang=es]").wait_for()
        assert page.locator(".problem").count() == 0
        forgiven(page)


def test_an_example_that_cannot_be_fetched_is_named(www: Path, visit) -> None:
    (www / "examples" / "drawn-chest.png").unlink()
    with handed_out(www) as site:
        page = visit(site)
        page.get_by_role("button", name="drawn-chest.png").click()
        page.locator(".problem").wait_for()
        assert "drawn-chest.png could not be fetched" in page.locator(".problem").inner_text()
        assert page.locator("#open-here").is_enabled()
        forgiven(page)


def test_a_slow_line_shows_words_before_the_page_itself_is_there(www: Path, browser) -> None:
    with handed_out(www) as site:
        page = browser.new_page()
        held = []
        page.route("**/assets/index-*.js", lambda route: held.append(route))
        with page.expect_request("**/assets/index-*.js"):
            page.goto(site.url, wait_until="commit")
        page.get_by_text("This page is being fetched").wait_for()
        held[0].continue_()
        page.locator(".app").wait_for()
        assert page.get_by_text("This page is being fetched").count() == 0
        page.close()
