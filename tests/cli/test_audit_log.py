"""The verb that follows the chain of an audit log."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.serve.audit_log import AuditLog, Entry


def test_a_log_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.jsonl"
    with closing(AuditLog(path)) as log:
        for _ in range(2):
            head = log.append(Entry("-", "tiny", "1", "a" * 64, "b" * 64, "read"))
    assert main(["audit-log", "verify", str(path), "--head", head]) == 0
    assert capsys.readouterr().out == f"2 lines hold; head {head}\n"
    path.write_bytes(path.read_bytes().replace(b"tiny", b"huge", 1))
    assert main(["audit-log", "verify", str(path)]) == 1
    assert capsys.readouterr().out.startswith("line 2: it does not follow")
    assert main(["audit-log", "verify", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["broken_at"] == 2
