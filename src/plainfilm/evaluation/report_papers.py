"""A report's results beside what papers print of the same data set: a table that ranks nothing."""

from collections.abc import Iterator, Mapping

from plainfilm.evaluation.html_parts import interval, record, row, section, table
from plainfilm.evaluation.papers import AVERAGES, MEASURES, PaperResult, paper_results

TITLE = "Beside printed numbers"
_WORDS = (
    "What papers print of other networks, on other films of this data set: each line's films "
    "stand in its second column. The split alone is worth about .03 of a mean AUROC of chest "
    "films, so the lines are not ranked, and none is to be beaten by one of another split."
)
_HEAD = ("Whose", "Split / test set", "Measure", "Printed", "But")


def papers_part(evaluation: Mapping[str, object]) -> str:
    """The bundle's own means, then every stored result with its films; "" for other data sets."""
    stored = [each for each in paper_results() if each.data_set == evaluation["data_set"]]
    if not stored:
        return ""
    rows = [row(cells) for cells in (*_own(evaluation), *map(paper_cells, stored))]
    return section(TITLE, _WORDS, table(_HEAD, rows))


def paper_cells(result: PaperResult) -> list[str]:
    """A stored result as one line: whose, on which films, of what, how much, and its flag."""
    means = [key for key in AVERAGES if key in result.numbers and key != "mean"]
    said = {key: f"{key} {result.numbers[key]:.4g}" for key in means}
    if result.mean is not None:
        said = {"mean": f"mean of 14 {result.mean:.5g}", **said}
    named = [f"{name} {n:.4g}" for name, n in result.findings.items()]
    words = ", ".join([*said.values(), *([] if result.is_whole else named)])
    return [result.name, result.split, MEASURES[result.measure], words, result.flag]


def _own(evaluation: Mapping[str, object]) -> Iterator[list[str]]:
    bundle, mean = record(evaluation["bundle"]), record(evaluation["mean"])
    films = f"{evaluation['n_films']} {evaluation['split']} films here"
    name = f"{bundle['name']} {bundle['version']} (measured)"
    for key in ("auroc", "average_precision"):
        if key in mean:
            words = f"mean of {mean['n_findings']} {interval(mean[key])}"
            yield [name, films, MEASURES[key], words, ""]
