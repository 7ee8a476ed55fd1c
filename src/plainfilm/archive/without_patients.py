"""`without_patients`: the rows of a table that is given away."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from plainfilm.archive.scoring import Row
from plainfilm.deidentify.mapping import MapFile

_AGE = re.compile(r"\bage (\d+(\.\d+)?|\(\d+(\.\d+)? years?\))")


def without_patients(rows: Iterable[Row], map_path: Path | None = None) -> Iterator[Row]:
    """The same rows without path, hash and age of a film, which may tell whose it is.

    Films are called film-0001 and so on, in the order of the rows, also in `reason`; ages in the
    words of `reason` and `cautions` go, too. These are identifiers that the Basic Profile of
    PS3.15, Annex E, takes out of the film itself.

    Parameters
    ----------
    map_path
        Where to write which file became which, for its owner's eyes alone; None = nowhere. What
        stands there is replaced.
    """
    with MapFile(map_path) as mapping:
        for number, row in enumerate(rows, start=1):
            path, name = Path(str(row["path"])), f"film-{number:04}"
            mapping.add(path, name)
            reason, cautions = (row.get(column) for column in ("reason", "cautions"))
            yield {
                **row,
                "path": name,
                "sha256": None,
                "age_years": None,
                "reason": reason and _without(str(reason), path, name),
                "cautions": cautions and _without(str(cautions), path, name),
            }


def _without(words: str, path: Path, name: str) -> str:
    for known in (str(path), path.name):
        words = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", name, words)
    return _AGE.sub("age", words)
