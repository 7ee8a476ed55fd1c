"""Folders that `evaluate` wrote in, what they hold out; a mixed or broken one is refused."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from plainfilm.datasets.files import sha256_of
from plainfilm.errors import CorruptBundle, EvaluationError
from plainfilm.evaluation.answers import answered
from plainfilm.evaluation.html_parts import items, record
from plainfilm.evaluation.metrics import auroc
from plainfilm.evaluation.table import Predictions
from plainfilm.reading.strict_json import decode, parse

PREDICTIONS_NAME = "predictions.parquet"
NUMBERS_NAME = "evaluation.json"
MADE_FROM = "predictions_sha256"  # a key of evaluation.json, which older ones lack
_SAME = 1e-9  # of an AUROC that is computed twice

Kept = TypeVar("Kept")


def load_kept(kind: type[Kept], path: Path) -> Kept | None:
    """What was kept beside the table while its films were read: `Explanations`, `Places`.

    None = nothing was; EvaluationError where the file is broken.
    """
    if not path.is_file():
        return None
    try:
        return decode(kind, parse(path.read_bytes(), path.name), path.name)
    except CorruptBundle as error:
        raise EvaluationError(f"{error}; evaluate the bundle again") from error


def load_tables(folders: Sequence[Path]) -> tuple[list[Predictions], list[str]]:
    """The tables of reports, and a caution for each report that was never finished.

    evaluation.json is what an evaluation writes last.

    Raises
    ------
    EvaluationError
        A table cannot be read, or the evaluation.json beside it was made from another table.
    """
    tables = [Predictions.load(folder / PREDICTIONS_NAME) for folder in folders]
    cautions = []
    for folder, table in zip(folders, tables, strict=True):
        if (folder / NUMBERS_NAME).exists():
            _check_made_from(folder, table)
        else:
            cautions.append(
                f"{folder.resolve().name}: no evaluation.json, so its evaluation was cut off or "
                "still runs; only its predictions are compared. Evaluate again"
            )
    return tables, cautions


def _check_made_from(folder: Path, table: Predictions) -> None:
    """Refuse a table that lies beside the numbers of another one."""
    name = folder.resolve().name
    try:
        numbers = parse((folder / NUMBERS_NAME).read_bytes(), NUMBERS_NAME)
    except (CorruptBundle, OSError) as error:
        words = f"{NUMBERS_NAME} cannot be read; evaluate again"
        raise EvaluationError(f"{name}: {words}") from error
    made_from = numbers.get(MADE_FROM)
    if made_from is None:
        own = _agrees(numbers, table)
    else:
        own = made_from == sha256_of(folder / PREDICTIONS_NAME)
    if not own:
        bundle = record(numbers.get("bundle"))
        told = f"{bundle.get('name')} {bundle.get('version')} on {numbers.get('data_set')}"
        about = table.about
        holds = f"{about.bundle} {about.version} on {about.data_set}"
        raise EvaluationError(
            f"{name}: its {NUMBERS_NAME} ({told}) was not made from the {PREDICTIONS_NAME} beside "
            f"it ({holds}), so one of them is of another evaluation. Evaluate again (--force)"
        )


def _agrees(numbers: Mapping[str, object], table: Predictions) -> bool:
    """Whether older numbers may be this table's: by network, films and each finding's AUROC."""
    facts = {
        "split_sha256": table.about.split_sha256,
        "n_films": len(table),
        "n_refused": int((table.refused != "").sum()),
    }
    if any(key in numbers and numbers[key] != fact for key, fact in facts.items()):
        return False
    network = record(numbers.get("bundle")).get("network_sha256", table.about.network_sha256)
    films = answered(table)
    areas = {
        finding: auroc(films.scores[:, column], films.labels[:, column])
        for column, finding in enumerate(table.about.findings)
    }
    told = {
        name: items(record(row).get("auroc"))
        for name, row in record(numbers.get("findings")).items()
    }
    return network == table.about.network_sha256 and all(
        _alike(value[0], areas.get(finding, math.nan)) for finding, value in told.items() if value
    )


def _alike(told: object, area: float) -> bool:
    if isinstance(told, float | int):
        return abs(told - area) <= _SAME  # false of NaN
    return math.isnan(area)
