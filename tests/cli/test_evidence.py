"""The verbs that measure, on drawn films."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_sets import draw_nih
from drawn_tables import draw_table
from plainfilm.cli import main
from plainfilm.cli.evidence import BASELINES
from plainfilm.training import classical

Output = pytest.CaptureFixture[str]


def run(*arguments: str | int | Path) -> int:
    return main([str(argument) for argument in arguments])


def one_error_line(text: str) -> str:
    (line,) = [line for line in text.splitlines() if not line.startswith("MODULES")]
    assert line.startswith("plainfilm: error: ")
    return line


def test_a_data_set_is_audited_prepared_or_not(tmp_path: Path, capsys: Output) -> None:
    """S2-53."""
    draw_nih(tmp_path / "nih")
    assert run("audit", tmp_path / "nih", "--dataset", "chestxray14") == 0
    assert "Mass: fewer than 10 patients with it or without it" in capsys.readouterr().out
    assert (
        run("prepare", "chestxray14", tmp_path / "nih", "--out", tmp_path / "p", "--size", 16) == 0
    )
    capsys.readouterr()
    assert run("audit", tmp_path / "p", "--json") == 0
    audit = json.loads(capsys.readouterr().out)
    assert audit["n_films"] == 40
    assert all("tone" in found for found in audit["findings"].values())
    assert run("audit", tmp_path / "nih") == 1
    assert "prepare" in one_error_line(capsys.readouterr().err)


def test_a_baseline_prints_what_it_measured(tmp_path: Path, capsys: Output) -> None:
    pytest.importorskip("torch")
    from tiny_training import write_prepared

    prepared = write_prepared(tmp_path / "prepared", n_train=8, n_val=4)
    words = ("baseline", "majority", prepared, "--split", "val", "--draws", "9")
    assert run(*words, "--out", tmp_path / "text") == 0
    found = capsys.readouterr()
    assert found.out.startswith("majority on drawn, split val: 4 films of 2 patients")
    assert found.err == "Wrote text\n"
    assert run(*words, "--out", tmp_path / "json", "--json") == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured == json.loads((tmp_path / "json" / "evaluation.json").read_text())
    assert run(*words, "--out", tmp_path / "json") == 1
    assert "--force" in one_error_line(capsys.readouterr().err)


def test_bundles_are_compared_by_their_reports(tmp_path: Path, capsys: Output) -> None:
    for name in ("a", "b", "other"):
        (tmp_path / name).mkdir()
        split = {"split_sha256": "2" * 64} if name == "other" else {}
        draw_table(n=30, **split).save(tmp_path / name / "predictions.parquet")

    assert run("compare", tmp_path / "a", tmp_path / "b", "--draws", 5, "--json") == 0
    assert json.loads(capsys.readouterr().out)["against"][0]["first"] == "tiny 1.0.0"
    assert run("compare", tmp_path / "a", tmp_path / "b", "--draws", 5) == 0
    assert "| bundle | findings | mean AUROC |" in capsys.readouterr().out
    page = tmp_path / "page"
    assert run("compare", tmp_path / "a", tmp_path / "b", "--draws", 5, "--out", page) == 0
    assert capsys.readouterr().err == "Wrote page\n"
    assert (page / "comparison.html").is_file()
    assert run("compare", tmp_path / "a", tmp_path / "other") == 1
    assert "another split hash" in one_error_line(capsys.readouterr().err)


def test_the_baselines_offered_are_those_there_are(tmp_path: Path, capsys: Output) -> None:
    assert BASELINES == classical.BASELINES
    assert run("baseline", "oracle", tmp_path, "--out", tmp_path / "out") == 2
    assert "'oracle' is not one of 'majority', 'random-forest', 'svm'" in capsys.readouterr().err


def test_a_comparison_can_be_a_gate(tmp_path: Path, capsys: Output) -> None:
    tables = {"a": draw_table(n=200), "same": draw_table(n=200)}
    tables["turned"] = replace(tables["a"], scores=-tables["a"].scores)
    for name, table in tables.items():
        (tmp_path / name).mkdir()
        table.save(tmp_path / name / "predictions.parquet")
    gate = ("--draws", 20, "--no-worse-by", 0.02)

    assert run("compare", tmp_path / "a", tmp_path / "same", *gate) == 0
    assert capsys.readouterr().err == ""
    assert run("compare", tmp_path / "a", tmp_path / "turned", "--draws", 20, "--json") == 0
    areas = json.loads(capsys.readouterr().out)["against"][0]["findings"]
    worse = [f for f, row in areas.items() if row["auroc"]["difference"][2] > 0.02]
    assert worse
    assert run("compare", tmp_path / "a", tmp_path / "turned", *gate) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(": not shown")[0].rpartition(" ")[2] for line in told] == worse
