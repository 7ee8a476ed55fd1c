"""A report's audits: what else than the disease moves the answer, and the tests of maps."""

from collections.abc import Mapping, Sequence
from html import escape

from plainfilm.evaluation.audit_sections import Section, shortcut_sentences
from plainfilm.evaluation.html_parts import interval as _interval
from plainfilm.evaluation.html_parts import number as _number
from plainfilm.evaluation.html_parts import record as _record
from plainfilm.evaluation.html_parts import row as _row
from plainfilm.evaluation.html_parts import table as _table

AUDITED = (
    ("frame_auroc", "AUROC, frame only"),
    ("centre_auroc", "AUROC, centre only"),
    ("mirrored_auroc", "AUROC, mirrored"),
    ("inverted_auroc", "AUROC, inverted"),
)
# Of a bundle that is told facts; older evaluations have the first alone.
_UNTOLD = (
    ("untold_auroc", "AUROC, told nothing"),
    ("untold_ece", "ECE, told nothing"),
    ("untold_brier", "Brier, told nothing"),
)
_CHANGE = "mean_absolute_change"
CHANGED = (
    ("blanked", "Corners and border black: mean change"),
    ("unlettered", "Letters painted over: mean change"),
)


def shortcuts_part(evaluation: Mapping[str, object]) -> str:
    """What letter, frame and border do to the answer; "" where nothing was audited."""
    audits = _record(evaluation["audits"])
    if not audits:
        return ""
    every = [_record(numbers) for numbers in audits.values()]
    told = (each for each in _UNTOLD if any(each[0] in numbers for numbers in every))
    audited = (*AUDITED, *told)
    rows = []
    for name, numbers in ((n, _record(a)) for n, a in audits.items()):
        marker = _record(numbers["marker"])
        cells = [name, str(marker["n_films"])]
        cells += [_interval(marker.get(_CHANGE)), _number(marker, "largest_change")]
        changed = (_record(numbers.get(key)) for key, _ in CHANGED)
        cells += [_interval(numbers[key]) for key, _ in audited]
        rows.append(_row([*cells, *(_interval(each.get(_CHANGE)) for each in changed)]))
    head = ["Finding", "Healthy films", "Pasted letter: mean change", "largest"]
    table = _table([*head, *(words for _, words in (*audited, *CHANGED))], rows)
    return f"<h3>Shortcuts</h3>{_sentences(shortcut_sentences(evaluation))}{table}"


def section_part(section: Section) -> str:
    """A section of words and a table as HTML."""
    rows = [
        _row(cells, few=few)
        for cells, few in zip(section.rows, section.few or [False] * len(section.rows), strict=True)
    ]
    table = _table(section.head, rows) if rows else ""
    return f"<h3>{escape(section.title)}</h3>{_sentences(section.sentences)}{table}"


def _sentences(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
