"""The verb that scores an archive."""

import json
from pathlib import Path

import numpy as np
import pytest

from bombs import saved
from phantoms import phantom
from plainfilm.cli import main
from tiny_bundle import tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_bundle().save(tmp_path / "tiny.bundle")
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.png").write_bytes(
        saved((phantom(size=(128, 112)) * 255).astype(np.uint8), "PNG")
    )
    (tmp_path / "films" / "b.txt").write_text("x")
    return tmp_path


def test_a_table_to_give_away_names_no_film(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", str(folder / "films"), "--bundle", str(folder / "tiny.bundle")]
    command += ["--out", str(folder / "t.csv"), "--workers", "1", "--map", str(folder / "m.csv")]
    assert main(command) == 2
    assert "--deidentify" in capsys.readouterr().err
    assert main([*command, "--deidentify"]) == 0
    told = (folder / "t.csv").read_text()
    assert "film-0002" in told
    assert not any(name in told for name in ("a.png", "b.txt"))
    assert (folder / "m.csv").read_text() == "file,film\na.png,film-0001\nb.txt,film-0002\n"


def test_an_archive_is_scored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["score", str(folder / "films"), "--bundle", str(folder / "tiny.bundle")]
    command += ["--out", str(folder / "t.csv"), "--workers", "1"]
    assert main(command) == 0
    told = capsys.readouterr()
    assert told.out == "2 files: 1 read, 0 refused, 1 error\n"
    assert told.err == "Wrote t.csv\n"
    assert main(command) == 1
    assert "already there" in capsys.readouterr().err
    assert main([*command, "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"read": 1, "refused": 0, "error": 1}
