"""The page as a person meets it, in a real browser, on the device and behind the server."""

import base64
import csv
import gzip
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from page_acts import read, saved, switch_fitting, tell
from page_sites import Site, handed_out
from pdfs import words_of
from plainfilm.images import read_radiograph
from plainfilm.radiograph import View
from plainfilm.reading import Reader
from plainfilm.reading.shelf import bundled, open_bundle
from plainfilm.reports import wording
from plainfilm.reports.as_json import prediction_json
from plainfilm.serve.own_page import OwnPage
from plainfilm.serve.site import write_site
from tiny_bundle import tiny_bundle

pytestmark = pytest.mark.slow


def test_a_film_is_read_as_python_reads_it(page, film: Path, reader: Reader) -> None:
    """S0-76, S2-48, S2-49, S4-18: every finding, none renormalised, within 1e-3 of Python."""
    read(page, film)
    tell(page, age="44", view="PA", part="chest")
    expected = reader.read(read_radiograph(film), age_years=44, view=View.PA, body_part="chest")
    shown = page.locator(".finding")
    assert shown.count() == len(expected.results) == 14
    page.locator("#open").set_input_files(film)  # a second film, for the table
    page.get_by_text("2 of 2 read").wait_for()
    found = json.loads(saved(page, "JSON"))[0]
    wanted = prediction_json(expected)
    for one, other in zip(found["findings"], wanted["findings"], strict=True):
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-3)
        assert (one["finding"], one["present"]) == (other["finding"], other["present"])
    assert found["familiarity"] == pytest.approx(wanted["familiarity"], abs=0.01)
    for key in ("name", "bundle", "read_as", "calibrated", "cautions", "refused"):
        assert found[key] == wanted[key] or key == "cautions"
    assert [c.split("(")[0] for c in found["cautions"]] == [
        c.split("(")[0] for c in expected.cautions
    ]
    first = max(expected.results, key=lambda r: (r.present, r.probability / r.threshold))
    words = shown.first.inner_text()
    assert first.finding.display in words
    assert wording.reading(first, expected.calibrated) in words
    rows = list(csv.DictReader(io.StringIO(saved(page, "Table as CSV"))))
    assert len(rows) == 28
    assert rows[0]["finding"] == expected.results[0].finding.name


def test_the_page_rounds_for_people_and_not_for_programs(page, film: Path) -> None:
    """S2-50: whole per cent or two decimals of a score on screen, three and more in the files.

    A tie at the threshold counts as above it, everywhere (`FindingResult.present`).
    """
    read(page, film)
    shown = page.locator(".finding .number bdi").all_inner_texts()
    answer = json.loads(saved(page, "JSON"))
    form = r"(< 1|> 99|\d+) %" if answer["calibrated"] else r"(< |> )?0\.\d\d"
    assert all(re.fullmatch(form, number) for number in shown), shown
    found = answer["findings"]
    assert all(re.match(r"0\.\d{3}", str(each["probability"])) for each in found)
    assert all(each["present"] == (each["probability"] >= each["threshold"]) for each in found)
    rows = list(csv.DictReader(io.StringIO(saved(page, "Table as CSV"))))
    assert [row["probability"] for row in rows] == [
        f"{np.float32(each['probability']):.9g}" for each in found
    ]


def test_no_answer_stands_beside_an_empty_frame(page, film: Path) -> None:
    """Never a black film: it is drawn in the same turn in which its answer comes."""
    page.evaluate("""() => new MutationObserver((_, watch) => {
        if (document.querySelector('#findings') === null) return;
        const film = document.querySelector('canvas.film');
        const dots = film.getContext('2d').getImageData(0, 0, film.width, film.height).data;
        document.body.dataset.drawn = dots.some((value, at) => at % 4 < 3 && value > 100);
        watch.disconnect();
    }).observe(document.body, { childList: true, subtree: true })""")
    read(page, film)
    assert page.locator("body").get_attribute("data-drawn") == "true"


def test_who_sees_the_film_is_said_in_words(page) -> None:
    """S2-46."""
    badge = page.locator(".place").inner_text()
    is_server = "server" in page.locator(".place").get_attribute("class")
    assert ("SENT to 127.0.0.1" in badge) if is_server else ("No film is uploaded" in badge)


def test_nothing_leaves_the_device_while_a_film_is_read(
    static_page, static_site, film: Path
) -> None:
    """S2-45, S2-46: a spy at the door, and a planted upload that the browser stops."""
    page = static_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    before = len(static_site.asked)
    read(page, film)
    assert [request for request in asked if not request.startswith("GET blob:")] == []
    assert [request for request in static_site.asked[before:] if "POST" in request] == []
    with handed_out(film.parent) as elsewhere:
        blocked = page.evaluate(
            "url => fetch(url, {method: 'POST', body: 'film', mode: 'no-cors'})"
            ".then(() => 'sent', () => 'blocked')",
            elsewhere.url,
        )
        assert blocked == "blocked"
        assert elsewhere.asked == []
    page.mistakes[:] = []  # the browser says that it blocked it
    cookies = page.context.cookies()
    stored = page.evaluate("[localStorage.length, sessionStorage.length]")
    assert (cookies, stored) == ([], [0, 0])


