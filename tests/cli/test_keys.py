"""Keys are made, listed and ended from the command line."""

import json
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.serve.keys import KeyFile

Output = pytest.CaptureFixture[str]


def test_a_key_is_made_listed_and_ended(tmp_path: Path, capsys: Output) -> None:
    file = ["--file", str(tmp_path / "keys.json")]
    assert main(["keys", "add", "ward 7", "--scope", "infer", "--days", "30", *file]) == 0
    told = capsys.readouterr()
    key = told.out.strip()
    caller = KeyFile(tmp_path / "keys.json").caller(key)
    assert caller is not None
    assert caller.scopes == {"infer"}
    assert key not in told.err
    assert main(["keys", "list", "--json", *file]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["name"] == "ward 7"
    assert "sha256" not in listed
    assert main(["keys", "revoke", listed["id"], *file]) == 0
    assert main(["keys", "list", *file]) == 0
    assert capsys.readouterr().out.count("ward 7: infer, revoked") == 2
    assert KeyFile(tmp_path / "keys.json").caller(key) is None


def test_a_file_of_keys_that_is_not_there_is_told(tmp_path: Path, capsys: Output) -> None:
    assert main(["keys", "list", "--file", str(tmp_path / "keys.json")]) == 1
    assert "keys.json: no such file" in capsys.readouterr().err
    assert main(["keys", "revoke", "0", "--file", str(tmp_path / "keys.json")]) == 1
