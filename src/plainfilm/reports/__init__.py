"""A prediction in, a file out: the ending of the file's name picks the writer."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from plainfilm.errors import ReportError
from plainfilm.findings import Finding, Prediction
from plainfilm.radiograph import Radiograph
from plainfilm.reports import as_html, as_png
from plainfilm.reports.as_csv import csv_report
from plainfilm.reports.as_html import html_report
from plainfilm.reports.as_json import json_report, json_text
from plainfilm.reports.as_png import png_report
from plainfilm.reports.as_text import text_table
from plainfilm.reports.content import Report
from plainfilm.reports.pictures import LONGEST, thumbnail
from plainfilm.reports.wording import NOT_A_DEVICE
from plainfilm.whole_files import write_whole

__all__ = [
    "MOST_FILMS",
    "NOT_A_DEVICE",
    "WRITERS",
    "Report",
    "check_can_hold",
    "check_ending",
    "check_not_a_film",
    "check_path",
    "find_finding",
    "json_text",
    "keepsake",
    "only",
    "source_for",
    "text_table",
    "write",
]

_PICTURED = (".html", ".png")


def _dicom_report(report: Report) -> bytes:
    # Not at the top: DICOM's parser takes longer to import than a PNG film takes to read.
    from plainfilm.reports.as_dicom import dicom_report

    return dicom_report(report)


WRITERS: dict[str, Callable[[Report], bytes]] = {
    ".csv": csv_report,
    ".dcm": _dicom_report,
    ".html": html_report,
    ".json": json_report,
    ".png": png_report,
}

MOST_FILMS = {".dcm": 1, ".html": as_html.MAX_FILMS, ".png": as_png.MAX_FILMS}


def write(report: Report, path: Path, *, overwrite: bool = False) -> None:
    """Write a report of one or many films; the ending of `path` picks the writer.

    The file appears whole or not at all.

    Raises
    ------
    ReportError
        Unknown ending; the file is there and `overwrite` is False; it cannot be written; or the
        films cannot be shown in this kind of report.
    """
    path = Path(path)
    check_path(path, overwrite=overwrite)
    check_can_hold(path, len(report.predictions))
    content = WRITERS[path.suffix.lower()](report)
    try:
        write_whole(path, content)
    except OSError as error:
        raise ReportError(f"{path.name}: cannot be written ({error.strerror})") from error


def check_path(path: Path, *, overwrite: bool, endings: Sequence[str] = tuple(WRITERS)) -> None:
    """Refuse a path that `write` would refuse, before any film is read.

    Raises
    ------
    ReportError
        Its ending is none of `endings`; the file is there and `overwrite` is False; or its folder
        is missing.
    """
    check_ending(path, endings)
    if path.is_dir():
        raise ReportError(f"{path.name}: a folder is there; expected the name of a file")
    if path.exists() and not overwrite:
        raise ReportError(f"{path.name}: already there; choose another name or force (--force)")
    if not path.parent.is_dir():
        raise ReportError(
            f"{path.name}: its folder {path.parent.name!r} is not there; make it first"
        )


def check_not_a_film(path: Path, films: Iterable[Path]) -> None:
    """Refuse a path where one of the films is: a report must not replace what it is of.

    Raises
    ------
    ReportError
        It leads to the file of a film, by whatever name.
    """
    for film in films:
        with suppress(OSError):  # one of the two is not there
            if path.samefile(film):
                raise ReportError(f"{path.name}: a film that is to be read; choose another name")


def check_ending(path: Path, endings: Sequence[str] = tuple(WRITERS)) -> None:
    """Refuse a name by its ending alone: ReportError where it is none of `endings`."""
    if path.suffix.lower() not in endings:
        known = ", ".join(endings)
        raise ReportError(f"{path.name}: cannot be written as {path.suffix!r}; expected {known}")


def check_can_hold(path: Path, n_films: int) -> None:
    """Refuse more films than a report at `path` can hold, before any is read.

    Raises
    ------
    ReportError
        There are more than `MOST_FILMS` says for its ending; the other kinds hold any number.
    """
    ending = path.suffix.lower()
    most = MOST_FILMS.get(ending, n_films)
    if n_films > most:
        films = "1 film" if most == 1 else f"{most} films"
        raise ReportError(
            f"{path.name}: a {ending} report holds at most {films}; found {n_films}. Write "
            ".csv or .json, which hold any number, or several reports"
        )


def keepsake(radiograph: Radiograph, path: Path | None) -> Radiograph:
    """As little of a radiograph as `write` needs for `path` (None: as a list of names does).

    Keeps a long list of films from filling the memory.
    """
    pictured = path is not None and path.suffix.lower() in _PICTURED
    return thumbnail(radiograph, LONGEST if pictured else 1)


def source_for(path: Path | None, content: bytes) -> bytes | None:
    """A film's file where `write` needs it for `path`: of a .dcm report alone; else None."""
    return content if path is not None and path.suffix.lower() == ".dcm" else None


def only(prediction: Prediction, finding: str) -> Prediction:
    """The prediction with one finding alone, to explain it.

    `finding` is as for `find_finding`.

    Raises
    ------
    ReportError
        The film was refused, or the bundle does not know the finding.
    """
    if prediction.refused is not None:
        found = f"refused, so nothing can be explained ({prediction.refused})"
        raise ReportError(f"{prediction.name}: {found}")
    results = {result.finding: result for result in prediction.results}
    wanted = find_finding(finding, tuple(results), prediction.bundle.name)
    return replace(prediction, results=(results[wanted],))


def find_finding(words: str, findings: Sequence[Finding], bundle: str) -> Finding:
    """The finding of this name, or for which reports show these words, in any case.

    Raises
    ------
    ReportError
        None of the bundle's findings is called so.
    """
    names = {finding.display.casefold(): finding for finding in findings}
    names |= {finding.name: finding for finding in findings}
    wanted = " ".join(words.casefold().split())
    if wanted not in names:
        there = ", ".join(finding.name for finding in findings)
        raise ReportError(f"{words!r} is no finding of {bundle}; expected one of {there}")
    return names[wanted]
