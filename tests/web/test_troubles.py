"""The page where something fails: files that are no films, damage, no network, its own mistakes."""

import gzip
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page_acts import read
from page_sites import handed_out
from phantoms import phantom

pytestmark = pytest.mark.slow


def test_what_is_no_film_is_told_and_the_others_are_read(page, film: Path, tmp_path: Path) -> None:
    """Never a black film with 0 %."""
    (tmp_path / "notes.png").write_bytes(b"a letter, not a film")
    rng = np.random.default_rng(0)
    cat = rng.integers(0, 255, (200, 300, 3), np.uint8)
    Image.fromarray(cat).save(tmp_path / "cat.jpg")
    page.locator("#open").set_input_files([tmp_path / "notes.png", tmp_path / "cat.jpg", film])
    page.get_by_text("1 of 3 read").wait_for()
    page.locator(".problem").wait_for()
    assert "notes.png could not be opened" in page.locator(".problem").inner_text()
    rows = page.locator(".films tbody tr")
    assert rows.count() == 3
    assert "not read" in rows.nth(1).inner_text()
    page.get_by_role("button", name="chest.png", exact=True).click()
    assert page.locator(".finding").count() == 14


def test_a_mistake_of_the_page_itself_is_told(small_folder: Path, visit) -> None:
    with handed_out(small_folder) as site:
        page = visit(site)
        page.evaluate("setTimeout(() => { throw new Error('planted') })")
        page.get_by_role("alert").wait_for()
        assert "planted" in page.get_by_role("alert").inner_text()
        page.mistakes[:] = []


def test_a_damaged_network_is_not_used(small_folder: Path, visit, tmp_path: Path) -> None:
    shutil.copytree(small_folder, tmp_path / "www")
    network = tmp_path / "www" / "bundle" / "network.w16"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    with handed_out(tmp_path / "www") as site:
        page = visit(site, ready=False)
        page.get_by_role("alert").wait_for()
        assert "network.w16 is not as it should be" in page.get_by_role("alert").inner_text()
        assert page.locator("#open").is_disabled()


def test_a_damaged_engine_is_blamed_and_not_the_browser(
    small_folder: Path, visit, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path / "www")
    engine = next((tmp_path / "www" / "assets").glob("onnxruntime-*.bin"))
    engine.write_bytes(engine.read_bytes()[:-1000])
    with handed_out(tmp_path / "www") as site:
        page = visit(site, ready=False)
        page.get_by_role("alert").wait_for()
        assert f"{engine.name} is not as it should be" in page.get_by_role("alert").inner_text()


def test_an_engine_that_the_host_unpacked_is_taken(
    small_folder: Path, visit, tmp_path: Path
) -> None:
    shutil.copytree(small_folder, tmp_path / "www")
    engine = next((tmp_path / "www" / "assets").glob("onnxruntime-*.bin"))
    engine.write_bytes(gzip.decompress(engine.read_bytes()))
    with handed_out(tmp_path / "www") as site:
        visit(site)


def test_an_engine_that_computes_wrongly_reads_no_film(
    small_folder: Path, visit, tmp_path: Path
) -> None:
    """The self-test on a known picture comes before the first film."""

    shutil.copytree(small_folder, tmp_path / "www")
    golden = tmp_path / "www" / "bundle" / "golden.npz"
    content = bytearray(golden.read_bytes())
    at = content.find(b"score_0.npy")
    start = content.find(b"\n", at) + 1
    content[start : start + 4] = np.float32(99).tobytes()
    golden.write_bytes(content)
    settings = json.loads((tmp_path / "www" / "app.json").read_text(encoding="utf-8"))
    settings["site"]["golden"]["sha256"] = hashlib.sha256(content).hexdigest()
    (tmp_path / "www" / "app.json").write_text(json.dumps(settings), encoding="utf-8")
    with handed_out(tmp_path / "www") as site:
        page = visit(site, ready=False)
        page.get_by_role("alert").wait_for()
        assert "gave wrong numbers (score)" in page.get_by_role("alert").inner_text()


def test_it_works_without_a_network(small_folder: Path, visit, film: Path, tmp_path: Path) -> None:
    """S2-45."""
    with handed_out(small_folder) as site:
        page = visit(site)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        site.stop()
        page.context.set_offline(True)
        page.reload()
        page.locator("#open-here").wait_for(state="attached")
        read(page, film)
        kept = page.evaluate(
            "caches.keys().then(names => Promise.all(names.map(name => caches.open(name)"
            ".then(cache => cache.keys())))).then(all => all.flat().map(r => r.url))"
        )
        assert kept
        assert not [url for url in kept if "chest.png" in url and "examples" not in url]


def worker_of(page):
    return page.workers[0]


def test_a_worker_that_breaks_is_told_and_started_anew(static_page, film: Path) -> None:
    """With an error that it tells, and dead without a word, as where memory ran out."""
    page = static_page
    read(page, film)
    worker_of(page).evaluate("() => { self.onmessage = () => { throw new Error('planted') } }")
    page.get_by_role("button", name="Read again").click()
    page.locator(".problem").wait_for()
    assert "planted" in page.locator(".problem").inner_text()
    page.get_by_role("button", name="Try again").click()
    page.locator("#findings").wait_for()
    page.mistakes[:] = []  # the browser tells the planted one
    worker_of(page).evaluate("() => { self.onmessage = () => self.close() }")
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("button", name="Cancel").click()
    assert "Cancelled" in page.locator(".problem").inner_text()
    page.get_by_role("button", name="Try again").click()
    page.locator("#findings").wait_for()
    assert page.locator(".finding").count() == 14


