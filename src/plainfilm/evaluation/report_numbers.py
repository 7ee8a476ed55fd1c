"""What a report tells beside the findings' table: averages, points, groups, decisions, doubts."""

from collections.abc import Callable, Container, Iterator, Mapping
from html import escape

from plainfilm.evaluation.html_parts import (
    interval,
    items,
    number,
    record,
    row,
    row_of_words,
    section,
    table,
)

Json = Mapping[str, object]
Few = Container[str]  # findings on too few films to say much: their rows are grey

SHOWN_PREVALENCES = ("0.01", "0.05", "0.2")
SHOWN_THRESHOLDS = (0.05, 0.1, 0.2, 0.5)
N_CONTRADICTIONS = 10
_GROUP_RATES = (
    "auroc", "auroc_gap", "sensitivity", "sensitivity_gap", "specificity", "specificity_gap",
    "calibration_slope", "calibration_intercept",
)  # fmt: skip


def further_sections(evaluation: Json) -> dict[str, str]:
    """The sections as HTML, by the evaluation's key; "" for what it does not hold."""
    few = {name for name, found in _named(evaluation["findings"]) if found["too_few"]}
    made = _makers()
    return {
        key: make(record(evaluation[key]), few) if key in evaluation else ""
        for key, make in made.items()
    }


def not_measured(evaluation: Json) -> str:
    """A sentence that names what an older evaluation does not hold; "" for a whole one."""
    missing = [key.replace("_", " ") for key in _makers() if key not in evaluation]
    if not missing:
        return ""
    words = f"Not measured, since this evaluation is older: {', '.join(missing)}."
    return f"<p>{escape(words)}</p>"


def _makers() -> dict[str, Callable[[Json, Few], str]]:
    return {
        "averages": _averages,
        "points": _points,
        "subgroups": _subgroups,
        "metadata": _metadata,
        "decision_curves": _decisions,
        "conformal": _conformal,
        "contradictions": _contradictions,
    }


def _averages(averages: Json, _few: Few) -> str:
    if not averages:
        return ""
    f1 = record(averages["f1"])
    cells = {
        "AUROC, micro": averages["micro_auroc"],
        "Average precision, micro": averages["micro_average_precision"],
        **{f"F1, {name}": value for name, value in f1.items()},
    }
    words = (
        f"Of {averages['n_findings']} findings. Micro: every pair of a film and a finding counts "
        "as one film, so common findings rule. F1 by samples counts a healthy film that is called "
        "healthy as 0, as is usual."
    )
    rows = [row([name, interval(value)]) for name, value in cells.items()]
    return section("Averages over findings", words, table(["Average", "Value"], rows))


def _points(points: Json, few: Few) -> str:
    words = (
        f"Chosen on: {points['chosen_on']}; measured here. PPV and NPV depend on how common the "
        "finding is: columns give the PPV elsewhere."
    )
    rates = ("sensitivity", "specificity", "ppv", "npv", "f1")
    head = ["Finding", "Rule", "Threshold", "Sensitivity", "Specificity", "PPV", "NPV", "F1"]
    rows = []
    for finding, rules in record(points["findings"]).items():
        for rule, point in ((name, record(p)) for name, p in record(rules).items()):
            at = record(point["at_prevalence"])
            elsewhere = [interval(record(at[each])["ppv"]) for each in SHOWN_PREVALENCES]
            cells = [interval(point[key]) for key in rates]
            cells = [finding, rule, number(point, "threshold"), *cells, *elsewhere]
            rows.append(row(cells, few=finding in few))
    head += [f"PPV at {float(each):.0%}" for each in SHOWN_PREVALENCES]
    return section("Operating points", words, table(head, rows))


def _subgroups(axes: Json, _few: Few) -> str:
    words = (
        "All at the same threshold. A gap is the group's number minus that of all other films; "
        "one interval in twenty misses 0 by chance. Groups with fewer than 20 films of a kind are "
        "hidden."
    )
    head = ["Axis", "Group", "Finding", "Present / films", "AUROC", "gap", "Sensitivity", "gap"]
    head += ["Specificity", "gap", "Calibration slope", "intercept"]
    rows = list(_group_rows(axes))
    missed = table(
        ["Axis", "Group", "Films", "Sick films on which nothing is called present", "gap"],
        list(_missed_rows(axes)),
    )
    hidden = [f"{axis}: {found['hidden']}" for axis, found in _named(axes) if "hidden" in found]
    left = f"<p>{escape('Not shown: ' + '; '.join(hidden) + '.')}</p>" if hidden else ""
    if not rows:
        return section("Groups of patients", words, left)
    return section("Groups of patients", words, table(head, rows), missed, left)


