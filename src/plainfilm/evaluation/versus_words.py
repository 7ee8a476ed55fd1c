"""A comparison of bundles as text for a terminal."""

from collections.abc import Iterator, Mapping


def comparison_text(numbers: Mapping[str, object]) -> str:
    """What `compare_reports` returned, for a person."""
    return "\n".join(_lines(numbers))


def _lines(numbers: Mapping[str, object]) -> Iterator[str]:
    films = f"{numbers['n_films']} {numbers['split']} films of {numbers['n_patients']} patients"
    yield f"{numbers['data_set']}, {films}, all on split {str(numbers['split_sha256'])[:12]}."
    yield f"Left out: {numbers['n_without']} films that one of them refused."
    cautions = numbers.get("cautions")  # of folders; tables alone have none
    yield from (f"Caution: {each}." for each in cautions) if isinstance(cautions, list) else ()
    yield ""
    yield "| bundle | findings | mean AUROC |"
    yield "|---|---|---|"
    for row in _rows(numbers["bundles"]):
        name = f"{row['bundle']} {row['version']}"
        yield f"| {name} | {row['n_findings']} | {_interval(row['mean_auroc'])} |"
    for pair in _rows(numbers["against"]):
        yield ""
        yield f"{pair['first']} against {pair['other']}; difference: the first minus the other."
        yield ""
        yield "| finding | present | AUROC | other's | difference | p | p, Holm |"
        yield "|---|---|---|---|---|---|---|"
        yield from (_finding(name, row) for name, row in _named(pair["findings"]))
    yield ""
    yield "In brackets: 95 % intervals of a bootstrap over patients. p: DeLong's, by patient."


def _finding(name: str, row: Mapping[str, object]) -> str:
    area = row["auroc"]
    assert isinstance(area, Mapping)
    cells = [_interval(area[key]) for key in ("first", "other", "difference")]
    ps = [_p(row[key]) for key in ("p_delong", "p_holm")]
    few = " (too few: no claim)" if row["too_few"] else ""
    return "| " + " | ".join([name, f"{row['n_present']}{few}", *cells, *ps]) + " |"


def _interval(value: object) -> str:
    if not isinstance(value, list) or value[0] is None:
        return "-"
    low, high = ("-" if end is None else f"{end:.3f}" for end in value[1:])
    return f"{value[0]:.3f} [{low}, {high}]"


def _p(value: object) -> str:
    if not isinstance(value, float):
        return "-"
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _rows(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def _named(value: object) -> list[tuple[str, Mapping[str, object]]]:
    return list(value.items()) if isinstance(value, Mapping) else []
