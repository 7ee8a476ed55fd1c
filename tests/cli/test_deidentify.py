"""The verb that writes films without their patients."""

import json
from pathlib import Path

import numpy as np
import pytest

from dicoms import dicom_file
from phantoms import phantom
from plainfilm.cli import main

WORDS = (phantom(size=(40, 30)) * 4095).astype(np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ward = tmp_path / "MILLER"
    (ward / "inner").mkdir(parents=True)
    (ward / "MILLER.dcm").write_bytes(dicom_file(WORDS, PatientName="MILLER"))
    (ward / "inner" / "MILLER.txt").write_text("MILLER")
    return ward


def test_films_are_written_and_counted_and_no_message_names_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S3-34."""
    out, table = folder.parent / "out", folder.parent / "map.csv"
    command = ["deidentify", str(folder), "--recursive", "--out", str(out)]
    assert main([*command, "--map", str(table)]) == 1
    told = capsys.readouterr()
    assert told.out == "2 files: 1 written, 1 not\n"
    assert "error: film 2: not a film" in told.err
    assert "1 of 1 written: The header does not say that no text" in told.err
    assert "MILLER" not in told.out + told.err
    assert [path.name for path in out.iterdir()] == ["film-0001.dcm"]
    assert table.stat().st_mode & 0o777 == 0o600
    assert main(command) == 1
    assert "holds 1 files already" in capsys.readouterr().err
    assert main([*command, "--force", "--json"]) == 1
    counts = json.loads(capsys.readouterr().out)
    assert (counts["written"], counts["failed"]) == (1, 1)
    assert list(counts["cautions"].values()) == [1]


def test_a_folder_that_is_left_out_counts_and_is_not_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["deidentify", str(folder), "--out", str(folder.parent / "out")]) == 1
    told = capsys.readouterr()
    assert told.out == "2 files: 1 written, 1 not\n"
    assert "argument 1: 1 folder in it not opened" in told.err
    assert "MILLER" not in told.out + told.err


def test_done_is_status_0_and_a_short_secret_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = folder.parent / "secret"
    command = ["deidentify", str(folder / "MILLER.dcm"), "--out", str(folder.parent / "out")]
    secret.write_bytes(b"short")
    assert main([*command, "--secret", str(secret)]) == 1
    assert "5 bytes" in capsys.readouterr().err
    secret.write_bytes(b"s" * 32)
    assert main([*command, "--secret", str(secret)]) == 0
