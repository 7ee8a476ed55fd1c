"""The page where something fails: files that are no films, damage, no network, its own mistakes."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from page_acts import read
from page_sites import handed_out

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


def test_a_mistake_of_the_page_itself_is_told(static_site, visit) -> None:
    page = visit(static_site)
    page.evaluate("setTimeout(() => { throw new Error('planted') })")
    page.get_by_role("alert").wait_for()
    assert "planted" in page.get_by_role("alert").inner_text()
    page.mistakes[:] = []


def test_a_damaged_network_is_not_used(site_folder: Path, visit, tmp_path: Path) -> None:
    shutil.copytree(site_folder, tmp_path / "www")
    network = tmp_path / "www" / "bundle" / "network.w16"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    with handed_out(tmp_path / "www") as site:
        page = visit(site, ready=False)
        page.get_by_role("alert").wait_for()
        assert "network.w16 is not as it should be" in page.get_by_role("alert").inner_text()
        assert page.locator("#open").is_disabled()


def test_an_engine_that_computes_wrongly_reads_no_film(
    site_folder: Path, visit, tmp_path: Path
) -> None:
    """The self-test on a known picture comes before the first film."""

    shutil.copytree(site_folder, tmp_path / "www")
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


def test_it_works_without_a_network(site_folder: Path, visit, film: Path, tmp_path: Path) -> None:
    """S2-45."""
    with handed_out(site_folder) as site:
        page = visit(site)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        site.stop()
        page.context.set_offline(True)
        page.reload()
        page.locator("#open-here").wait_for(state="attached")
        read(page, film)
        assert page.locator(".finding").count() == 14
        kept = page.evaluate(
            "caches.keys().then(names => Promise.all(names.map(name => caches.open(name)"
            ".then(cache => cache.keys())))).then(all => all.flat().map(r => r.url))"
        )
        assert kept
        assert not [url for url in kept if "chest.png" in url and "examples" not in url]