def test_a_film_dropped_before_the_bundle_is_there_is_read_when_it_is(
    static_site: Site, browser, film: Path
) -> None:
    page = browser.new_page()
    content = base64.b64encode(film.read_bytes()).decode()
    page.goto(static_site.url)
    page.locator(".app").wait_for()
    page.evaluate(
        """content => {
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            const given = new DataTransfer();
            given.items.add(new File([bytes], 'chest.png', { type: 'image/png' }));
            const event = new DragEvent('drop', { dataTransfer: given, bubbles: true });
            document.querySelector('.app').dispatchEvent(event);
        }""",
        content,
    )
    page.locator(".summary").first.wait_for()
    page.close()


def test_a_film_outside_is_refused_with_the_reason_and_read_only_when_told_to(
    page, film: Path
) -> None:
    """S3-36."""
    read(page, film)
    tell(page, age="1", view="LATERAL", part="chest")
    assert page.locator(".finding").count() == 0
    refusal = page.locator(".summary").first.inner_text()
    assert refusal.startswith("Refused: age 1, expected 2 to")
    assert "view LATERAL, expected" in refusal
    page.get_by_role("button", name="Read it all the same").click()
    page.locator(".shout").first.wait_for()
    assert "model score" in page.locator(".finding").first.inner_text()
    assert "not measured on such films" in page.locator(".finding").first.inner_text()


def test_the_report_is_a_tagged_pdf_and_a_file_of_its_own(static_page, film: Path) -> None:
    """S4-18: the film, the table, the versions, and where a reader agrees or does not.

    S3-36: the bundle's limits, on the page too.
    """
    page = static_page
    read(page, film)
    html = saved(page, "Save as HTML")
    assert "<script" not in html
    for words in ("Not a medical device", "not for diagnosis", "a qualified reader must see",
                  "I have seen the original film", "I agree", "I disagree"):  # fmt: skip
        assert words in html
        assert words in page.locator(".report").text_content()
    assert "not for diagnosis" in page.locator(".app > p.device").inner_text()
    assert pictures_in(html)[0] == "Original film, no heat laid over it"
    bundle = open_bundle("chest14-demo")
    assert f"{bundle.id.name} {bundle.id.version}" in html
    assert bundle.id.sha256 in html
    for limit in bundle.header.limits:
        assert limit in page.locator(".report").text_content()
        assert limit in page.locator("footer").text_content()
    assert all(f">{word}</th>" in html for word in ("Atelectasis", "Hernia", "Finding"))
    pdf = page.pdf(tagged=True, outline=True, prefer_css_page_size=True)
    tags = set(re.findall(rb"/S ?/(\w+)", pdf))
    assert {b"H1", b"H2", b"Table", b"TH", b"TD", b"Figure"} <= tags


def test_s3_33_page_and_pdf_say_that_it_assists_and_never_replaces(static_page, film: Path) -> None:
    """In the words of the other reports; on paper as on screen, before a film is open and after."""
    page = static_page
    said = f"{wording.NOT_A_DEVICE} {wording.ASSISTS}"
    assert page.get_by_text(said).is_visible()
    read(page, film)
    assert page.get_by_text(said).first.is_visible()
    printed = words_of(page.pdf(prefer_css_page_size=True))
    assert f"{said} {wording.NOT_REVIEWED}" in printed


def test_the_report_has_the_map_of_what_is_seen(small_folder: Path, visit, film: Path) -> None:
    """S4-18: beside the film as it is."""
    with handed_out(small_folder) as site:
        page = visit(site)
        read(page, film)
        html = saved(page, "Save as HTML")
    first = tiny_bundle().header.label_set.findings[0].display
    assert pictures_in(html)[0] == "Original film, no heat laid over it"
    assert any(first in words for words in pictures_in(html)[1:])


def pictures_in(html: str) -> list[str]:
    """What the pictures of a saved report are said to show."""
    return re.findall(r'<img src="data:image/png[^"]+" alt="([^"]+)"', html)


