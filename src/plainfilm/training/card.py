"""A bundle's card (CARD.md): what bundle.json and evaluation.json say, for a person to read.

No number stands here that is not in one of the two, and beside each measured one its interval.
"""

from collections.abc import Iterator, Mapping, Sequence

from plainfilm.datasets.seen import FOR_PROGRAMS
from plainfilm.evaluation.audit_sections import Section, audit_sections, shortcut_sentences
from plainfilm.reading.bundle import BundleHeader
from plainfilm.training.rebuild import rebuild_lines

NOT_A_DEVICE = (
    "**Not a medical device.** Research and teaching software. It must not be used alone for "
    "diagnosis, triage or treatment; a qualified reader must see the original film."
)
NOTHING_MEASURED = "Nothing has been measured on this bundle yet."

# Key in evaluation.json → head of the column.
_RANKING = {"auroc": "AUROC", "average_precision": "average precision"}
_AT_THRESHOLD = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "ece": "ECE",
}
_AUDITS = {
    "frame_auroc": "outer 12 % frame alone",
    "centre_auroc": "without that frame",
    "mirrored_auroc": "left and right swapped",
    "inverted_auroc": "black and white swapped",
}

# Too long for a person: which films were learned from, every epoch's losses.
_FOR_PROGRAMS = (*FOR_PROGRAMS, "history")

Json = Mapping[str, object]


def card(header: BundleHeader, evaluation: Json | None) -> str:
    """The card in Markdown; the same for the same header and evaluation.

    Parameters
    ----------
    header
        The bundle's.
    evaluation
        Its evaluation.json, parsed; None = nothing measured yet, and the card says so. The keys
        "gate" (benchmarks/gate.py) and "audits" are shown where they are there.
    """
    measured = evaluation or {}
    sections = {
        "Intended use": [header.intended_use],
        "For whom": list(_population(header)),
        "Limits": _bullets(header.limits) or ["None is stated."],
        "Findings, calibration, thresholds": list(_findings(header)),
        "Measured": list(_measured(header, measured)) if measured else [NOTHING_MEASURED],
        "Against a published network": list(_published(header, _record(measured, "published"))),
        "Films it does not know": list(_familiarity(header, _record(measured, "gate"))),
        "Does it read the disease?": list(_audits(header, _record(measured, "audits"))),
        **{each.title: list(_section(each)) for each in audit_sections(measured)},
        "Where it comes from": list(_origin(header)),
        "How to rebuild it": list(rebuild_lines(header)),
        "Licences": [
            f"- Code: {header.licences.code or 'not stated'}",
            f"- Weights: {header.licences.weights or 'not stated'}",
            f"- Training films: {header.licences.training_data or 'not stated'}",
        ],
        "Cite": [header.citation or "Nothing is asked for."],
    }
    lines = [f"# {header.name} {header.version}", "", NOT_A_DEVICE]
    for title, words in sections.items():
        if words:
            lines += ["", f"## {title}", "", *words]
    return "\n".join(lines) + "\n"


def _population(header: BundleHeader) -> Iterator[str]:
    population = header.population
    if population is None:
        yield "Not stated: nobody has said, or measured, whose films this bundle is for."
        return
    yield population.words
    yield ""
    yield f"- Body part: {', '.join(population.body_parts)}"
    yield f"- View: {', '.join(population.views)}"
    ages = population.age_years
    yield f"- Age: {f'{ages[0]:g} to {ages[1]:g} completed years' if ages else 'any'}"
    if told := " and ".join(header.input.fact_names):
        yield (
            f"- Told beside the film: {told}, where they are known. They are what a data set's "
            "habits go with: see what they tell alone, and how well it reads without them, below"
        )
    yield ""
    yield "A film that is known to be outside is refused; where it is not known, a caution says so."


def _findings(header: BundleHeader) -> Iterator[str]:
    calibration = header.calibration
    if calibration.calibrated:
        how = f"{calibration.method}; {calibration.source}"
        yield f"The numbers are estimated probabilities: {how}."
        yield "They hold at those films' shares of each finding."
    else:
        yield "The numbers are **model scores, not probabilities**: they were never calibrated."
    yield ""
    yield f"Thresholds: {header.threshold_rule}."
    yield ""
    findings = header.label_set.findings
    rows = [(f.display, f"`{f.name}`", f"{header.thresholds[f.name]:.3f}") for f in findings]
    yield from _table(("finding", "name in files", "threshold"), rows)


def _measured(header: BundleHeader, measured: Json) -> Iterator[str]:
    words = f"{measured.get('n_films', 0):,} films of {measured.get('n_patients', 0):,} patients"
    n_refused = measured.get("n_refused", 0)
    refused = f"{n_refused} {'was' if n_refused == 1 else 'were'} refused"
    yield (
        f"On the {measured.get('split')} films of {measured.get('data_set')}: {words}, of which "
        f"{refused}. In brackets: 95 % intervals, by a bootstrap "
        "over patients. Other hospitals, machines and patients give other numbers."
    )
    if measured.get("cross_fitted"):
        yield ""
        yield "Calibrators and thresholds were fitted on these films. Whatever depends on them is"
        yield "cross-fitted here: each film is judged by a fit that saw other patients only."
    yield ""
    heads = {**_RANKING, **_AT_THRESHOLD}
    rows = [_row(header, measured, name, heads) for name in header.label_set.names]
    mean = _record(measured, "mean")
    if len(rows) > 1 and mean:
        rows.append(["**mean**", "", "", *(_interval(mean.get(key)) for key in heads)])
    yield from _table(("finding", "films", "present", *heads.values()), rows)
    few = [name for name in header.label_set.names if _finding(measured, name).get("too_few")]
    if few:
        yield ""
        yield f"So few films that the numbers mean little: {', '.join(few)}."
    yield from _after_blank(_bullets(_texts(measured.get("cautions"))))


