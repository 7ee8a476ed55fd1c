"""The verb that measures how a machine serves, and the option that takes what it found."""

import json
import re
from pathlib import Path

import pytest

from plainfilm.cli import main
from plainfilm.serve import process
from plainfilm.serve.batching import BatchSettings
from plainfilm.serve.settings import ServeSettings
from plainfilm.serve.tuning import SCHEMA, Measured, Setting, Tuned, save_tuned
from plainfilm.serve.workers import n_cores
from tiny_bundle import tiny_bundle


@pytest.mark.slow
def test_tune_prints_a_command_that_serves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0-77: beside it what each setting gives: films a second, the time of one, memory."""
    tiny_bundle(2).save(tmp_path / "tiny.bundle")
    bundle, out = str(tmp_path / "tiny.bundle"), str(tmp_path / "tuned.json")
    assert main(["tune", "serve", bundle, "--seconds", "0.1", "--out", out]) == 0
    *lines, command = capsys.readouterr().out.splitlines()
    told = r" *[\d.]+ films/s +[\d.]+ ms a film, 95 in 100 by +[\d.]+ +\d+ MB +--engine .*"
    assert lines
    assert all(re.fullmatch(told, line) for line in lines)
    asked: list[ServeSettings] = []
    monkeypatch.setattr(process, "run", lambda settings, _: asked.append(settings))
    assert main(command.split()[1:]) == 0
    assert main(["serve", bundle, "--tuned", out]) == 0
    assert asked[0] == asked[1]
    assert main(["tune", "serve", bundle, "--out", out]) == 1  # it is there already


def test_what_was_tuned_counts_less_than_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    setting = Setting(workers=5, threads=3, max_batch=4)
    measured = Measured(setting, 1.0, 1.0, 1.0, None)
    tuned = Tuned(SCHEMA, "tiny", n_cores(), (measured,))
    (tmp_path / "tuned.json").write_bytes(save_tuned(tuned))
    asked: list[ServeSettings] = []
    monkeypatch.setattr(process, "run", lambda settings, _: asked.append(settings))
    words = ["--tuned", str(tmp_path / "tuned.json")]
    assert main(["serve", *words]) == 0
    assert main(["serve", "--workers", "2", *words]) == 0
    assert asked[0] == ServeSettings(workers=5, threads=3, batches=BatchSettings(4))
    assert asked[1] == ServeSettings(workers=2, threads=3, batches=BatchSettings(4))
    (tmp_path / "tuned.json").write_text(json.dumps({}))
    assert main(["serve", *words]) == 1
    assert "tuned.json" in capsys.readouterr().err
