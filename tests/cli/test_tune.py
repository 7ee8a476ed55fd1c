import json
import re
from pathlib import Path

import pytest

from plainfilm.cli import main

Output = pytest.CaptureFixture[str]


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_a_learning_rate_is_suggested_for_each_weight_decay(tmp_path: Path, capsys: Output) -> None:
    """S0-45 to S0-48: one line and one curve each; nothing is left but the figure."""
    pytest.importorskip("torch")
    from tiny_training import TINY, write_prepared

    (tmp_path / "tiny.toml").write_text(TINY)
    films = write_prepared(tmp_path / "films")
    out = tmp_path / "out" / "range.svg"
    out.parent.mkdir()
    words = ("tune", "range", tmp_path / "tiny.toml", "--data", films, "--out", out)

    assert run(*words, "--decay", "0", "--decay", "0.1") == 0

    printed = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in printed] == ["weight decay 0", "weight decay 0.1"]
    assert all(re.search(r"optim\.lr = \S+ \(\d+ steps, the loss", line) for line in printed)
    assert [path.name for path in out.parent.iterdir()] == ["range.svg"]
    assert "weight decay 0.1: falls fastest at" in out.read_text()
    assert run(*words) == 1
    assert "already there" in capsys.readouterr().err

    assert run(*words, "--force", "--json", "--set", "loss.pos_weight=mura") == 0
    (curve,) = json.loads(capsys.readouterr().out)
    assert curve["weight_decay"] == 0.01
    assert len(curve["rates"]) == len(curve["losses"])


def test_a_recipe_is_examined_and_a_broken_one_ends_with_status_1(
    tmp_path: Path, capsys: Output
) -> None:
    pytest.importorskip("torch")
    from tiny_training import TINY, write_prepared

    prepared, recipe = write_prepared(tmp_path / "prepared"), tmp_path / "r.toml"
    recipe.write_text(TINY)
    run("tune", "doctor", recipe, "--data", prepared)
    assert re.search(r"^ok +overfit +loss ", capsys.readouterr().out, re.M)
    words = ("--data", prepared, "--set", "optim.lr=1000", "--json")
    assert run("tune", "doctor", recipe, *words) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["holds"]) == ("plainfilm.doctor/1", False)


def test_layers_are_printed_and_changes_drawn(tmp_path: Path, capsys: Output) -> None:
    """S0-28, S2-10."""
    pytest.importorskip("torch")
    from tiny_training import TINY, write_prepared

    prepared, recipe = write_prepared(tmp_path / "prepared"), tmp_path / "r.toml"
    recipe.write_text(TINY)

    assert run("tune", "layers", recipe, "--data", prepared) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^features\.stem\.0 +Conv2d +16 x 16 x 16 +144 +144$", printed, re.M)

    out = tmp_path / "grid.png"
    assert run("tune", "preview", recipe, "--data", prepared, "--out", out) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert run("tune", "preview", recipe, "--data", prepared, "--out", out) == 1
    assert "already there" in capsys.readouterr().err


def test_a_recipe_is_cross_validated(tmp_path: Path, capsys: Output) -> None:
    """S3-24: five unless told; a line for each, and the mean; again, nothing is trained."""
    pytest.importorskip("torch")
    from tiny_training import TINY, write_prepared

    (tmp_path / "r.toml").write_text(TINY)
    films = write_prepared(tmp_path / "films", n_train=16, n_val=4)
    words = ("tune", "folds", tmp_path / "r.toml", "--data", films, "--out", tmp_path / "out")
    assert run("tune", "folds", "--help") == 0
    assert re.search(r"--folds .*\[default:\s+5", capsys.readouterr().out, re.S)

    assert run(*words, "--folds", 2, "--set", "optim.epochs=1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["fold 1/2", "fold 2/2", "mean"]
    assert run(*words, "--folds", 2, "--set", "optim.epochs=1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["k"], len(found["folds"])) == ("plainfilm.folds/1", 2, 2)
    assert run(*words, "--folds", 2) == 1
    assert "another training" in capsys.readouterr().err


def test_settings_are_searched_for(tmp_path: Path, capsys: Output) -> None:
    """S2-38: a line for each trial, and the best; --json and one more trial."""
    pytest.importorskip("torch")
    pytest.importorskip("optuna")
    from tiny_training import TINY, write_prepared

    (tmp_path / "r.toml").write_text(TINY)
    (tmp_path / "s.toml").write_text("[optim]\nlr = {low = 1e-4, high = 1e-2}")
    films = write_prepared(tmp_path / "films", n_train=8, n_val=4)
    words = ("tune", "search", tmp_path / "r.toml", "--data", films, "--out", tmp_path / "out")
    chosen = ("--set", "optim.epochs=1", "--space", tmp_path / "s.toml")

    assert run(*words, *chosen, "--trials", 1) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["trial 1", "best"]
    assert run(*words, *chosen, "--trials", 2, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], len(found["trials"])) == ("plainfilm.search/1", 2)
    assert (tmp_path / "out" / "best.toml").exists()


def test_a_run_is_repeated(tmp_path: Path, capsys: Output) -> None:
    """S2-05: `train` and then the same again, told in a line or as JSON."""
    pytest.importorskip("torch")
    from tiny_training import TINY, write_prepared

    (tmp_path / "r.toml").write_text(TINY)
    films = write_prepared(tmp_path / "films", n_train=8, n_val=4)
    assert run("train", tmp_path / "r.toml", "--data", films, "--out", tmp_path / "run") == 0
    words = ("tune", "repeat", tmp_path / "run", "--data", films, "--out", tmp_path / "again")

    assert run(*words) == 0
    assert capsys.readouterr().out.startswith("the same: 2 epochs, every metric ± 0")
    assert run(*words, "--json") == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "plainfilm.repeat/1"
