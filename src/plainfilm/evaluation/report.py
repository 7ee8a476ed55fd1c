"""The numbers and figures of an evaluation in, one self-contained HTML page out."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files

from plainfilm.evaluation.audit_sections import Section, audit_sections, shortcut_sentences
from plainfilm.evaluation.html_parts import interval as _interval
from plainfilm.evaluation.html_parts import items as _list
from plainfilm.evaluation.html_parts import number as _number
from plainfilm.evaluation.html_parts import record as _record
from plainfilm.evaluation.html_parts import row as _row
from plainfilm.evaluation.html_parts import table as _table
from plainfilm.evaluation.report_numbers import further_numbers

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
AUDITED = (
    ("frame_auroc", "AUROC, frame only"),
    ("centre_auroc", "AUROC, centre only"),
    ("mirrored_auroc", "AUROC, mirrored"),
    ("inverted_auroc", "AUROC, inverted"),
)
CHANGED = (
    ("blanked", "Corners and border black: mean change"),
    ("unlettered", "Letters painted over: mean change"),
)
FIGURES = {
    "roc": "ROC curves. Dotted: chance.",
    "precision-recall": "Precision and recall. Dotted: the share of present films.",
    "reliability": "Reliability. Dotted: perfect; beside a point its number of films.",
    "co-occurrence": "Films that show the findings of both row and column. Darker: a larger "
    "share of the films with the row's finding.",
}


def html_report(evaluation: Mapping[str, object], figures: Mapping[str, str]) -> str:
    """The page; needs no other file and no network.

    Parameters
    ----------
    evaluation
        What `measure` returned.
    figures
        Name to SVG text, from `draw_figures`.
    """
    bundle = _record(evaluation["bundle"])
    title = f"{bundle['name']} {bundle['version']} on {evaluation['data_set']}"
    style = files("plainfilm.evaluation").joinpath("report.css").read_text(encoding="utf-8")
    drawn = "".join(
        f"<figure>{svg}<figcaption>{escape(FIGURES.get(name, name))}</figcaption></figure>"
        for name, svg in figures.items()
    )
    parts = (
        f"<h1>{escape(title)}, {escape(str(evaluation['split']))} films</h1>",
        "<p><strong>Not a medical device.</strong> Measured on the films named here; other "
        "hospitals, machines and patients give other numbers.</p>",
        _facts(evaluation),
        "<h2>Findings</h2>",
        _findings(evaluation, "films"),
        _studies(_record(evaluation["studies"])),
        _body_parts(_record(evaluation["body_parts"])),
        _published(_record(evaluation["published"])),
        _audits(evaluation),
        further_numbers(evaluation),
        *(_section(each) for each in audit_sections(evaluation)),
        f"<h2>Figures</h2>{drawn}",
    )
    head = f"<meta charset='utf-8'><title>{escape(title)}</title><style>{style}</style>"
    body = "".join(parts)
    return f"<!doctype html>\n<html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def _facts(evaluation: Mapping[str, object]) -> str:
    refused = _record(evaluation["refused"])
    familiarity = _record(evaluation["familiarity"])
    lines = [
        f"{evaluation['n_films']} films of {evaluation['n_patients']} patients.",
        _refused_films(evaluation["n_refused"])
        + (": " + "; ".join(f"{n} × {reason}" for reason, n in refused.items()) if refused else "")
        + ".",
        f"In brackets: {str(evaluation['intervals']).partition(':')[0]}, "
        f"{evaluation['draws']} draws.",
        f"Thresholds: {evaluation['threshold_rule']}.",
        f"Calibration: {evaluation['calibration_method']}; {evaluation['calibration_source']}.",
    ]
    if evaluation["cross_fitted"]:
        lines.append(
            "Calibrator and thresholds of the bundle were fitted on these films. Everything that "
            "depends on them was refitted across patients here: each film is judged by a fit that "
            "saw other patients only. AUROC and average precision do not depend on them."
        )
    if isinstance(evaluation.get("test_reads"), int):
        n_reads = evaluation["test_reads"]
        times = "once, for this one" if n_reads == 1 else f"{n_reads} times, this one included"
        lines.append(f"Test films should be measured once; these were read {times}.")
    share = familiarity["share_below"]
    if isinstance(share, float):
        cut = familiarity["caution_below"]
        lines.append(f"{share:.1%} of the films are less familiar than {cut}: a caution is shown.")
    lines += [str(caution) for caution in _list(evaluation["cautions"])]
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _findings(measured: Mapping[str, object], unit: str) -> str:
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


def _finding_cells(row: Mapping[str, object], unit: str) -> list[str]:
    return [
        f"{row['n_present']} / {row[f'n_{unit}']}",
        _number(row, "threshold"),
        _counts(_record(row["confusion"])),
        *(_interval(row[key]) for key, _ in RATES),
    ]


def _studies(studies: Mapping[str, object]) -> str:
    if not studies:
        return ""
    n_refused = studies["n_refused"]
    words = (
        f"{studies['n_studies']} studies of {studies['n_patients']} patients; {n_refused} "
        f"{'was' if n_refused == 1 else 'were'} refused. A study's answer is the mean of its "
        f"films'. In {studies['n_mixed']} of them the films' labels differ: a finding of any film "
        "counts."
    )
    return f"<h2>Studies</h2><p>{escape(words)}</p>{_findings(studies, 'studies')}"


def _body_parts(parts: Mapping[str, object]) -> str:
    """Films of each part, and its studies where they are more than films."""
    if not parts:
        return ""
    tables = [("films", parts)]
    studies = {name: studies for name, part in parts.items() if (studies := _part_studies(part))}
    if studies:
        tables.append(("studies", studies))
    return "<h2>Body parts</h2>" + "".join(_parts(named, unit) for unit, named in tables)


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


def _published(published: Mapping[str, object]) -> str:
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
    return f"<h2>Beside a published network</h2><p>{escape(words)}</p>{_table(head, rows)}"


def _audits(evaluation: Mapping[str, object]) -> str:
    audits = _record(evaluation["audits"])
    if not audits:
        return ""
    rows = []
    for name, numbers in ((n, _record(a)) for n, a in audits.items()):
        marker = _record(numbers["marker"])
        cells = [name, str(marker["n_films"])]
        cells += [_number(marker, key) for key in ("mean_absolute_change", "largest_change")]
        changed = (_record(numbers.get(key)) for key, _ in CHANGED)
        cells += [_interval(numbers[key]) for key, _ in AUDITED]
        rows.append(_row([*cells, *(_number(each, "mean_absolute_change") for each in changed)]))
    head = ["Finding", "Healthy films", "Pasted letter: mean change", "largest"]
    table = _table([*head, *(words for _, words in (*AUDITED, *CHANGED))], rows)
    return f"<h2>Shortcuts</h2>{_sentences(shortcut_sentences(evaluation))}{table}"


def _section(section: Section) -> str:
    rows = [
        _row(cells, few=few)
        for cells, few in zip(section.rows, section.few or [False] * len(section.rows), strict=True)
    ]
    table = _table(section.head, rows) if rows else ""
    return f"<h2>{escape(section.title)}</h2>{_sentences(section.sentences)}{table}"


def _sentences(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _counts(confusion: Mapping[str, object]) -> str:
    """The four counts, "73, 41; 107, 67", or a dash."""
    if not confusion:
        return "–"
    right, wrong = confusion["true_present"], confusion["false_present"]
    return f"{right}, {wrong}; {confusion['true_absent']}, {confusion['false_absent']}"


def _refused_films(n_films: object) -> str:
    if n_films == 1:
        return "1 film was refused and counts in no number"
    return f"{n_films} films were refused and count in no number"
