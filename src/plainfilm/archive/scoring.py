"""`score_films`: files in, a row for each out. What every engine that scores many films calls."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from plainfilm.errors import ImageError, UnreadableImage
from plainfilm.film_files import ReadOptions
from plainfilm.findings import LabelSet, Prediction
from plainfilm.images import MAX_FILE_BYTES, read_radiograph_bytes
from plainfilm.reading import Reader

Row = Mapping[str, str | float | bool | None]

ABOUT = {
    "path": str, "sha256": str, "outcome": str, "reason": str, "calibrated": bool,
    "familiarity": float, "age_years": float, "view": str, "body_part": str, "cautions": str,
    "bundle": str, "bundle_version": str, "bundle_sha256": str,
}  # fmt: skip
"""The columns of every table, and their types; None = not known.

`outcome` is "read", "refused" (`reason` says why the bundle gives no answer) or "error" (why the
file is no film). `cautions` are joined by " | "."""

_NUMBERS: dict[str, type] = {"probability": float, "score": float, "threshold": float}


def columns(findings: LabelSet) -> dict[str, type]:
    """The columns of a bundle's table and their types: `ABOUT`, then those of each finding.

    For each finding `probability:NAME`, `score:NAME`, `threshold:NAME` and `present:NAME`, as in
    the JSON of a prediction (docs/reference/prediction.md).
    """
    kinds = _NUMBERS | {"present": bool}
    return ABOUT | {f"{k}:{name}": kind for name in findings.names for k, kind in kinds.items()}


def score_films(
    bundle: Path | str, paths: Iterable[Path | str], *, options: ReadOptions | None = None
) -> list[Row]:
    """What a bundle says of each film, in order; a film that cannot be read is a row, too.

    A plain function of its arguments: the unit of work of `score_archive`, and of any engine that
    deals out paths. A process opens a bundle once, and reads with one thread.

    Parameters
    ----------
    bundle
        Its path, or the name of a shipped one.
    paths
        PNG, JPEG, TIFF and DICOM files; `path` in the row is what stands here.
    options
        What is known of all of these films.

    Returns
    -------
    A row for each path, with the keys that `columns` names; those of a finding are missing where
    the film has no answer.

    Raises
    ------
    BundleError
        The bundle cannot be trusted.
    """
    reader = _reader(str(bundle))
    return [_row(reader, Path(path), str(path), options or ReadOptions()) for path in paths]


@lru_cache(maxsize=2)
def _reader(bundle: str) -> Reader:
    return Reader(bundle, threads=1)


def _row(reader: Reader, path: Path, told: str, options: ReadOptions) -> Row:
    bundle = reader.bundle.id
    about: dict[str, str | float | bool | None] = {
        "path": told,
        "bundle": bundle.name,
        "bundle_version": bundle.version,
    }
    about["bundle_sha256"] = bundle.sha256
    try:
        content = _content(path)
        about["sha256"] = hashlib.sha256(content).hexdigest()
        film = read_radiograph_bytes(content, path.name)
        return {**about, **_told(options.read(reader, film))}
    except ImageError as error:
        return {**about, **error_row(told, str(error))}


def error_row(path: str, reason: str) -> Row:
    """The row of a file that is no film, or of which nothing else is known."""
    return {"path": path, "outcome": "error", "reason": reason}


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would wait for ever
        raise UnreadableImage(f"{path.name}: no such file, or no file but a pipe or a device.")
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableImage(f"{path.name}: cannot be opened ({error.strerror}).") from error


def _told(prediction: Prediction) -> dict[str, str | float | bool | None]:
    row: dict[str, str | float | bool | None] = {
        "outcome": "read" if prediction.refused is None else "refused",
        "reason": prediction.refused,
        "calibrated": prediction.calibrated,
        "familiarity": prediction.familiarity,
        "age_years": prediction.age_years,
        "view": None if prediction.view is None else str(prediction.view),
        "body_part": prediction.body_part,
        "cautions": " | ".join(prediction.cautions),
    }
    for result in prediction.results:
        name = result.finding.name
        row[f"probability:{name}"] = float(result.probability)
        row[f"score:{name}"] = float(result.score)
        row[f"threshold:{name}"] = float(result.threshold)
        row[f"present:{name}"] = bool(result.present)
    return row