def test_what_cannot_be_fetched_is_named_and_can_be_tried_again(
    small_folder: Path, visit, tmp_path: Path
) -> None:
    """S2-47, S2-48: while it waits, how much of how much has come; nothing of it when it is ready.

    The engine itself is missing at first.
    """
    shutil.copytree(small_folder, tmp_path / "www")
    engine = next((tmp_path / "www" / "assets").glob("onnxruntime-*"))
    engine.rename(tmp_path / engine.name)
    with handed_out(tmp_path / "www") as site:
        page = visit(site, ready=False)
        page.locator(".problem").wait_for()
        said = page.locator(".problem").inner_text()
        assert f"{engine.name} could not be fetched" in said
        assert page.locator("#open").is_disabled()
        (tmp_path / engine.name).rename(engine)
        held = []
        page.route("**/onnxruntime-*", lambda route: held.append(route))
        with page.expect_request("**/onnxruntime-*"):
            page.get_by_role("button", name="Try again").click()
        page.get_by_text(re.compile(r"Fetching .*: [\d.]+ of [\d.]+ MB")).wait_for()
        assert page.locator("progress").get_attribute("max") is not None
        held[0].continue_()
        page.locator("#open-here").wait_for(state="attached")
        assert page.locator(".loading, progress").count() == 0
        assert all("404" in mistake for mistake in page.mistakes)
        page.mistakes[:] = []


def test_a_full_store_costs_only_the_next_visit_without_a_network(
    small_folder: Path, visit, film: Path
) -> None:
    with handed_out(small_folder) as site:
        page = visit(site, ready=False)
        session = page.context.new_cdp_session(page)
        origin = {"origin": site.url.rstrip("/"), "quotaSize": 1000}
        session.send("Storage.overrideQuotaForOrigin", origin)
        page.reload()
        page.locator("#open-here").wait_for(state="attached")
        read(page, film)
        kept = "navigator.serviceWorker.getRegistration().then(found => !!found?.active)"
        assert page.evaluate(kept) is False


def test_without_scripts_the_page_says_what_it_needs(static_site, browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(static_site.url)
    assert "JavaScript, which is switched off here" in page.locator("body").inner_text()
    context.close()


def drawn_cat(size: int = 480) -> Image.Image:
    """A face with ears, eyes and whiskers, in the warm colours of a photograph."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    grain = np.random.default_rng(7).normal(0, 0.03, (size, size))
    fur = 0.55 + 0.2 * np.sin(14 * x + 3 * np.sin(5 * y)) * np.exp(-(x**2 + y**2)) + grain
    head = (x / 0.7) ** 2 + ((y - 0.1) / 0.65) ** 2 < 1
    ears = (np.abs(np.abs(x) - 0.45) < 0.22 * (y + 0.95)) & (y < -0.25) & (y > -0.95)
    red, green, blue = (np.where(head | ears, fur * c, 0.35 + 0.2 * y) for c in (1.0, 0.72, 0.45))
    eyes = ((np.abs(x) - 0.28) / 0.12) ** 2 + ((y + 0.05) / 0.09) ** 2 < 1
    green = np.where(eyes, 0.8, green)
    pupils = ((np.abs(x) - 0.28) / 0.03) ** 2 + ((y + 0.05) / 0.08) ** 2 < 1
    cat = np.stack([np.where(pupils, 0.05, c) for c in (red, green, blue)], -1)
    return Image.fromarray(np.round(255 * np.clip(cat, 0, 1)).astype(np.uint8))


def test_a_photograph_of_a_cat_gets_no_finding(page, tmp_path: Path) -> None:
    """In colour it is no film; without colour it is refused as unlike every film."""
    drawn_cat().save(tmp_path / "cat.jpg", quality=90)
    drawn_cat().convert("L").save(tmp_path / "grey-cat.jpg", quality=90)
    page.locator("#open").set_input_files(tmp_path / "cat.jpg")
    page.locator(".problem").wait_for()
    assert "colour" in page.locator(".problem").inner_text()
    read(page, tmp_path / "grey-cat.jpg")
    assert page.locator("#findings .summary").inner_text().startswith("Refused: unlike any film")
    assert page.locator(".finding").count() == 0


def test_a_film_of_sixty_megapixels_is_refused_and_one_of_forty_eight_read(
    static_page, tmp_path: Path
) -> None:
    """A phone has not the memory for more; the reason says what to do."""
    page, small = (
        static_page,
        Image.fromarray(np.round(255 * phantom(size=(600, 500), seed=4)).astype(np.uint8)),
    )
    for name, size in (("sixty.jpg", (7100, 8520)), ("forty-eight.jpg", (6400, 7500))):
        small.resize(size).save(tmp_path / name, quality=60)
    page.locator("#open").set_input_files(tmp_path / "sixty.jpg")
    page.locator(".problem").wait_for()
    said = page.locator(".problem").inner_text()
    assert "7100 x 8520 pixels; expected at most" in said
    assert "Make it smaller" in said
    page.locator("#open").set_input_files(tmp_path / "forty-eight.jpg")
    page.locator(".finding").first.wait_for(timeout=120_000)
    assert "6400 × 7500" in page.locator(".film-name").inner_text()