def _group_rows(axes: Json) -> Iterator[str]:
    for axis, name, group in _groups(axes):
        hidden = []
        for finding, found in _named(record(group["findings"])):
            if "hidden" in found:
                hidden.append(f"{finding}: {str(found['hidden']).partition(';')[0]}")
                continue
            counts = f"{found['n_present']} / {found['n_films']}"
            rates = [interval(found.get(key)) for key in _GROUP_RATES]
            yield row([axis, name, finding, counts, *rates])
        if hidden:
            yield row_of_words([axis, name], f"Too few to say: {', '.join(hidden)}.", 10)


def _missed_rows(axes: Json) -> Iterator[str]:
    for axis, name, group in _groups(axes):
        missed = record(group["under_diagnosis"])
        shown = [str(missed["hidden"])] if "hidden" in missed else []
        shown = shown or [interval(missed["rate"]), interval(missed["gap"])]
        yield row([axis, name, str(group["n_films"]), *shown], few="hidden" in missed)


def _groups(axes: Json) -> Iterator[tuple[str, str, Json]]:
    for axis, found in _named(axes):
        for name, group in _named(record(found.get("groups"))):
            yield axis.replace("_", " "), name, group


def _metadata(floors: Json, few: Few) -> str:
    words = (
        "AUROC of one fact alone, no pixel looked at. A network that is hardly better may have "
        "read the fact off the film instead of the disease."
    )
    rows = [
        row(
            [finding, fact, str(found["more"]), str(found["n_films"]), interval(found["auroc"])],
            few=finding in few,
        )
        for finding, facts in _named(floors)
        for fact, found in _named(facts)
    ]
    if not rows:
        words = "View, age and sex are not known of these films, or do not vary."
        return section("What view, age and sex alone tell", words)
    head = ["Finding", "Fact", "More often", "Films", "AUROC"]
    return section("What view, age and sex alone tell", words, table(head, rows))


def _decisions(curves: Json, few: Few) -> str:
    words = (
        "Net benefit: sick films acted on, less false alarms at the price that the threshold sets, "
        "per film. Acting on none is 0; a bundle is of use where it beats that and acting on all."
    )
    head = ["Finding", "Threshold", "Bundle", "All", "Bundle minus all"]
    rows = [
        row(
            [finding, f"{point['threshold']:g}", *(interval(point[key]) for key in keys)],
            few=finding in few,
        )
        for finding, points in curves.items()
        for point in map(record, items(points))
        if point["threshold"] in SHOWN_THRESHOLDS
        for keys in [("net_benefit", "all", "more_than_all")]
    ]
    return section("Is acting on it worth it?", words, table(head, rows))


def _conformal(conformal: Json, few: Few) -> str:
    promise = conformal["promise"]
    words = (
        f"Each film gets a set of labels that holds the true one with a chance of {promise:.0%} "
        "per class, on films like these. Coverage is measured on patients whose films set no bound."
    )
    head = ["Finding", "Covered, present", "Covered, absent", "{present}", "{absent}"]
    head += ["both: uncertain", "neither"]
    rows = []
    for finding, found in _named(record(conformal["findings"])):
        if "hidden" in found:
            rows.append(row([finding, str(found["hidden"])], few=True))
            continue
        sets = record(found["sets"])
        cells = [found["coverage_present"], found["coverage_absent"]]
        cells += [sets[name] for name in ("present", "absent", "both", "neither")]
        rows.append(row([finding, *map(interval, cells)], few=finding in few))
    return section("Sure and unsure", words, table(head, rows))


def _contradictions(found: Json, _few: Few) -> str:
    words = (
        "The films whose label and answer lie farthest apart, by their row in predictions.parquet "
        "(from 0). Either may be wrong; looking at the film tells."
    )
    rows = []
    for finding, films in found.items():
        shown = [record(film) for film in items(films)[:N_CONTRADICTIONS]]
        for label, kind in ((1, "labelled present"), (0, "labelled absent")):
            named = [
                f"{f['film']} ({number(f, 'probability')})" for f in shown if f["label"] == label
            ]
            if named:
                rows.append(row([finding, kind, ", ".join(named)]))
    head = ["Finding", "Label", "Films (probability)"]
    return section("Labels to look at again", words, table(head, rows))


def _named(value: object) -> list[tuple[str, Json]]:
    return [(name, record(each)) for name, each in record(value).items()]
