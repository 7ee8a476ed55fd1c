import json
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.errors import RecipeError, RunError
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.embeddings import FOLDER
from plainfilm.training.loop import train
from plainfilm.training.record import read_log, read_recipe, read_record
from plainfilm.training.run_maps import run_map
from plainfilm.training.team import Team
from plainfilm.training.train_head import train_head
from tiny_encoders import D, encoder_recipe, write_encoder
from tiny_training import same_weights, tiny_recipe, write_prepared


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_prepared(tmp_path_factory.mktemp("head") / "prepared")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder") / "a.onnx")


@pytest.fixture(scope="module")
def run(folder: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "linear"
    return train(encoder_recipe(encoder), folder, out, threads=1)


def test_a_run_is_like_any_other(run: Path, encoder: Path) -> None:
    record, rows = read_record(run), read_log(run)

    assert record.finished
    assert len(rows) == record.epochs == 11
    assert record.val_auroc == rows[record.kept_epoch - 1].val_auroc
    assert record.val_auroc is not None
    assert record.val_auroc > 0.9
    assert record.n_learning == 2 * D + 2
    assert record.n_weights == record.n_learning + D * 3 * 64 + 6  # two shapes of three numbers
    assert record.init.startswith("encoder a.onnx (")


def test_the_run_s_recipe_pins_the_encoder(run: Path) -> None:
    recipe = read_recipe(run)

    assert len(recipe.encoder.sha256) == 64
    assert recipe.encoder.sha256 in read_record(run).init


def test_its_network_has_the_weights_it_learned(run: Path) -> None:
    network = load_classifier(run)

    assert not network.training
    assert network.has_map
    assert torch.isfinite(network(torch.rand(2, 1, 32, 32))).all()


def test_the_same_embeddings_give_the_same_head_bit_for_bit(
    run: Path, folder: Path, encoder: Path, tmp_path: Path
) -> None:
    """Once from those that were kept, once from those made anew."""
    kept = train(encoder_recipe(encoder), folder, tmp_path / "kept", threads=1)
    fresh = write_prepared(tmp_path / "prepared")
    anew = train(encoder_recipe(encoder), fresh, tmp_path / "anew", threads=1)

    assert same_weights(run, kept)
    assert same_weights(run, anew)
    assert len(list((folder / FOLDER).iterdir())) == 1


def test_a_finished_run_is_left_as_it_is(run: Path, folder: Path, encoder: Path) -> None:
    before = (run / "weights.pt").stat().st_mtime_ns

    train(encoder_recipe(encoder, "release.version=2.0.0"), folder, run)

    assert (run / "weights.pt").stat().st_mtime_ns == before
    assert read_recipe(run).release.version == "2.0.0"


def test_another_encoder_is_another_training(run: Path, folder: Path, tmp_path: Path) -> None:
    other = write_encoder(tmp_path / "a.onnx", opset=19)

    with pytest.raises(RunError, match=r"the run here is another training.*encoder\.sha256"):
        train(encoder_recipe(other), folder, run)


def test_an_encoder_that_changed_since_is_refused(folder: Path, tmp_path: Path, run: Path) -> None:
    path = write_encoder(tmp_path / "mine.onnx")
    out = train(encoder_recipe(path), folder, tmp_path / "run", threads=1)
    write_encoder(path, opset=19)

    with pytest.raises(RunError, match=r"mine\.onnx: its SHA-256 is .* it is another encoder"):
        load_classifier(out)


def test_a_hidden_layer_learns_too(folder: Path, encoder: Path, tmp_path: Path) -> None:
    settings = ("network.head=mlp", "encoder.hidden=8", "optim.epochs=4", "optim.lr=0.02")
    recipe = encoder_recipe(encoder, *settings)

    runs = [train(recipe, folder, tmp_path / name, threads=1) for name in "ab"]

    assert same_weights(*runs)
    assert read_record(runs[0]).ended == "all 4 epochs"
    assert load_classifier(runs[0]).has_map


def test_what_is_no_encoder_leaves_no_run(folder: Path, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no output 'logits'"):
        train(encoder_recipe(encoder, output="logits"), folder, tmp_path / "run")

    assert [path.name for path in (tmp_path / "run").iterdir() if path.name[0] != "."] == []


def test_a_missing_encoder_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"encoder\.file: gone\.onnx cannot be read"):
        train(encoder_recipe(tmp_path / "gone.onnx"), folder, tmp_path / "run")


def test_several_processes_are_refused(folder: Path, encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="trained by one process; start it without torchrun"):
        train_head(
            encoder_recipe(encoder), folder, tmp_path / "run", threads=1, team=Team(rank=0, size=2)
        )


def test_what_trains_whole_networks_does_not_take_an_encoder(encoder: Path) -> None:
    from plainfilm.training.learner import build_network

    with pytest.raises(RecipeError, match="an encoder stays as it is"):
        build_network(encoder_recipe(encoder), 2)
    assert build_network(tiny_recipe(), 2).has_map


def test_maps_that_need_gradients_are_refused(run: Path) -> None:
    film = np.full((32, 32), 0.5, np.float32)

    with pytest.raises(RunError, match="its encoder has no gradients; take the bundle's map, or"):
        run_map(run, film, "square", "gradcam")


def test_the_record_is_json_that_names_no_folder(run: Path, encoder: Path) -> None:
    record = json.loads((run / "run.json").read_text())

    assert str(encoder.parent) not in json.dumps(record)
    assert np.isfinite(record["seconds"])
