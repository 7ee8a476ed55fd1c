"""The static site: the page and a bundle, written whole, listed and hashed."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plainfilm.errors import CorruptBundle
from plainfilm.reading.bundle import Golden
from plainfilm.serve import w16
from plainfilm.serve.site import SiteError, site_files, write_site
from tiny_bundle import tiny_bundle


@pytest.fixture
def page(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>plainfilm</title>", encoding="utf-8")
    (folder / "app.json").write_text('{"engine": "rest", "title": "Ours"}', encoding="utf-8")
    (folder / "sw.js").write_text("use(SITE)\n", encoding="utf-8")
    (folder / "assets" / "page.js").write_text("1", encoding="utf-8")
    return folder


def test_a_site_holds_the_page_and_the_bundle_and_says_what_it_holds(
    page: Path, tmp_path: Path
) -> None:
    """S2-45, S2-51."""
    bundle, out = tiny_bundle(), tmp_path / "www"
    n_bytes = write_site(bundle, out, page=page)
    assert n_bytes == sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    assert (out / "assets" / "page.js").read_text(encoding="utf-8") == "1"
    settings = json.loads((out / "app.json").read_text(encoding="utf-8"))
    assert (settings["engine"], settings["title"]) == ("wasm", "Ours")
    site = settings["site"]
    assert site["bundle"]["sha256"] == bundle.id.sha256
    assert site["evaluation"] is None
    assert site["network"]["encoding"] == "w16"
    for entry in (site["bundle"], site["network"], site["golden"]):
        content = (out / entry["url"]).read_bytes()
        assert len(content) == entry["bytes"]
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    network = (out / site["network"]["url"]).read_bytes()
    assert len(w16.expand(network)) == len(bundle.network)


def test_the_service_worker_lists_what_is_kept_under_a_name_that_changes_with_it(
    page: Path,
) -> None:
    def listed(files: dict[str, bytes]) -> dict[str, object]:
        match = re.match(r"const SITE = (.*);\nuse\(SITE\)\n", files["sw.js"].decode())
        assert match is not None
        found: dict[str, object] = json.loads(match[1])
        return found

    files = site_files(tiny_bundle(), page)
    first = listed(files)
    left_out = {"sw.js", "index.html", "bundle/CARD.md"}  # index.html is kept as the folder itself
    assert set(first["files"]) == set(files) - left_out  # type: ignore[call-overload]
    assert listed(site_files(tiny_bundle(), page)) == first
    assert listed(site_files(tiny_bundle(seed=1), page))["build"] != first["build"]
    (page / "assets" / "page.js").write_text("2", encoding="utf-8")
    assert listed(site_files(tiny_bundle(), page))["build"] != first["build"]


def test_a_site_is_replaced_only_when_told_to(page: Path, tmp_path: Path) -> None:
    out = tmp_path / "www"
    write_site(tiny_bundle(), out, page=page)
    with pytest.raises(SiteError, match="www: a site is there already"):
        write_site(tiny_bundle(), out, page=page)
    (out / "stale.txt").write_text("old", encoding="utf-8")
    write_site(tiny_bundle(seed=1), out, page=page, overwrite=True)
    assert not (out / "stale.txt").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"built", "www"}


def test_what_is_no_site_is_left_alone_even_when_told_to(page: Path, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.dcm").touch()
    with pytest.raises(SiteError, match="films: holds something that is no site"):
        write_site(tiny_bundle(), tmp_path / "films", page=page, overwrite=True)
    with pytest.raises(SiteError, match=r"a\.dcm: a file is there"):
        write_site(tiny_bundle(), tmp_path / "films" / "a.dcm", page=page, overwrite=True)
    (tmp_path / "empty").mkdir()
    assert write_site(tiny_bundle(), tmp_path / "empty", page=page) > 0


def test_without_the_page_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="npm ci --ignore-scripts && npm run build"):
        write_site(tiny_bundle(), tmp_path / "www", page=tmp_path / "nowhere")
    assert not (tmp_path / "www").exists()


def test_a_bundle_that_computes_wrongly_becomes_no_site(page: Path, tmp_path: Path) -> None:
    bundle = tiny_bundle()
    wrong = [{**o, "score": o["score"] + np.float32(0.1)} for o in bundle.golden.outputs]
    broken = replace(bundle, golden=Golden(bundle.golden.radiographs, tuple(wrong)))
    with pytest.raises(CorruptBundle, match="score_0 came back"):
        write_site(broken, tmp_path / "www", page=page)
    assert not (tmp_path / "www").exists()


def test_a_disk_that_refuses_leaves_nothing_behind(page: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SiteError, match="www: cannot be written"):
        write_site(tiny_bundle(), tmp_path / "file" / "www", page=page)


def test_the_page_s_examples_are_drawings_of_nobody() -> None:
    """S4-21: no film that a bundle learned from, nor any patient's."""
    repository = Path(__file__).resolve().parents[2]
    settings = json.loads((repository / "web" / "public" / "app.json").read_text(encoding="utf-8"))
    drawn = (repository / "docs" / "examples" / "draw.py").read_text(encoding="utf-8")

    assert settings["examples"]
    for example in settings["examples"]:
        assert example["name"] in drawn
        assert example["url"] == f"examples/{example['name']}"
