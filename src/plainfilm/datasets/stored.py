"""Our own JSON files as typed fields (`StoredRecord`), and the label sets they hold."""

import json
from pathlib import Path
from typing import NoReturn

from plainfilm.datasets.files import read_text
from plainfilm.errors import DatasetError
from plainfilm.findings import Code, Finding, LabelSet


class StoredRecord:
    """A JSON object read from one of our own files; every look into it checks the type."""

    def __init__(self, name: str, fields: dict[str, object]) -> None:
        self.name = name
        self._fields = fields

    @classmethod
    def read(cls, path: Path, expected_format: str) -> "StoredRecord":
        """The object in `path`; DatasetError unless its "format" is the expected one."""
        try:
            fields = json.loads(read_text(path))
        except (ValueError, RecursionError) as error:
            raise DatasetError(
                f"{path.name}: broken ({error}); prepare the data set again"
            ) from error
        record = cls(path.name, fields if isinstance(fields, dict) else {})
        found = record._fields.get("format")
        if found != expected_format:
            words = f"format is {found!r}; this version reads {expected_format!r}"
            raise DatasetError(f"{path.name}: {words}. Prepare the data set again.")
        return record

    def text(self, key: str) -> str:
        """The text under `key`."""
        value = self._fields.get(key)
        return value if isinstance(value, str) else self._refuse(key, "a text")

    def whole(self, key: str) -> int:
        """The whole number under `key`."""
        value = self._fields.get(key)
        return value if type(value) is int else self._refuse(key, "a whole number")

    def flag(self, key: str) -> bool:
        """The true or false under `key`."""
        value = self._fields.get(key)
        return value if isinstance(value, bool) else self._refuse(key, "true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts listed under `key`."""
        value = self._fields.get(key)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self._refuse(key, "a list of texts")
        return tuple(value)

    def counts(self, key: str) -> dict[str, int]:
        """The counts under `key`, each with its name."""
        value = self._fields.get(key)
        if not isinstance(value, dict) or not all(type(entry) is int for entry in value.values()):
            self._refuse(key, "names with counts")
        return dict(value)

    def record(self, key: str) -> "StoredRecord":
        """The object under `key`."""
        value = self._fields.get(key)
        if not isinstance(value, dict):
            self._refuse(key, "an object")
        return StoredRecord(f"{self.name}: {key}", value)

    def records(self, key: str) -> tuple["StoredRecord", ...]:
        """The objects listed under `key`."""
        value = self._fields.get(key)
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self._refuse(key, "a list of objects")
        return tuple(StoredRecord(f"{self.name}: {key}", entry) for entry in value)

    def has(self, key: str) -> bool:
        """Whether `key` holds anything but null."""
        return self._fields.get(key) is not None

    def _refuse(self, key: str, expected: str) -> NoReturn:
        words = f"{key!r} is not {expected}"
        raise DatasetError(f"{self.name}: {words}; the file is broken. Prepare the data set again.")


def write_label_set(label_set: LabelSet) -> dict[str, object]:
    """A label set as JSON writes it."""
    findings = [_finding_record(finding) for finding in label_set.findings]
    return {"exclusive": label_set.exclusive, "findings": findings}


def read_label_set(record: StoredRecord) -> LabelSet:
    """The label set that `write_label_set` wrote; DatasetError where it is none."""
    try:
        findings = tuple(_finding(entry) for entry in record.records("findings"))
        return LabelSet(findings, record.flag("exclusive"))
    except ValueError as error:
        raise DatasetError(f"{record.name}: {error}. Prepare the data set again.") from error


def _finding_record(finding: Finding) -> dict[str, object]:
    code = finding.code
    written = code and {"scheme": code.scheme, "value": code.value, "meaning": code.meaning}
    return {"name": finding.name, "display": finding.display, "code": written}


def _finding(record: StoredRecord) -> Finding:
    code = record.record("code") if record.has("code") else None
    term = code and Code(code.text("scheme"), code.text("value"), code.text("meaning"))
    return Finding(record.text("name"), record.text("display"), term or None)
