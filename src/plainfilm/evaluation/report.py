"""The numbers and figures of an evaluation in, one self-contained HTML page out, ready to print.

Its order is that of CLAIM (2024) and TRIPOD+AI: what for, films, truth, splits, network, rules,
results, groups, calibration, doubt, explanations, audits, limits, and both checklists.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape

from plainfilm.evaluation import report_front as front
from plainfilm.evaluation.audit_sections import (
    FACTS_ALONE,
    NOT_TRIED,
    ONE_PLACE,
    POOR_FILMS,
    TONE,
    audit_sections,
)
from plainfilm.evaluation.checklist import checklist
from plainfilm.evaluation.claim import CLAIM
from plainfilm.evaluation.html_parts import page, record
from plainfilm.evaluation.metric_words import glossary
from plainfilm.evaluation.report_audits import section_part, shortcuts_part
from plainfilm.evaluation.report_findings import (
    body_parts_part,
    findings_part,
    published_part,
    studies_part,
)
from plainfilm.evaluation.report_flow import flow_diagram
from plainfilm.evaluation.report_numbers import further_sections, not_measured
from plainfilm.evaluation.report_papers import papers_part
from plainfilm.evaluation.tripod import TRIPOD

Json = Mapping[str, object]

FIGURES = {
    "findings": "AUROC and average precision with their intervals; dashed: the share of present "
    "films, which a coin's average precision is.",
    "roc": "ROC curves. Dotted: chance.",
    "roc-all": "The ROC curves of all findings, their mean (drawn by interpolation) and that of "
    "all pairs of film and finding (micro). Dotted: chance.",
    "precision-recall": "Precision and recall. Dotted: the share of present films.",
    "precision-recall-all": "Precision and recall of all findings, and of all pairs of film and "
    "finding (micro). Dotted: where F1 is alike.",
    "reliability": "Reliability. Dotted: perfect; beside a point its number of films.",
    "decision-curves": "Net benefit of acting on the bundle, on all films, and on none.",
    "degradation": "AUROC on films made worse as by poor equipment; bars: intervals.",
    "co-occurrence": "Films that show the findings of both row and column. Darker: a larger "
    "share of the films with the row's finding.",
}
_PLACES = {
    "co-occurrence": "Films", "reliability": "Calibration", "decision-curves": "Calibration",
    "degradation": "Audits",
}  # fmt: skip
_RESULTS = "Results"  # where any other figure stands


def html_report(evaluation: Json, figures: Mapping[str, str]) -> str:
    """The page; needs no other file and no network.

    Parameters
    ----------
    evaluation
        What `measure` returned.
    figures
        Name to SVG text, from `draw_figures`.
    """
    bundle = record(evaluation["bundle"])
    title = f"{bundle['name']} {bundle['version']} on {evaluation['data_set']}"
    named = {name: part for name, part in _chapters(evaluation, figures).items() if part}
    places = {name: _anchor(name) for name in named}
    named["CLAIM 2024"] = checklist(CLAIM, evaluation, places)
    named["TRIPOD+AI"] = checklist(TRIPOD, evaluation, places)
    links = "".join(f"<li><a href='#{_anchor(n)}'>{escape(n)}</a></li>" for n in named)
    chapters = "".join(f"<h2 id='{_anchor(n)}'>{escape(n)}</h2>{part}" for n, part in named.items())
    heading = f"{title}, {evaluation['split']} films"
    kind = "Evaluation of a neural network (deep learning) that reads plain X-ray films"
    body = f"<h1>{escape(heading)}</h1><p>{kind}.</p><nav><ol>{links}</ol></nav>{chapters}"
    return page(title, body)


def _chapters(evaluation: Json, figures: Mapping[str, str]) -> dict[str, str]:
    """Title → HTML of each chapter before the checklists, in their order."""
    further, drawn = further_sections(evaluation), _drawn(figures)
    maps = {each.title: section_part(each) for each in audit_sections(evaluation)}
    about_films = (FACTS_ALONE, ONE_PLACE, TONE, POOR_FILMS, NOT_TRIED)
    alone, *beside, not_tried = (maps.pop(title, "") for title in about_films)
    return {
        "Summary": front.summary_chapter(evaluation),
        "What it is for": front.use_chapter(evaluation),
        "Films": front.films_chapter(evaluation) + drawn["Films"],
        "Flow of films": flow_diagram(evaluation),
        "Reference standard": front.reference_chapter(evaluation),
        "Splits": front.splits_chapter(evaluation),
        "Network and training": front.network_chapter(evaluation),
        "Rules of the evaluation": front.rules_chapter(evaluation) + not_measured(evaluation),
        "Results": "".join(_results(evaluation, further)) + drawn[_RESULTS],
        "Groups of patients": further["subgroups"] + further["metadata"],
        "Calibration": _calibration(drawn["Calibration"]) + further["decision_curves"],
        "Uncertainty": further["conformal"],
        "Explanations": "".join(maps.values()),
        "Audits": "".join(
            [
                alone,
                shortcuts_part(evaluation),
                *beside,
                drawn["Audits"],
                not_tried,
                further["contradictions"],
            ]
        ),
        "Limits": front.limits_chapter(evaluation),
        "What was read how often": front.reads_chapter(evaluation),
        "What the numbers mean": glossary(),
    }


def _results(evaluation: Json, further: Mapping[str, str]) -> Iterator[str]:
    yield "<h3>Findings</h3>"
    yield findings_part(evaluation, "films")
    yield studies_part(record(evaluation["studies"]))
    yield body_parts_part(record(evaluation["body_parts"]))
    yield published_part(record(evaluation["published"]))
    yield papers_part(evaluation)
    yield further["averages"]
    yield further["points"]


def _calibration(drawn: str) -> str:
    words = (
        "ECE, Brier, slope and intercept stand in the table of findings, with their intervals. "
        "Probabilities hold where a finding is as common as here."
    )
    return f"<p>{words}</p>{drawn}"


def _drawn(figures: Mapping[str, str]) -> dict[str, str]:
    """The figures of each chapter that has some."""
    drawn = {"Films": "", _RESULTS: "", "Calibration": "", "Audits": ""}
    for name in sorted(figures, key=lambda n: list(FIGURES).index(n) if n in FIGURES else 99):
        caption = escape(FIGURES.get(name, name))
        place = _PLACES.get(name, _RESULTS)
        drawn[place] += f"<figure>{figures[name]}<figcaption>{caption}</figcaption></figure>"
    return drawn


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower())
