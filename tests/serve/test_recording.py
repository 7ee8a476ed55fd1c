"""What goes into the audit log of one film; tests/serve/test_guards.py has it over HTTP."""

import hashlib
import json
from pathlib import Path

import pytest

from plainfilm.serve.app import create_app
from plainfilm.serve.audit_log import AuditLog
from plainfilm.serve.problems import Problem
from plainfilm.serve.recording import Told, record
from plainfilm.serve.settings import ServeSettings
from served import Client, serving


def test_a_line_names_the_version_and_what_came_of_the_film(
    tiny_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    with serving(create_app(ServeSettings(source=tiny_path))) as client:
        write(client)  # without a log, nothing
        client.house.audit = AuditLog(path)
        write(client)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert (line["bundle"], line["who"], line["outcome"]) == ("tiny", "-", "read")
    assert line["input_sha256"] == hashlib.sha256(b"film").hexdigest()
    assert (line["scores"], line["thresholds"]) == ({"a": 0.5}, {"a": 0.25})


def test_a_line_that_cannot_be_written_is_a_503(tiny_path: Path, tmp_path: Path) -> None:
    with serving(create_app(ServeSettings(source=tiny_path))) as client:
        client.house.audit = AuditLog(tmp_path / "audit.jsonl")
        client.house.audit._file.close()
        client.house.audit._file = (tmp_path / "audit.jsonl").open("rb")  # which takes no line
        with pytest.raises(Problem) as refusal:
            write(client)
        assert (refusal.value.status, refusal.value.slug) == (503, "audit")


def write(client: Client) -> None:
    version = client.house.version_for("tiny", None)
    told = Told(b"film", "read", {"a": 0.5}, {"a": 0.25})
    client.run(record(client.house, version, told))
