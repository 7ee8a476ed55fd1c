"""The page in Firefox and WebKit: the same answers, the same silence, the same without a network.

Run: PLAINFILM_BROWSERS=all xvfb-run -a pytest tests/web/test_other_browsers.py, after
apt-get install firefox-esr webkit2gtk-driver xvfb. Not with the others: it takes minutes.
"""

import os
from pathlib import Path

import pytest

import other_browsers
import webdrivers
from page_sites import Site, handed_out
from plainfilm.images import read_radiograph
from plainfilm.reading import Reader

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["Firefox", "WebKit"])
def other(request: pytest.FixtureRequest, built: Path):
    """A browser that is not Chromium."""
    if os.environ.get("PLAINFILM_BROWSERS") != "all":
        pytest.skip("other browsers are tried on demand (PLAINFILM_BROWSERS=all)")
    here = webdrivers.others()
    if request.param not in here:
        pytest.skip(f"no {request.param} here, or no display for it (xvfb-run)")
    with here[request.param]() as browser:
        yield browser


@pytest.mark.parametrize(("mode", "tolerance"), [("static_site", 1e-3), ("server", 1e-6)])
def test_every_kind_of_file_gets_python_s_answer(
    mode: str, tolerance: float, other, reader: Reader, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    site: Site = request.getfixturevalue(mode)
    other_browsers.ready(other, site.url)
    for film in other_browsers.films(tmp_path):
        found = other_browsers.read(other, film)
        expected = reader.read(read_radiograph(film)).results
        assert len(found) == len(expected) == 14
        for one in expected:
            apart = abs(found[one.finding.display] - one.probability)
            assert apart <= tolerance, f"{film.name}, {one.finding.name}: {apart}"


def test_a_planted_upload_is_stopped(other, static_site: Site, tmp_path: Path) -> None:
    """S2-46, in the other engines too."""
    other_browsers.ready(other, static_site.url)
    with handed_out(tmp_path) as elsewhere:
        other.run(
            "fetch(arguments[0], {method: 'POST', body: 'film', mode: 'no-cors'})"
            ".then(() => document.title = 'sent', () => document.title = 'stopped')",
            elsewhere.url,
        )
        other.wait("['sent', 'stopped'].includes(document.title)")
        assert other.run("return document.title") == "stopped"
        assert elsewhere.asked == []


def test_it_works_without_a_network(other, site_folder: Path, film: Path) -> None:
    """S2-45, in the other engines too."""
    with handed_out(site_folder) as site:
        other_browsers.ready(other, site.url)
        other.run("navigator.serviceWorker.ready.then(() => document.title = 'kept')")
        other.wait("document.title === 'kept'")
        site.stop()
        other_browsers.ready(other, site.url)
        assert len(other_browsers.read(other, film)) == 14
