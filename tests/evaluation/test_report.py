import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from typing import Any

import numpy as np

from plainfilm.evaluation.figures import draw_figures
from plainfilm.evaluation.measure import measure
from plainfilm.evaluation.report import FIGURES, html_report
from plainfilm.evaluation.report_audits import AUDITED
from plainfilm.evaluation.report_findings import RATES


def page(table: Any) -> str:
    return html_report(measure(table, 20), {})


def svgs(table: Any) -> dict[str, str]:
    figures = draw_figures(table, numbers=measure(table, 5))
    return {name: picture.svg for name, picture in figures.items()}


def test_the_page_needs_nothing_else(make_table: Any) -> None:
    class Addresses(HTMLParser):
        found: tuple[str, ...] = ()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            loaded = [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]
            self.found += tuple(value for value in loaded if not value.startswith("#"))

    reader = Addresses()
    table = make_table()
    reader.feed(html_report(measure(table, 20), svgs(table)))
    assert reader.found == ()


class Tables(HTMLParser):
    """The cells of each table of a chapter of a page, and the classes of its rows.

    Of the chapter's first part: what follows is `report_numbers`', and tested there.
    """

    def __init__(self, text: str, chapter: str = "results") -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.few: list[str] = []
        self._in_cell = False
        chapter_text = text.partition(f"<h2 id='{chapter}'>")[2].partition("<h2")[0]
        self.feed(re.split("<h3>(?:Averages over|Operating|Labels to)", chapter_text)[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
            self._few = ("class", "few") in attrs
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False
            if self._few and len(self.tables[-1][-1]) == 1:
                self.few.append(self.tables[-1][-1][0])

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.tables[-1][-1][-1] += data


PUBLISHED = ("this_bundle", "published", "difference")


def shown(value: Any) -> str:
    """A number with its interval as a person reads it."""
    if value[0] is None:
        return "–"
    low, high = ("–" if n is None else f"{n:.3f}" for n in value[1:])
    return f"{value[0]:.3f} [{low}, {high}]"


def audited(table: Any) -> Any:
    names = ("frame", "centre", "mirrored", "inverted")
    audits = dict.fromkeys(names, table.scores) | {"marker": table.probabilities + 0.125}
    return replace(table, published=table.probabilities, audits=audits)


def test_every_number_of_the_evaluation_stands_in_its_row(make_table: Any) -> None:
    table = audited(make_table())
    numbers: Any = measure(table, 20)
    text = html_report(numbers, {})
    (findings, published), (audits,) = (Tables(text, c).tables for c in ("results", "audits"))
    for name, row in zip(("pneumonia", "mass"), findings[1:], strict=False):
        expected = numbers["findings"][name]
        keys = [key for key, _ in RATES]
        counts = expected["confusion"]
        assert row[:4] == [
            expected["display"],
            f"{expected['n_present']} / 120",
            f"{expected['threshold']:.3f}",
            "{true_present}, {false_present}; {true_absent}, {false_absent}".format(**counts),
        ]
        assert row[4:] == [shown(expected[key]) for key in keys]
    assert findings[3][0] == "Mean of 2"
    assert findings[3][4:6] == [shown(numbers["mean"][k]) for k in ("auroc", "average_precision")]
    assert findings[0][4:] == [words for _, words in RATES]
    expected, keys = numbers["published"]["findings"]["mass"], PUBLISHED
    assert published[2][2:] == [shown(expected[key]) for key in keys]
    marker = numbers["audits"]["mass"]["marker"]
    assert audits[2][:4] == ["mass", str(marker["n_films"]), "0.125 [0.125, 0.125]", "0.125"]
    assert audits[2][4 : 4 + len(AUDITED)] == [
        shown(numbers["audits"]["mass"][key]) for key, _ in AUDITED
    ]


def test_a_finding_on_few_films_is_grey_and_one_on_none_is_a_dash(make_table: Any) -> None:
    """S1-06."""
    table = make_table()
    table.labels[:, 1] = 0
    page = Tables(html_report(measure(table, 20), {}))
    assert page.few == ["Mass"]
    assert page.tables[0][2][4:7] == ["–", "–", "–"]
    assert len(page.tables[0]) == 3  # the mean of one finding is that finding


def test_no_finding_with_both_kinds_of_films_has_no_mean(make_table: Any) -> None:
    table = make_table()
    table.labels[:] = 0
    table = replace(table, published=table.probabilities)
    findings, published = Tables(html_report(measure(table, 20), {})).tables
    assert [row[0] for row in findings] == ["Finding", "Pneumonia", "Mass"]
    assert [row[0] for row in published] == ["Finding", "pneumonia", "mass"]


def test_one_refused_film_is_one(make_table: Any) -> None:
    table = make_table(n=100)
    refused = np.where(np.arange(100) < 1, "small", "")
    assert "1 film was refused and counts in no number: 1 × small." in page(
        replace(table, refused=refused)
    )


def test_who_was_measured_on_what_is_said_in_words(make_table: Any) -> None:
    table = make_table(n=100)
    refused = np.where(np.arange(100) < 10, [f"seen {i}.5 times" for i in range(100)], "")
    text = page(replace(table, refused=refused, familiarity=np.full(100, 0.01)))
    for words in (
        "tiny 1.0.0 on phantoms, test films",
        "100 films of 50 patients.",
        "10 films were refused and count in no number: 10 × seen N times.",
        "95 % intervals of a bootstrap over patients, 20 draws.",
        "Thresholds: half.",
        "Calibration: Platt; drawn films.",
        "A share of 1.000 [1.000, 1.000] is less familiar than 0.05: a caution is shown.",
        "<li>Drawn.</li>",
    ):
        assert words in text


def test_what_was_not_measured_is_not_said(make_table: Any) -> None:
    table = make_table(caution_below=None)
    text = page(replace(table, familiarity=np.full(len(table), np.nan)))
    assert "0 films were refused and count in no number." in text
    for words in ("less familiar", "refitted", "Beside a published network", "Shortcuts", "None"):
        assert words not in text


def test_every_figure_stands_on_the_page_with_its_caption(make_table: Any) -> None:
    table = make_table()
    figures = {**svgs(table), "other": "<svg id='x'></svg>"}
    text = html_report(measure(table, 20), figures)
    assert text.count("<figure>") == text.count("</svg>") == len(figures)
    for caption in (FIGURES.get(name, name) for name in figures):
        assert f"<figcaption>{escape(caption)}</figcaption>" in text


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


def test_studies_and_every_body_part_stand_beside_the_films(make_table: Any) -> None:
    """S3-35: no overall number without those of the parts, of films and of studies."""
    table = make_table()
    parts = np.array([("elbow", "hand")[i // 2 % 2] for i in range(120)])
    details = {**table.details, "study": np.full(120, "one"), "body_part": parts}
    numbers: Any = measure(replace(table, details=details), 20)
    text = html_report(numbers, {})
    films, studies, part_films, part_studies = Tables(text).tables
    assert (films[0][1], studies[0][1]) == ("Present / films", "Present / studies")
    mass = numbers["studies"]["findings"]["mass"]
    assert studies[2][1] == f"{mass['n_present']} / 60"
    assert studies[2][4:] == [shown(mass[key]) for key, _ in RATES]
    assert [row[:2] for row in part_films[1:]] == [
        ["elbow", "Pneumonia"], ["elbow", "Mass"], ["hand", "Pneumonia"], ["hand", "Mass"],
    ]  # fmt: skip
    hand = numbers["body_parts"]["hand"]
    assert part_films[4][5:] == [shown(hand["findings"]["mass"][key]) for key, _ in RATES]
    of_studies = hand["studies"]["findings"]["mass"]
    assert part_studies[4][5:] == [shown(of_studies[key]) for key, _ in RATES]
    assert f"In {numbers['studies']['n_mixed']} of them the films" in text


def test_parts_whose_studies_are_single_films_have_one_table(make_table: Any) -> None:
    table = make_table()
    parts = np.array(["elbow", "hand"] * 60)
    text = page(replace(table, details={**table.details, "body_part": parts}))
    assert len(Tables(text).tables) == 2
    assert "Studies" not in text


def test_sections_of_maps_and_shortcuts_are_rendered(make_table: Any) -> None:
    numbers = measure(audited(make_table()), 20)
    numbers["explanations"] = {"n_films": 9, "n_refused": 1, "words": ["<NOT flat>."]}
    text = html_report(numbers, {})
    assert "<p>&lt;NOT flat&gt;.</p>" in text
    (named,) = [s for s in numbers["audits"]["mass"]["words"] if "letter" in s]  # type: ignore[index]
    assert f"<p>{escape(named)}</p>" in text
    assert text.index("Do the maps mean anything?") < text.index("<h3>Shortcuts")


CHAPTERS = (
    "Summary", "What it is for", "Films", "Flow of films", "Reference standard", "Splits",
    "Network and training", "Rules of the evaluation", "Results", "Groups of patients",
    "Calibration", "Uncertainty", "Explanations", "Audits", "Limits", "What was read how often",
    "What the numbers mean", "CLAIM 2024", "TRIPOD+AI",
)  # fmt: skip


def test_the_chapters_are_in_the_order_of_the_guidelines_and_every_link_leads_somewhere(
    make_table: Any,
) -> None:
    numbers = measure(audited(make_table()), 20)
    numbers["explanations"] = {"n_films": 9, "n_refused": 1, "words": ["Flat."]}
    text = html_report(numbers, {})
    assert tuple(re.findall(r"<h2 id='[^']+'>(.+?)</h2>", text)) == CHAPTERS
    places = re.findall(r"id='([^']+)'", text)
    assert len(set(places)) == len(places)
    assert set(re.findall(r"href='#([^']+)'", text)) <= set(places)


def test_what_only_a_person_knows_is_left_open_and_no_use_in_care_is_claimed(
    make_table: Any,
) -> None:
    text = page(make_table())
    for asked in ("who or what labelled the films", "ethical approval", "funding, and the role"):
        assert f"To be answered by a person: {asked}" in text
    assert not re.search(r"\b(diagnos(?:es|e this)|FDA|CE mark|radiologist-level|safe)\b", text)
