"""The chapters of a report before its results: summary, use, films, splits, network, rules."""

from collections.abc import Callable, Iterator, Mapping
from html import escape

from plainfilm.evaluation.context import BY_LOOK
from plainfilm.evaluation.html_parts import bullets, interval, items, open_words, record, row, table
from plainfilm.evaluation.metric_words import term
from plainfilm.reading.promotion import FAULTS

Json = Mapping[str, object]
MOST_LIMITS = 6  # in the summary; the chapter of limits has all


def summary_chapter(evaluation: Json) -> str:
    """The box on top: what was measured on what, three numbers with their intervals, the limits."""
    told = (
        f"A network that reads plain films, measured on {evaluation['n_films']} "
        f"{evaluation['split']} films of {evaluation['n_patients']} patients "
        f"({evaluation['data_set']}), by the bundle as it is shipped."
    )
    numbers = "".join(
        f"<p class='headline'><b>{interval(value)}</b> {term(words)}{escape(of)}</p>"
        for words, of, value in headline_numbers(evaluation)
    )
    limits = _worst_first([*_cautions(evaluation), *_limits(evaluation)])
    shown = bullets(limits[:MOST_LIMITS])
    rest = (
        f"<p>{len(limits) - MOST_LIMITS} more: see Limits.</p>" if len(limits) > MOST_LIMITS else ""
    )
    warning = (
        "<p><strong>Not a medical device.</strong> Measured on the films named here; other "
        "hospitals, machines and patients give other numbers.</p>"
    )
    return (
        f"<section class='summary'>{warning}<p>{escape(told)}</p>{numbers}"
        f"<p>In brackets: {escape(_intervals(evaluation))}.</p>{shown}{rest}</section>"
    )


def _worst_first(limits: list[str]) -> list[str]:
    """What an audit found stands before what is always so: the summary has room for few."""
    return sorted(limits, key=lambda words: not words.startswith(FAULTS))


def headline_numbers(evaluation: Json) -> list[tuple[str, str, object]]:
    """The three numbers on top: their name, of what, and [value, low, high]."""
    findings = [record(found) for found in record(evaluation["findings"]).values()]
    if len(findings) == 1:
        of = f", {findings[0]['display']}"
        keys = {"auroc": "AUROC", "sensitivity": "Sensitivity", "specificity": "Specificity"}
        return [(words, of, findings[0].get(key)) for key, words in keys.items()]
    mean, averages = record(evaluation["mean"]), record(evaluation.get("averages"))
    of = f", mean of {mean.get('n_findings')} findings"
    return [
        ("AUROC", of, mean.get("auroc")),
        ("Average precision", of, mean.get("average_precision")),
        ("F1, macro", "", record(averages.get("f1")).get("macro")),
    ]


def use_chapter(evaluation: Json) -> str:
    """Intended use and population, in the bundle's own words."""
    context = record(evaluation.get("context"))
    words = (
        ("Intended use", context.get("intended_use")),
        ("For whom", context.get("population")),
    )
    return _facts_table([(name, told or open_words(name.lower())) for name, told in words])


def films_chapter(evaluation: Json) -> str:
    """Where the films come from, and who is on them, split by split."""
    context = record(evaluation.get("context"))
    source = [
        ("Data set", evaluation["data_set"]),
        ("Edition", context.get("release") or open_words("which edition")),
        ("Dates and places", open_words("when, where and by which machines the films were taken")),
    ]
    told = [str(words) for words in items(context.get("cautions"))]
    return f"{_facts_table(source)}{bullets(told)}{_characteristics(context)}"


def _characteristics(context: Json) -> str:
    splits = {name: record(facts) for name, facts in record(context.get("splits")).items()}
    if not splits:
        return ""
    rows = [
        row([name, *(words(facts) for facts in splits.values())])
        for name, words in _CHARACTERISTICS.items()
    ]
    findings = list(record(next(iter(splits.values())).get("present")))
    for finding in findings:
        rows.append(row([f"{finding}: present", *(_present(f, finding) for f in splits.values())]))
    return f"<h3>Who is in each split</h3>{table(['', *splits], rows)}"


def _present(facts: Json, finding: str) -> str:
    unknown = record(facts.get("unknown")).get(finding)
    return f"{record(facts.get('present')).get(finding)}" + (
        f" ({unknown} unknown)" if unknown else ""
    )


def _ages(facts: Json) -> str:
    if not facts["n_ages"]:
        return "not known"
    return f"{facts['age_median']:g} years ({facts['n_ages']} films)"


def _shares(facts: Json, key: str) -> str:
    return ", ".join(f"{name} {n}" for name, n in record(facts.get(key)).items())


_CHARACTERISTICS: dict[str, Callable[[Json], str]] = {
    "Films": lambda facts: str(facts["n_films"]),
    "Patients": lambda facts: str(facts["n_patients"]),
    "Sex (films)": lambda facts: _shares(facts, "sex"),
    "Age, median": _ages,
    "View (films)": lambda facts: _shares(facts, "view"),
}


