"""A report as one page."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from plainfilm.findings import Finding, Prediction
from plainfilm.reading.bundle import Bundle, Calibration
from plainfilm.reports import wording
from plainfilm.reports.as_html import html_report
from plainfilm.reports.content import Report

VOID = {"meta", "img", "br", "rect"}
SCRIPT = '<script>alert("x")</script>'


class Page(HTMLParser):
    """Every tag with its attributes; fails where one is not closed."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(content.decode("utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def words(content: bytes) -> str:
    text = re.sub(r"<style>.*?</style>", " ", content.decode("utf-8"), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_nothing_is_loaded_and_nothing_runs(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    content = html_report(make_report(answered)).decode()
    page = Page(content.encode())
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "default-src 'none'" in content
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(([^)]*)\)""", content)
    assert links
    assert all("".join(link).startswith("data:image/png;base64,") for link in links)
    assert "http" not in words(content.encode())


def test_what_comes_from_outside_is_escaped(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction, bundle: Bundle
) -> None:
    evil = replace(
        answered,
        name=SCRIPT,
        cautions=(SCRIPT, f"OUTSIDE POPULATION {SCRIPT}"),
        results=(replace(answered.results[0], finding=Finding("x", f'"{SCRIPT}')),),
    )
    header = replace(
        bundle.header,
        intended_use=SCRIPT,
        limits=(SCRIPT,),
        citation=SCRIPT,
        threshold_rule=SCRIPT,
        population=replace(bundle.header.population, words=SCRIPT),
    )
    evaluation = {
        "data_set": SCRIPT,
        "findings": {"x": {"auroc": [0.1, 0.1, 0.1], "n_films": SCRIPT}},
    }
    report = make_report(
        evil, replace(refused, refused=SCRIPT), header=header, evaluation=evaluation
    )
    content = html_report(report)
    assert b"<script" not in content
    Page(content)
    assert content.count(b"&lt;script&gt;") >= 12


def test_a_page_can_be_heard(make_report: Callable[..., Report], answered: Prediction) -> None:
    page = Page(html_report(make_report(answered)))
    assert page.all("html")[0]["lang"] == "en"
    assert all(image["alt"] for image in page.all("img"))
    assert all(bar["aria-label"] and bar["role"] == "img" for bar in page.all("svg"))
    assert {head["scope"] for head in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table")) == 1
    assert [len(page.all(f"h{level}")) for level in (1, 2)] == [1, 2]


def test_a_finding_has_its_number_its_words_and_what_was_measured(
    make_report: Callable[..., Report], answered: Prediction, evaluation: dict[str, object]
) -> None:
    text = words(html_report(make_report(answered, evaluation=evaluation)))
    assert "Pneumonia 91 % 50 % above the threshold; most likely 0.975 (0.958 to 0.988)" in text
    assert "Cardiomegaly &lt; 1 % 50 % below the threshold; very unlikely not measured" in text
    assert "Measured on phantoms, test split" in text
    assert "Looked for: Pneumonia, Atelectasis, Cardiomegaly; nothing else." in text


def test_the_bar_has_a_tick_at_the_threshold(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    page = Page(html_report(make_report(answered)))
    _, value, tick = page.all("rect")[:3]
    assert value["width"] == "91.00"
    assert (tick["x"], tick["width"]) == ("49.50", "1")


def test_a_page_says_what_it_is_not(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    text = words(html_report(make_report(answered)))
    assert text.count("Not a medical device") == 2
    assert wording.ASSISTS in text
    assert "not reviewed" in text
    assert "Not a diagnosis" in text
    assert "where the score comes from, not an outline of disease" in text


def test_a_page_says_who_answered_and_for_whom(
    make_report: Callable[..., Report], answered: Prediction, bundle: Bundle
) -> None:
    text = words(html_report(make_report(answered)))
    for expected in (
        "tiny 1.0.0",
        bundle.id.sha256,
        "plainfilm 0.1.0",
        "2025-01-31 12:00 UTC",
        "frontal chests of any age",
        "Tests of this package.",
        "It has learned nothing.",
        "Reader's confirmation",
    ):
        assert expected in text


def test_an_uncalibrated_bundle_s_page_never_says_probability(
    make_report: Callable[..., Report], answered: Prediction, bundle: Bundle
) -> None:
    header = replace(bundle.header, calibration=Calibration(False, "", "", {}))
    text = words(html_report(make_report(replace(answered, calibrated=False), header=header)))
    assert "Model score" in text
    assert "estimated probability" not in text.lower()
    assert "most likely" not in text


def test_cautions_and_overrides_come_before_the_numbers(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    loud = replace(answered, cautions=("OUTSIDE POPULATION: 40 years.", "The view is not known."))
    content = html_report(make_report(loud)).decode()
    assert '<p class="shout" role="note">OUTSIDE POPULATION: 40 years.</p>' in content
    assert content.index('class="shout"') < content.index('class="caution"')
    assert content.index('class="caution"') < content.index("<table>")


def test_a_refused_film_has_a_reason_and_no_table(
    make_report: Callable[..., Report], refused: Prediction
) -> None:
    content = html_report(make_report(refused))
    assert b"<table>" not in content
    assert "Refused: A knee; expected a chest." in words(content)
    assert "1, of which 1 refused" in words(content)


def test_files_that_could_not_be_read_are_counted_and_named(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    failures = ("a.dcm: no such file.", f"{SCRIPT}: damaged")
    content = html_report(make_report(answered, failures=failures))
    Page(content)
    assert b"<script" not in content
    text = words(content)
    assert "1, of which 0 refused Not read 2 files could not be read" in text
    assert "a.dcm: no such file. &lt;script&gt;" in text
    assert content.index(b"a.dcm: no such file") < content.index(b"<main>")
    assert "could not be read" not in words(html_report(make_report(answered)))
    one = words(html_report(make_report(answered, failures=failures[:1])))
    assert "1 file could not be read" in one


def test_a_film_is_in_the_page_once_and_each_finding_has_its_heat(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    content = html_report(make_report(answered))
    assert content.count(b"background-image: url(data:") == 1
    page = Page(content)
    alts = [image["alt"] for image in page.all("img") if image.get("class") == "film-0"]
    assert alts == [
        "Original film, no heat laid over it",
        "Film with heat for Pneumonia: above the threshold",
        "Film with heat for Atelectasis: below the threshold",
    ]
    assert "Cardiomegaly: below the threshold, no heat on this scale." in words(content)


def test_heat_below_the_threshold_waits_behind_a_click(
    make_report: Callable[..., Report], answered: Prediction
) -> None:
    content = html_report(make_report(answered)).decode()
    shown, waiting = content.split("<details>")
    assert "heat for Pneumonia" in shown
    assert "heat for Atelectasis" not in shown
    assert waiting.startswith("<summary>Heat of 2 more findings, below the threshold</summary>")
    assert "heat for Atelectasis" in waiting.split("</details>")[0]
    alone = replace(answered, results=answered.results[1:2])  # the nearest to its threshold
    assert "<details>" not in html_report(make_report(alone)).decode()


def test_a_refused_film_is_not_asked_about(
    make_report: Callable[..., Report], refused: Prediction, answered: Prediction
) -> None:
    text = words(html_report(make_report(refused)))
    for unasked in ("confirmation", "I agree", "no maps", "Heat:"):
        assert unasked not in text
    asked = words(html_report(make_report(answered)))
    assert "I have seen the original film. I agree with this reading. I disagree with it." in asked


def test_where_there_are_no_maps_the_page_says_so(
    make_report: Callable[..., Report], answered: Prediction, bundle: Bundle
) -> None:
    bare = replace(answered, results=(replace(answered.results[0], map=None),))
    content = html_report(make_report(bare, header=replace(bundle.header, map=None)))
    assert "no maps" in words(content)
    assert b'class="scale"' not in content


def test_several_films_are_told_apart(
    make_report: Callable[..., Report], answered: Prediction, refused: Prediction
) -> None:
    page = Page(html_report(make_report(answered, refused)))
    assert [article["aria-labelledby"] for article in page.all("article")] == ["name-0", "name-1"]
    assert {"film-0", "film-1"} <= {image.get("class") for image in page.all("img")}


@pytest.mark.parametrize("name", ["film\udcff.png", "фильм.png", "{version}"])
def test_any_name_can_be_shown(
    make_report: Callable[..., Report], answered: Prediction, name: str
) -> None:
    Page(html_report(make_report(replace(answered, name=name))))


def colours(rule: str, style: str) -> dict[str, str]:
    block = re.search(rf"{re.escape(rule)} {{(.*?)}}", style, flags=re.DOTALL)
    assert block is not None
    return dict(re.findall(r"(background|color): (#[0-9a-f]+)", block[1]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("rule", [".shout, .refused", ".caution"])
def test_loud_words_have_a_contrast_of_seven_to_one(
    make_report: Callable[..., Report], answered: Prediction, rule: str
) -> None:
    found = colours(rule, html_report(make_report(answered)).decode())
    light, dark = sorted((luminance(value) for value in found.values()), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 7
