"""Write docs/reference/published.md: what papers print, beside the films it was measured on.

From src/plainfilm/evaluation/papers.toml.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from plainfilm.datasets.chestxray14_labels import FINDINGS
from plainfilm.evaluation.papers import PaperResult, paper_results
from plainfilm.evaluation.report_papers import paper_cells

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "reference" / "published.md"

HEAD = """# Printed numbers

Written from `src/plainfilm/evaluation/papers.toml` by
`python scripts/write_published_reference.py`; a test holds the two equal. A report on films of
ChestX-ray14 or MURA shows that data set's lines beside its own.

**Read the second column first.** Films of the same name are not the same films: on the published
list of test films one and the same network has a mean AUROC about .03 lower than on a random split
by patient, and a split film by film lets it know most patients already. So nothing here is ranked,
and `evaluation.papers.ranked` refuses to order results of different films.

A number stands here digit for digit as its source prints it. Where a paper's table was not at hand
finding by finding, the mean and the few numbers that are known stand, and nothing is filled in.
"""

WHOLE = """
## Finding by finding

AUROC of the results that are known as a whole. The columns are of different films and stand side by
side to be looked up, not to be compared.
"""


def reference() -> str:
    """The whole page."""
    results = paper_results()
    whole = [result for result in results if result.is_whole]
    head = ("whose", "split / test set", "measure", "printed", "but")
    parts = [HEAD, *_table(head, map(paper_cells, results)), WHOLE, *_findings(whole)]
    sources = [f"- {result.name}: {result.place}" for result in results]
    return "\n".join([*parts, "\n## Where they are printed\n", *sources, ""])


def _findings(whole: Sequence[PaperResult]) -> Iterator[str]:
    rows = [
        [finding.display, *(f"{result.findings[finding.name]:.4g}" for result in whole)]
        for finding in FINDINGS
    ]
    means = ["mean", *(f"{result.mean:.5f}" for result in whole)]
    splits = ["split / test set", *(result.split for result in whole)]
    return _table(["finding", *(result.name for result in whole)], [splits, *rows, means])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
