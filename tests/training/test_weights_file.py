import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch

from plainfilm.cli import main
from plainfilm.errors import RecipeError, ReportError, RunError
from plainfilm.networks import build
from plainfilm.networks.weights import load_weights_file, read_state
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.weights_file import SCHEMA, save_weights_file


def test_s0_78_a_run_s_weights_are_a_network_again_by_both_files_alone(
    finished: Path, tmp_path: Path
) -> None:
    """S0-78, S3-18: built as the one says, with the tensors of the other: the same logits."""
    out = tmp_path / "w.safetensors"

    assert main(["weights", str(finished), "--out", str(out)]) == 0

    about = json.loads((tmp_path / "w.json").read_bytes())
    assert (about["schema"], about["file"]) == (SCHEMA, "w.safetensors")
    assert about["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    size = about["input"]["shape"][-1]
    network = build(n_findings=len(about["logits"]), size=size, **about["network"]).eval()
    load_weights_file(network, out)
    films = torch.rand(3, 1, size, size)
    with torch.no_grad():
        assert torch.equal(network(films), load_classifier(finished)(films))


def test_a_training_may_begin_with_it(finished: Path, prepared: Path, tmp_path: Path) -> None:
    """S0-78: `network.init` takes the file as it is, strictly."""
    save_weights_file(finished, tmp_path / "w.safetensors")
    init = f"network.init={tmp_path / 'w.safetensors'}"
    words = ["--data", str(prepared), "--out", str(tmp_path / "run"), "--set", "optim.epochs=1"]

    assert main(["train", str(finished / "recipe.toml"), *words, "--set", init]) == 0

    stated = json.loads((tmp_path / "run" / "run.json").read_bytes())
    assert stated["init"].startswith("w.safetensors (")


def test_the_same_run_gives_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors")]

    for path in paths:
        save_weights_file(finished, path)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(read_state(paths[0])) == len(read_state(finished / "weights.pt"))


@pytest.mark.parametrize("there", ["w.safetensors", "w.json"])
def test_what_is_there_stays(finished: Path, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")

    with pytest.raises(ReportError, match=f"{there}: already there"):
        save_weights_file(finished, tmp_path / "w.safetensors")

    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_another_ending_is_refused(finished: Path, tmp_path: Path) -> None:
    """S0-78: no pickle is written."""
    with pytest.raises(ReportError, match=r"'\.pt'; expected \.safetensors"):
        save_weights_file(finished, tmp_path / "w.pt")


def test_a_folder_without_a_run_is_called_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="empty: no run here"):
        save_weights_file(tmp_path / "empty", tmp_path / "w.safetensors")


def test_an_unfinished_run_is_refused(finished: Path, tmp_path: Path) -> None:
    half = shutil.copytree(finished, tmp_path / "half")
    record = half / "run.json"
    record.write_text(record.read_text().replace('"finished": true', '"finished": false'))

    with pytest.raises(RunError, match="half: not finished"):
        save_weights_file(half, tmp_path / "w.safetensors")


def test_a_head_on_an_encoder_is_no_network_of_its_own(finished: Path, tmp_path: Path) -> None:
    head = shutil.copytree(finished, tmp_path / "head")
    recipe = """
[network]
name = "encoder"
[encoder]
file = "e.onnx"
gives = "map"
range = [0, 1]
"""
    (head / "recipe.toml").write_text(recipe)

    with pytest.raises(RecipeError, match=r"head: a head on an encoder; .* Export a bundle"):
        save_weights_file(head, tmp_path / "w.safetensors")
