"""The fields of a reading request, checked: `Asked`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plainfilm.film_files import ReadOptions
from plainfilm.radiograph import Sex, View
from plainfilm.serve.problems import bad_request

MAX_AGE_YEARS = 130
_BODY_PART = re.compile(r"[A-Za-z][A-Za-z _-]{0,39}")
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

Fields = Mapping[str, tuple[str, ...]]


class Format(StrEnum):
    """What is answered: the prediction, or a report of it."""

    JSON = "json"
    HTML = "html"
    PNG = "png"
    CSV = "csv"
    DCM = "dcm"


MEDIA_TYPES: Mapping[str, str] = {
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.PNG: "image/png",
    Format.CSV: "text/csv; charset=utf-8",
    Format.DCM: "application/dicom",
}


class Maps(StrEnum):
    """Whether each finding's map comes with a JSON answer, and how."""

    NONE = "none"
    PNG = "png"
    FLOAT = "float"


class Reported(StrEnum):
    """Whether a report of each film comes with its JSON answer, and which."""

    NONE = "none"
    HTML = "html"
    PNG = "png"


@dataclass(frozen=True)
class Asked:
    """What a request wants of its films.

    `findings` are those whose maps are wanted (empty = all); `bundle` and `version` None = the
    server's choice.
    """

    how: ReadOptions
    format: Format = Format.JSON
    maps: Maps = Maps.NONE
    findings: tuple[str, ...] = ()
    bundle: str | None = None
    version: str | None = None
    report: Reported = Reported.NONE

    @property
    def is_plain(self) -> bool:
        """Whether no picture goes with a JSON answer."""
        return self.maps is Maps.NONE and self.report is Reported.NONE


FIELDS = ("age", "view", "body_part", "sex", "outside_population", "format", "maps", "report",
          "finding", "bundle", "version")  # fmt: skip


def asked_from(fields: Fields) -> Asked:
    """The request that these fields make.

    Raises
    ------
    Problem
        400: a field is unknown, stands twice or holds what it cannot.
    """
    for key, values in fields.items():
        if key not in FIELDS:
            raise bad_request(f"{key[:40]!r}: no such field; expected {', '.join(FIELDS)}")
        if len(values) > 1 and key != "finding":
            raise bad_request(f"{key}: found {len(values)} times; expected once")
    only = {key: values[0] for key, values in fields.items()}
    view, sex = only.get("view"), only.get("sex")
    how = ReadOptions(
        _age(only.get("age")),
        None if view is None else View(_one_of("view", view.upper(), View)),
        _body_part(only.get("body_part")),
        _BOOLEANS[_one_of("outside_population", only.get("outside_population", "0"), _BOOLEANS)],
        sex=None if sex is None else Sex(_one_of("sex", sex.upper(), Sex)),
    )
    form = Format(_one_of("format", only.get("format", "json"), Format))
    report = Reported(_one_of("report", only.get("report", "none"), Reported))
    if report is not Reported.NONE and form is not Format.JSON:
        raise bad_request(f"report: goes with an answer in JSON; format={form} is a report itself")
    return Asked(
        how,
        form,
        Maps(_one_of("maps", only.get("maps", "none"), Maps)),
        fields.get("finding", ()),
        only.get("bundle"),
        only.get("version"),
        report,
    )


def _one_of(key: str, value: str, known: "type[StrEnum] | Mapping[str, bool]") -> str:
    words = [str(word) for word in known]
    if value not in words:
        raise bad_request(f"{key}: found {value[:40]!r}; expected one of {', '.join(words)}")
    return value


def _age(text: str | None) -> float | None:
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or not float(text) <= MAX_AGE_YEARS:
        raise bad_request(f"age: found {text[:40]!r}; expected years, 0 to {MAX_AGE_YEARS}")
    return float(text)


def _body_part(text: str | None) -> str | None:
    if text is not None and not _BODY_PART.fullmatch(text):
        raise bad_request(f"body_part: found {text[:40]!r}; expected a word such as chest")
    return text