def reference_chapter(_evaluation: Json) -> str:
    """The reference standard: software does not know who labelled the films."""
    asked = (
        "who or what labelled the films, with what training, how often they agreed, and why this "
        "stands for the truth"
    )
    words = "The labels are the data set's; the numbers say how far the network agrees with them."
    return f"<p>{escape(words)}</p>{_open(asked)}"


def splits_chapter(evaluation: Json) -> str:
    """How the films were divided, and what refuses a leak."""
    lines = [
        "No patient, and no film, is in two splits: a data set where one is is refused.",
        _noticed(evaluation),
        f"Split SHA-256: {evaluation['split_sha256']}.",
    ]
    return (
        bullets(lines)
        + f"<p class='open'>{escape(open_words('why the films were so divided'))}</p>"
    )


def _noticed(evaluation: Json) -> str:
    """Which leaks would have been noticed, and which not."""
    training = record(record(evaluation.get("context")).get("training"))
    others = "other films of a patient of whom it learned in another data set"
    if training.get("films compared") == BY_LOOK:
        return (
            "Films that the bundle learned from are refused by name, and so are films that look "
            f"like them, saved again. Not noticed: {others}."
        )
    return (
        "Films that the bundle learned from are refused by name, where it carries their digests. "
        f"Not noticed: a film that was decoded and written again, and {others}."
    )


def network_chapter(evaluation: Json) -> str:
    """What is told of network and training."""
    context, bundle = record(evaluation.get("context")), record(evaluation["bundle"])
    told = [
        ("Bundle", f"{bundle['name']} {bundle['version']}"),
        ("Network SHA-256", bundle["network_sha256"] or "not a network"),
        ("Input", context.get("fit") or "not told"),
        *record(context.get("training")).items(),
        *((f"licence, {name}", words) for name, words in record(context.get("licences")).items()),
        ("cite", context.get("citation") or "nothing is asked for"),
    ]
    return _facts_table(told)


def rules_chapter(evaluation: Json) -> str:
    """By which rules the numbers were made."""
    return bullets(list(_rules(evaluation)))


def _rules(evaluation: Json) -> Iterator[str]:
    refused, familiarity = record(evaluation["refused"]), record(evaluation["familiarity"])
    yield f"{evaluation['n_films']} films of {evaluation['n_patients']} patients."
    reasons = "; ".join(f"{n} × {reason}" for reason, n in refused.items())
    yield f"{refused_films(evaluation['n_refused'])}{': ' if reasons else ''}{reasons}."
    yield f"In brackets: {_intervals(evaluation)}."
    yield f"Thresholds: {evaluation['threshold_rule']}."
    yield f"Calibration: {evaluation['calibration_method']}; {evaluation['calibration_source']}."
    if evaluation["cross_fitted"]:
        yield (
            "Calibrator and thresholds of the bundle were fitted on these films. Everything that "
            "depends on them was refitted across patients here: each film is judged by a fit that "
            "saw other patients only. AUROC and average precision do not depend on them."
        )
    share = familiarity["share_below"]
    if items(share):
        cut = familiarity["caution_below"]
        yield f"A share of {interval(share)} is less familiar than {cut}: a caution is shown."


def limits_chapter(evaluation: Json) -> str:
    """Cautions of this evaluation, and what the bundle says it cannot do."""
    said = [*_cautions(evaluation), *_limits(evaluation)]
    return bullets(said) or "<p>None is stated.</p>"


def reads_chapter(evaluation: Json) -> str:
    """What was read how often."""
    n_reads = evaluation.get("test_reads")
    if not isinstance(n_reads, int):
        return bullets(["How often these films were read for a measurement was not counted."])
    times = "once, for this one" if n_reads == 1 else f"{n_reads} times, this one included"
    chosen = record(evaluation.get("points")).get("chosen_on")
    return bullets(
        [
            f"Test films should be measured once; these were read {times}.",
            f"To choose operating points: {chosen or 'nothing was read'}.",
        ]
    )


def refused_films(n_films: object) -> str:
    """How many films were refused, as the start of a sentence."""
    if n_films == 1:
        return "1 film was refused and counts in no number"
    return f"{n_films} films were refused and count in no number"


def _intervals(evaluation: Json) -> str:
    return f"{str(evaluation['intervals']).partition(':')[0]}, {evaluation['draws']} draws"


def _cautions(evaluation: Json) -> list[str]:
    return [str(caution) for caution in items(evaluation["cautions"])]


def _limits(evaluation: Json) -> list[str]:
    return [str(words) for words in items(record(evaluation.get("context")).get("limits"))]


def _open(asked: str) -> str:
    return f"<p class='open'>{escape(open_words(asked))}</p>"


def _facts_table(facts: list[tuple[str, object]]) -> str:
    rows = [row([name, str(words)]) for name, words in facts]
    return table(["", ""], rows, kind="facts")
