from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from plainfilm.evaluation.figures import draw_figures
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.report import html_report


def page(table: Any) -> str:
    return html_report(measure(table, 20), {})


def test_the_page_needs_nothing_else(make_table: Any) -> None:
    class Addresses(HTMLParser):
        found: tuple[str, ...] = ()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            loaded = [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
            self.found += tuple(value for value in loaded if not value.startswith("#"))

    reader = Addresses()
    table = make_table()
    reader.feed(html_report(measure(table, 20), draw_figures(table)))
    assert reader.found == ()


def test_the_page_says_that_it_is_no_medical_device(make_table: Any) -> None:
    assert "Not a medical device" in page(make_table())


def test_every_auroc_on_the_page_has_its_interval(make_table: Any) -> None:
    numbers: Any = measure(make_table(), 20)
    text = page(make_table())
    for row in numbers["findings"].values():
        value, low, high = row["auroc"]
        assert f"{value:.3f} [{low:.3f}, {high:.3f}]" in text


def test_cross_fitting_audits_and_a_published_network_are_shown(make_table: Any) -> None:
    table = make_table(refit_rule="half")
    table = replace(
        table,
        published=table.probabilities,
        audits={
            "marker": table.probabilities,
            "frame": table.scores,
            "centre": table.scores,
            "mirrored": table.scores,
            "inverted": table.scores,
        },
    )
    text = page(table)
    assert "refitted across patients" in text
    assert "Beside a published network" in text
    assert "Shortcuts" in text


def test_words_from_outside_are_escaped(make_table: Any) -> None:
    text = page(make_table(cautions=("<script>alert(1)</script>",)))
    assert "<script>" not in text
