import json
from pathlib import Path

import pytest

pytest.importorskip("fsspec")

from plainfilm.cli import main
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle

Output = pytest.CaptureFixture[str]


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_a_bundle_goes_to_a_shelf_and_comes_back(tmp_path: Path, capsys: Output) -> None:
    mine, shelf = tmp_path / "mine.bundle", tmp_path / "shelf"
    tiny_bundle().save(mine)

    assert run("bundles", "push", mine, shelf) == 0
    file, digest = capsys.readouterr().out.split()
    assert run("bundles", "list", "--remote", shelf) == 0
    assert capsys.readouterr().out.split()[-1] == digest
    assert run("bundles", "list", "--remote", shelf, "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["file"], listed["sha256"]) == (file, digest)
    assert run("bundles", "pull", shelf / file, "--sha256", digest, "--out", tmp_path / "b") == 0
    assert capsys.readouterr().out.startswith("tiny 1.0.0  2 findings")
    assert Bundle.load(tmp_path / "b").id == Bundle.load(mine).id
    assert run("bundles", "push", mine, shelf, "--json") == 0
    assert json.loads(capsys.readouterr().out) == listed


def test_nothing_is_fetched_without_a_hash(tmp_path: Path, capsys: Output) -> None:
    assert run("bundles", "pull", "x.bundle", "--out", tmp_path / "b") == 2
    assert "--sha256" in capsys.readouterr().err