def test_paper_is_white_whatever_the_screen(static_page, film: Path) -> None:
    """A printer told to print backgrounds would put ink around a dark page's report."""
    page = static_page
    read(page, film)
    page.emulate_media(media="print", color_scheme="dark")
    page.locator("html[data-theme=dark]").wait_for()
    style = "(element, name) => getComputedStyle(element)[name]"
    assert page.locator("body").evaluate(style, "backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("html").evaluate(style, "colorScheme") == "light"
    page.emulate_media(media="screen", color_scheme="light")


def test_the_first_visit_is_small_whatever_the_host_packs(site_folder: Path) -> None:
    """S2-47, S0-77: the page, the engine and the default bundle, 10 MB each at most."""
    assert all(path.stat().st_size <= 10_000_000 for path in bundled())
    files = {
        p.relative_to(site_folder).as_posix(): p.read_bytes() for p in site_folder.rglob("*.*")
    }
    packed = {name: len(gzip.compress(content, 6)) for name, content in files.items()}
    first = [n for n in packed if n.startswith("assets/index") or n == "index.html"]
    assert sum(packed[name] for name in first) <= 60_000
    engine = [n for n in packed if "onnxruntime" in n or "worker" in n]
    assert sum(packed[name] for name in engine) <= 4_000_000
    assert sum(len(content) for content in files.values()) <= 16_000_000


def test_a_fitted_film_gets_the_answer_of_its_file(server_page, film: Path) -> None:
    """S4-17: the network's square is sent, not the file, and the probabilities agree to 1e-5."""
    page, sent = server_page, []
    page.on("request", lambda asked: asked.method == "POST" and sent.append(asked))
    read(page, film)
    by_file = json.loads(saved(page, "JSON"))
    switch_fitting(page)
    assert "made small here" in page.locator(".place").inner_text()
    page.locator("#open").set_input_files(film)
    page.get_by_text("2 of 2 read").wait_for()
    fitted = json.loads(saved(page, "JSON"))[1]
    for one, other in zip(fitted["findings"], by_file["findings"], strict=True):
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-5)
        assert one["present"] == other["present"]
    for key in ("cautions", "calibrated", "refused", "read_as"):
        assert fitted[key] == by_file[key]
    assert page.locator(".legend").count() == 1
    assert [asked.url.rsplit("/", 1)[1] for asked in sent] == ["read", "infer"]
    size = Reader("chest14-demo").bundle.header.input.size
    n_bytes = int(sent[1].all_headers()["content-length"])
    assert 4 * size**2 < n_bytes < 4 * size**2 + 300
    switch_fitting(page)
    assert "Films are SENT to" in page.locator(".place").inner_text()


def test_many_films_go_to_the_server_as_one_job(server_page, film: Path, tmp_path: Path) -> None:
    """Answers come as they are read; what is no film has its reason in its row."""
    page, asked = server_page, []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    (tmp_path / "letter.png").write_bytes(b"a letter, not a film")
    page.locator("#open").set_input_files([film, film, tmp_path / "letter.png", film, film, film])
    page.get_by_text("5 of 6 read").wait_for()
    page.locator(".films progress").wait_for(state="detached")
    rows = page.locator(".films tbody tr")
    assert [rows.nth(i).locator("th").inner_text() for i in (0, 1, 2)] == [
        "chest.png", "chest.png #2", "letter.png",
    ]  # fmt: skip
    assert "not read" in rows.nth(2).inner_text()
    posted = [line.split(" ")[1] for line in asked if line.startswith("POST")]
    assert [url.rsplit("/", 1)[1] for url in posted] == ["jobs"]
    rows.nth(4).get_by_role("button").click()
    page.get_by_role("img", name="chest.png #4").first.wait_for()
    assert page.locator(".finding").count() == 14
    probabilities = {each["findings"][0]["probability"] for each in json.loads(saved(page, "JSON"))}
    assert len(probabilities) == 1


def test_a_server_with_keys_is_asked_with_one(locked_server, visit, film: Path) -> None:
    """The page itself is open; its key is in memory alone, and a reload forgets it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    site, key = locked_server
    page = visit(site, ready=False)
    asking = page.get_by_role("heading", name="This server asks for a key")
    for typed in ("pf_not_this_one", "kein Schlüssel"):
        page.get_by_label("Key", exact=True).fill(typed)
        page.get_by_role("button", name="Go on").click()
        sync_api.expect(page.get_by_label("Key", exact=True)).to_have_value("")  # asked anew
        page.get_by_text("This key is not known here").wait_for()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Go on").click()
    page.locator("#open-here").wait_for(state="attached")
    read(page, film)
    assert page.locator(".finding").count() == 14
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]
    assert key not in page.content()
    page.reload()
    asking.wait_for()
    assert all("401" in mistake for mistake in page.mistakes)
    page.mistakes[:] = []


def test_a_house_s_title_examples_and_links_are_shown(
    built: Path, film: Path, visit, tmp_path: Path
) -> None:
    """S0-81: with a thumbnail, which is read when it is pressed."""
    films = {"examples/chest.png": film.read_bytes()}
    settings = {
        "title": "Radiographs of the district",
        "examples": [{"name": "A drawn chest", "url": "examples/chest.png"}],
        "links": [{"name": "How we work", "url": "https://example.org/how"}],
    }
    out = tmp_path / "www"
    write_site(tiny_bundle(), out, own=OwnPage(settings, films))
    with handed_out(out) as site:
        page = visit(site)
        assert page.get_by_role("heading", level=1).inner_text() == "Radiographs of the district"
        link = page.get_by_role("link", name="How we work")
        assert link.get_attribute("href") == "https://example.org/how"
        example = page.get_by_role("button", name="A drawn chest")
        assert example.locator("img").evaluate("img => img.decode().then(() => img.naturalWidth)")
        example.click()
        page.locator("#findings").wait_for()
