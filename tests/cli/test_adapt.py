import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from drawn_own_films import draw_own_films
from plainfilm.cli import main
from plainfilm.reading.bundle import Bundle
from tiny_bundle import tiny_bundle

Output = pytest.CaptureFixture[str]


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_a_bundle_is_adapted_and_the_report_says_what_changed(
    tmp_path: Path, capsys: Output
) -> None:
    parent, out, report = (tmp_path / name for name in ("a.bundle", "b.bundle", "r.md"))
    tiny_bundle(2).save(parent)
    films = draw_own_films(tmp_path / "films", parent)
    words = ("adapt", parent, films, "--out", out, "--population-words", "drawn adults")
    also = ("--ages", "18-95", "--views", "pa,ap", "--version", "2.0", "--split", "all")

    assert run(*words, *also, "--report", report) == 0

    printed = capsys.readouterr()
    assert "| finding | films | present |" in report.read_text()
    assert printed.err.splitlines()[-2:] == ["Wrote b.bundle", "Wrote r.md"]
    first, *lines = printed.out.splitlines()
    changes, (_brackets, *cautions) = lines[:2], lines[2:]
    assert first.startswith("tiny 2.0, adapted from 1.0.0 on 160 all films of 80 patients")
    assert "(drawn adults)" in first
    assert all(line.startswith("Caution: ") for line in cautions)
    for change in changes:
        assert "calibration error 0." in change
        assert change.endswith((": better", ": worse", ": cannot be told from chance"))
    header = Bundle.load(out).header
    assert header.version == "2.0"
    assert header.population is not None
    assert (header.population.age_years, header.population.views) == ((18, 95), ("PA", "AP"))

    assert run(*words) == 1
    assert "is there already" in capsys.readouterr().err
    assert run(*words, "--report", report) == 1
    assert run(*words, "--force", "--json", "--report", tmp_path / "r.json") == 0
    out_text = capsys.readouterr().out
    assert json.loads(out_text) == json.loads((tmp_path / "r.json").read_text())
    assert json.loads(out_text)["schema"] == "plainfilm.adaptation/1"
    assert run(*words, "--force") == 0
    assert "tiny 1.0.0+adapted" in (tmp_path / "b.adapted.md").read_text()
    out.unlink()
    assert run(*words) == 1
    assert "b.adapted.md" in capsys.readouterr().err  # of before: told before the work, and kept
    assert not out.exists()


def test_what_the_films_do_not_tell_is_said_before_the_report(
    tmp_path: Path, capsys: Output
) -> None:
    tiny_bundle(2).save(tmp_path / "two.bundle")
    tiny_bundle(3).save(tmp_path / "three.bundle")
    films = draw_own_films(tmp_path / "films", tmp_path / "two.bundle")
    words = ("--population-words", "drawn adults", "--split", "all")
    assert (
        run("adapt", tmp_path / "three.bundle", films, "--out", tmp_path / "x.bundle", *words) == 0
    )
    cautions = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Caution")]
    new = set(Bundle.load(tmp_path / "x.bundle").header.limits) - set(tiny_bundle(3).header.limits)
    assert any(limit.startswith("Left out, since the films") for limit in new)
    assert {f"Caution: {limit}" for limit in new} <= set(cautions)


def test_ages_are_two_numbers_or_any(capsys: Output) -> None:
    assert run("adapt", "x", "y", "--out", "z", "--population-words", "w", "--ages", "old") == 2
    assert "expected as in 18-95, or any" in capsys.readouterr().err


def test_the_head_and_the_whole_are_not_learned_at_once(capsys: Output) -> None:
    words = ("adapt", "x", "y", "--out", "z", "--population-words", "w")
    assert run(*words, "--head", "--whole") == 2
    assert "take one of the two" in capsys.readouterr().err