def _row(header: BundleHeader, measured: Json, name: str, keys: Mapping[str, str]) -> list[str]:
    display = next(f.display for f in header.label_set.findings if f.name == name)
    numbers = _finding(measured, name)
    counts = [str(numbers.get(key, "")) for key in ("n_films", "n_present")]
    return [display, *counts, *(_interval(numbers.get(key)) for key in keys)]


def _published(header: BundleHeader, compared: Json) -> Iterator[str]:
    if not compared:
        return
    yield f"AUROC on the same {compared.get('n_films')} films, for which both gave an answer."
    yield ""
    keys = {"this_bundle": "this bundle", "published": "published", "difference": "difference"}
    rows = []
    for finding in header.label_set.findings:
        numbers = _finding(compared, finding.name)
        rows.append((finding.display, *(_interval(numbers.get(key)) for key in keys)))
    mean = _record(compared, "mean")
    if len(rows) > 1 and mean:
        rows.append(("**mean**", *(_interval(mean.get(key)) for key in keys)))
    yield from _table(("finding", *keys.values()), rows)


def _familiarity(header: BundleHeader, gate: Json) -> Iterator[str]:
    cut = header.familiarity
    if cut is None:
        yield "Not measured: this bundle cannot tell a film that is unlike those it learned from."
        return
    yield (
        f"The familiarity of a film is a {cut.method}. Below {cut.caution_below:g} a film is read "
        f"with a caution, below {cut.refuse_below:g} it is refused."
    )
    rows = gate.get("rows")
    if not isinstance(rows, list) or not rows:
        return
    yield ""
    yield f"Measured ({gate.get('known_films')}; the cut was set on validation films):"
    yield ""
    keys = {"auroc": "AUROC, told from known films", "flagged": "flagged", "refused": "refused"}
    cells = [
        (str(row.get("films")), str(row.get("n_films")), *(_interval(row.get(k)) for k in keys))
        for row in rows
        if isinstance(row, Mapping)
    ]
    yield from _table(("films", "how many", *keys.values()), cells)


def _audits(header: BundleHeader, audits: Json) -> Iterator[str]:
    findings = [f for f in header.label_set.findings if _record(audits, f.name)]
    if not findings:
        return
    yield "The same films, altered. Letter: one is pasted on healthy films; by how much the number"
    yield "moves, on average and at most. The rest are AUROCs; from the frame alone there should be"
    yield "nothing to learn (0.5)."
    yield ""
    rows = []
    for finding in findings:
        numbers = _record(audits, finding.name)
        intervals = [_interval(numbers.get(key)) for key in _AUDITS]
        rows.append([finding.display, _letter(_record(numbers, "marker")), *intervals])
    yield from _table(("finding", "letter", *_AUDITS.values()), rows)
    yield from _after_blank(_bullets(shortcut_sentences({"audits": audits})))


def _section(section: Section) -> Iterator[str]:
    yield from _bullets(section.sentences)
    if section.rows:
        yield ""
        yield from _table(section.head, section.rows)


def _letter(marker: Json) -> str:
    """The mean change with its interval (an older evaluation has none) and the largest one."""
    change, largest = marker.get("mean_absolute_change"), marker.get("largest_change")
    mean = f"{change:.3f} (no interval)" if isinstance(change, float) else _interval(change)
    if not isinstance(largest, float) or mean == "—":
        return "—"
    return f"{mean}; at most {largest:.3f} ({marker.get('n_films')} films)"


def _origin(header: BundleHeader) -> Iterator[str]:
    source = header.provenance
    counted = "" if source.n_patients is None else f": {source.n_patients:,} patients"
    yield f"- Learned from {source.data_set}{counted}"
    yield f"- Start: {source.init}; seed {_known(source.seed)}"
    time = "time not known" if source.seconds is None else f"{source.seconds / 60:.0f} minutes"
    yield f"- {time} on {source.hardware}; plainfilm {source.code_version}"
    yield f"- Split SHA-256 `{_known(source.split_sha256)}`"
    yield f"- Patients SHA-256 `{_known(source.patients_sha256)}`"
    told = source.details.items()
    yield from _bullets([f"{key}: {words}" for key, words in told if key not in _FOR_PROGRAMS])


def _known(fact: object) -> object:
    return "not known" if fact is None else fact


def _interval(value: object) -> str:
    """As "0.975 (0.958 to 0.988)"; a number without an interval says so, "—" = no number."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 3:
        middle, low, high = value
        if not isinstance(middle, int | float):
            return "—"
        if isinstance(low, int | float) and isinstance(high, int | float):
            return f"{middle:.3f} ({low:.3f} to {high:.3f})"
        return f"{middle:.3f} (no interval)"
    return "—"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _record(table: Json, key: str) -> Json:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _finding(table: Json, name: str) -> Json:
    return _record(_record(table, "findings"), name)


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _bullets(words: Sequence[str]) -> list[str]:
    return [f"- {text}" for text in words]


def _after_blank(lines: Sequence[str]) -> list[str]:
    return ["", *lines] if lines else []
