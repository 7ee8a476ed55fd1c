"""A report's results, finding by finding: films, studies, body parts, a published network."""

from collections.abc import Mapping
from html import escape

from plainfilm.evaluation.html_parts import interval as _interval
from plainfilm.evaluation.html_parts import number as _number
from plainfilm.evaluation.html_parts import record as _record
from plainfilm.evaluation.html_parts import row as _row
from plainfilm.evaluation.html_parts import table as _table

RATES = (
    ("auroc", "AUROC"),
    ("average_precision", "Average precision"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("ppv", "PPV"),
    ("npv", "NPV"),
    ("balanced_accuracy", "Balanced accuracy"),
    ("accuracy", "Accuracy"),
    ("f1", "F1"),
    ("kappa", "Kappa"),
    ("mcc", "MCC"),
    ("ece", "ECE"),
    ("ece_equal_mass", "ECE, equal mass"),
    ("brier", "Brier"),
    ("calibration_slope", "Calibration slope"),
    ("calibration_intercept", "Calibration intercept"),
)
COUNTED = "Called present: right, wrong; absent: right, wrong"


def findings_part(measured: Mapping[str, object], unit: str) -> str:
    """The table of findings, and their mean; `unit` is "films" or "studies"."""
    head = ["Finding", f"Present / {unit}", "Threshold", COUNTED, *(words for _, words in RATES)]
    rows = []
    for row in map(_record, _record(measured["findings"]).values()):
        few = bool(row["too_few"])
        rows.append(_row([str(row["display"]), *_finding_cells(row, unit)], few=few))
    mean = _record(measured["mean"])
    if mean.get("n_findings") not in (None, 0, 1):
        cells = [f"Mean of {mean['n_findings']}", "", "", ""]
        cells += [_interval(mean[key]) if key in mean else "" for key, _ in RATES]
        rows.append(_row(cells))
    few_words = f"Grey: fewer than 10 {unit} of one kind, too few to say much."
    return _table(head, rows) + f"<p>{few_words}</p>"


def studies_part(studies: Mapping[str, object]) -> str:
    """The same table by study; "" where every study is one film."""
    if not studies:
        return ""
    n_refused = studies["n_refused"]
    words = (
        f"{studies['n_studies']} studies of {studies['n_patients']} patients; {n_refused} "
        f"{'was' if n_refused == 1 else 'were'} refused. A study's answer is the mean of its "
        f"films'. In {studies['n_mixed']} of them the films' labels differ: a finding of any film "
        "counts."
    )
    return f"<h3>Studies</h3><p>{escape(words)}</p>{findings_part(studies, 'studies')}"


def body_parts_part(parts: Mapping[str, object]) -> str:
    """Films of each part, and its studies where they are more than films."""
    if not parts:
        return ""
    tables = [("films", parts)]
    studies = {name: studies for name, part in parts.items() if (studies := _part_studies(part))}
    if studies:
        tables.append(("studies", studies))
    return "<h3>Body parts</h3>" + "".join(_parts(named, unit) for unit, named in tables)


def published_part(published: Mapping[str, object]) -> str:
    """The bundle beside a published network on the same films; "" without one."""
    if not published:
        return ""
    keys = ("this_bundle", "published", "difference")
    rows = [
        _row(
            [name, str(row["n_present"]), *(_interval(row[k]) for k in keys)],
            few=bool(row["too_few"]),
        )
        for name, row in ((n, _record(r)) for n, r in _record(published["findings"]).items())
    ]
    mean = _record(published["mean"])
    if mean["n_findings"] not in (0, 1):
        rows.append(
            _row([f"Mean of {mean['n_findings']}", "", *(_interval(mean[k]) for k in keys)])
        )
    head = ["Finding", "Present", "AUROC, this bundle", "AUROC, published", "Difference"]
    n_films, n_without = published["n_films"], published["n_without"]
    words = f"The same {n_films} films; of {n_without} others one of the two says nothing."
    return f"<h3>Beside a published network</h3><p>{escape(words)}</p>{_table(head, rows)}"


def _finding_cells(row: Mapping[str, object], unit: str) -> list[str]:
    return [
        f"{row['n_present']} / {row[f'n_{unit}']}",
        _number(row, "threshold"),
        _counts(_record(row["confusion"])),
        *(_interval(row[key]) for key, _ in RATES),
    ]


def _part_studies(part: object) -> Mapping[str, object]:
    return _record(_record(part)["studies"])


def _parts(parts: Mapping[str, object], unit: str) -> str:
    head = ["Part", "Finding", f"Present / {unit}", "Threshold", COUNTED]
    rows = [
        _row([name, str(row["display"]), *_finding_cells(row, unit)], few=bool(row["too_few"]))
        for name, part in parts.items()
        for row in map(_record, _record(_record(part)["findings"]).values())
    ]
    return _table([*head, *(words for _, words in RATES)], rows)


def _counts(confusion: Mapping[str, object]) -> str:
    """The four counts, "73, 41; 107, 67", or a dash."""
    if not confusion:
        return "–"
    right, wrong = confusion["true_present"], confusion["false_present"]
    return f"{right}, {wrong}; {confusion['true_absent']}, {confusion['false_absent']}"
