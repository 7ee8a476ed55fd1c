"""How many films came, went and stayed: the flow diagram of a report, as HTML."""

from collections.abc import Iterator, Mapping
from html import escape

from plainfilm.evaluation.html_parts import record

Json = Mapping[str, object]


def flow_diagram(evaluation: Json) -> str:
    """Boxes from the data set to the films measured, beside them what was left out and why."""
    return f"<div class='flow'>{''.join(_steps(evaluation))}</div>"


def _steps(evaluation: Json) -> Iterator[str]:
    context = record(evaluation.get("context"))
    splits = {name: record(facts) for name, facts in record(context.get("splits")).items()}
    dropped = record(context.get("dropped"))
    if splits:
        n_unsplit = _int(context.get("n_unsplit"))
        n_kept = n_unsplit + sum(_int(facts["n_films"]) for facts in splits.values())
        n_dropped = sum(map(_int, dropped.values()))
        yield _step(f"{evaluation['data_set']}: {n_kept + n_dropped} films or files", dropped)
        others: dict[str, object] = {
            f"{name}: {facts['n_films']} films of {facts['n_patients']} patients": None
            for name, facts in splits.items()
            if name != evaluation["split"]
        }
        if n_unsplit:
            others["films in no split"] = n_unsplit
        yield _step(f"{n_kept} films, {len(splits)} splits", others, "Not in this split")
    n_refused = _int(evaluation["n_refused"])
    films = f"{evaluation['n_films']} films of {evaluation['n_patients']} patients"
    yield _step(
        f"{evaluation['split']}: {films}", record(evaluation["refused"]), "Refused by the bundle"
    )
    measured = f"{_int(evaluation['n_films']) - n_refused} films measured"
    yield _step(measured, _unlabelled(evaluation), "Label not known", last=True)


def _step(words: str, left: Json, title: str = "Left out", *, last: bool = False) -> str:
    lines = [name if n is None else f"{n} × {name}" for name, n in left.items()] or ["none"]
    out = "".join(f"<br>{escape(line)}" for line in lines)
    arrow = "" if last else "<div class='arrow'>↓</div>"
    return (
        f"<div class='step'><div class='box'>{escape(words)}</div>"
        f"<div class='box out'>{escape(title)}:{out}</div></div>{arrow}"
    )


def _unlabelled(evaluation: Json) -> dict[str, object]:
    """Per finding the films that count in none of its numbers, where there are some."""
    n_answered = _int(evaluation["n_films"]) - _int(evaluation["n_refused"])
    found = {name: record(row) for name, row in record(evaluation["findings"]).items()}
    left = {str(row["display"]): n_answered - _int(row["n_films"]) for row in found.values()}
    return {display: n for display, n in left.items() if n}


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
