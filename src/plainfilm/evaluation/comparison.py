"""A bundle beside a published network or another bundle, on the same films."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import numpy as np

from plainfilm.datasets.files import read_table
from plainfilm.errors import DatasetError, EvaluationError
from plainfilm.evaluation.bootstrap import TOO_FEW, Interval, PatientDraws, interval, rank_draws
from plainfilm.evaluation.delong import delong, holm
from plainfilm.evaluation.metrics import Floats, auroc
from plainfilm.evaluation.table import Predictions

FILM_COLUMN = "Image Index"
PREFIX = "prob_"


def read_published(path: Path, films: Sequence[str], findings: Sequence[str]) -> Floats:
    """A published network's probabilities, float64 (films, K); NaN where it has none.

    Parameters
    ----------
    path
        Another bundle's predictions.parquet; or a comma-separated table (.csv or .csv.gz) with the
        columns `Image Index` and `prob_<finding>`; large and small letters, blanks and "_" are
        alike.
    films
        File names; matched without their endings, since copies come in other formats. No two may
        then be alike.
    findings
        The findings' names, in order.

    Raises
    ------
    EvaluationError
        The table cannot be read, names none of the findings, has none of the films, or holds what
        is no number; or two films, here or there, have one name.
    """
    stems, nothing = _stems(films, "this split"), [math.nan] * len(findings)
    read = _of_bundle if path.suffix == ".parquet" else _of_table
    told = read(path, findings, set(stems))
    values = np.array([told.get(stem, nothing) for stem in stems]).reshape(len(stems), -1)
    if np.isnan(values).all():
        raise EvaluationError(f"{path.name}: has none of the {len(films)} films of this split")
    return values


def check_same_films(path: Path, data_set: str) -> None:
    """Refuse another bundle's predictions of another data set: its film "1.png" is another film.

    A table of other people's tells no data set; its names are all that is known.

    Raises
    ------
    EvaluationError
        They are; or the table cannot be read.
    """
    if path.suffix != ".parquet":
        return
    found = Predictions.load(path).about.data_set
    if found != data_set:
        words = f"holds what was said of films of {found}; these are of {data_set}"
        raise EvaluationError(f"{path.name}: {words}. Evaluate that bundle on these films first")


def compare_with_published(table: Predictions, draws: PatientDraws) -> dict[str, object]:
    """The published network and this bundle on the same films, and their difference."""
    if table.published is None:
        return {}
    both = ~np.isnan(table.published).all(axis=1) & (table.refused == "")
    rows: dict[str, dict[str, object]] = {}
    drawn: list[tuple[Floats, Floats]] = []
    for column, finding in enumerate(table.about.findings):
        usable = both & ~np.isnan(table.published[:, column])
        labels = np.where(usable, table.labels[:, column], np.nan)
        ours, theirs = table.scores[:, column], table.published[:, column]
        values = auroc(ours, labels), auroc(theirs, labels)
        pair = rank_draws(draws, ours, labels).auroc, rank_draws(draws, theirs, labels).auroc
        n_present = int((labels == 1).sum())
        rows[finding] = {"n_present": n_present, "too_few": n_present < TOO_FEW}
        rows[finding] |= _compared(values, pair)
        # a film that the published network does not know has NaN there, and no label here
        tested = delong(ours, np.where(usable, theirs, 0.0), labels, table.patient)
        rows[finding]["p_delong"] = tested.p
        if math.isfinite(values[0]):
            drawn.append(pair)
    for row, adjusted in zip(rows.values(), holm([_p(r) for r in rows.values()]), strict=True):
        row["p_holm"] = adjusted
    counts: dict[str, object] = {"n_films": int(both.sum()), "n_without": int((~both).sum())}
    return {**counts, "mean": _compared_means(rows, drawn), "findings": rows}


def _p(row: Mapping[str, object]) -> float:
    p = row["p_delong"]
    return p if isinstance(p, float) else math.nan


def _compared(values: tuple[float, float], drawn: tuple[Floats, Floats]) -> dict[str, object]:
    return {
        "this_bundle": interval(values[0], drawn[0]),
        "published": interval(values[1], drawn[1]),
        "difference": interval(values[0] - values[1], drawn[0] - drawn[1]),
    }


def _compared_means(
    rows: Mapping[str, Mapping[str, object]], drawn: Sequence[tuple[Floats, Floats]]
) -> dict[str, object]:
    pairs = [
        (ours.value, theirs.value)
        for ours, theirs in ((row["this_bundle"], row["published"]) for row in rows.values())
        if isinstance(ours, Interval) and isinstance(theirs, Interval) and math.isfinite(ours.value)
    ]
    if not pairs:
        return {"n_findings": 0}
    means = np.mean(pairs, axis=0)
    together = np.mean(drawn, axis=0)
    compared = _compared((float(means[0]), float(means[1])), (together[0], together[1]))
    return {"n_findings": len(pairs), **compared}


def _of_bundle(path: Path, findings: Sequence[str], films: Set[str]) -> dict[str, list[float]]:
    """What another bundle said of these films, by their stems."""
    table = Predictions.load(path)
    if table.about.findings != tuple(findings):
        found = f"knows {', '.join(table.about.findings)}"
        raise EvaluationError(f"{path.name}: {found}; expected {', '.join(findings)}")
    stems = _stems(table.name.tolist(), path.name)
    said = zip(stems, table.probabilities.tolist(), strict=True)
    return {stem: values for stem, values in said if stem in films}


def _of_table(path: Path, findings: Sequence[str], films: Set[str]) -> dict[str, list[float]]:
    header, lines = _table(path)
    columns, at = _columns(header, findings, path.name), header.index(FILM_COLUMN)
    stems = _stems([line[at] for line in lines], path.name)
    return {
        stem: [_number(line, column, path.name) for column in columns]
        for stem, line in zip(stems, lines, strict=True)
        if stem in films
    }


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        return read_table(path)
    except DatasetError as error:
        raise EvaluationError(str(error)) from error


def _columns(header: Sequence[str], findings: Sequence[str], name: str) -> list[int | None]:
    """Where the table has each finding; None = nowhere."""
    places = {
        _plain(words.removeprefix(PREFIX)): place
        for place, words in enumerate(header)
        if words.startswith(PREFIX)
    }
    columns = [places.get(finding) for finding in findings]
    if FILM_COLUMN not in header or not any(column is not None for column in columns):
        expected = f"{FILM_COLUMN!r} and {PREFIX}<finding> for {', '.join(findings)}"
        raise EvaluationError(f"{name}: expected the columns {expected}")
    return columns


def _stems(films: Sequence[str], where: str) -> list[str]:
    """The films' names without their endings, no two alike."""
    stems = [Path(film).stem for film in films]
    if len(set(stems)) != len(stems):
        twice, n = Counter(stems).most_common(1)[0]
        raise EvaluationError(f"{where}: {n} films are called {twice}; names must tell films apart")
    return stems


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _number(line: Sequence[str], column: int | None, name: str) -> float:
    if column is None:
        return math.nan
    try:
        number = float(line[column])
    except ValueError as error:
        raise EvaluationError(f"{name}: {line[column]!r} is not a number") from error
    if math.isinf(number):
        raise EvaluationError(f"{name}: {line[column]!r} is not a probability")
    return number
