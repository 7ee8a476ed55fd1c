import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from plainfilm.errors import RunError
from plainfilm.networks import build
from plainfilm.training.batches import Batch
from plainfilm.training.checkpoint import (
    Progress,
    load_classifier,
    load_weights,
    resume,
    save_checkpoint,
    weights_name,
)
from plainfilm.training.learner import Learner, Target
from plainfilm.training.record import EpochRow, read_record, write_record
from plainfilm.training.schedule import Pace
from tiny_training import tiny_recipe

ROW = EpochRow(1, 0.7, None, 0.5, 1e-3, 2.0, 100.0)


def learner(seed: int, *settings: str) -> Learner:
    torch.manual_seed(seed)
    target = Target()
    return Learner(tiny_recipe(*settings), build("film-net", 2), target, torch.device("cpu"))


def learn(one: Learner, steps: range) -> None:
    films = torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    for step in steps:
        one.learn(Batch(films, (films[:, 0, :2, 0] > 0.5).float()), Pace(1e-3, 0.9), step)


def test_a_resumed_learner_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = learner(0)
    learn(whole, range(4))
    progress = Progress(step=4, loss_sum=1.5, learn_seconds=2.0, rows=(ROW,), kept=ROW)
    save_checkpoint(tmp_path, whole, progress)
    learn(whole, range(4, 7))

    other = learner(1)
    assert resume(tmp_path, other) == progress
    learn(other, range(4, 7))

    for ours, theirs in ((whole.network, other.network), (whole.average, other.average)):
        left, right = ours.state_dict(), theirs.state_dict()
        assert all(torch.equal(left[name], right[name]) for name in left)


def test_without_a_checkpoint_the_start_is_the_start(tmp_path: Path) -> None:
    assert resume(tmp_path, learner(0)) == Progress()


def test_a_cut_off_checkpoint_is_one_clear_line(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, learner(0), Progress())
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:5000])

    with pytest.raises(RunError, match=r"^checkpoint\.pt: cannot be read"):
        resume(tmp_path, learner(0))


def test_another_networks_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"network": {}, "average": {}}, tmp_path / "checkpoint.pt")
    with pytest.raises(RunError, match=r"^checkpoint\.pt: not a checkpoint of this run"):
        resume(tmp_path, learner(0))


class _Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("harm"),)  # type: ignore[return-value]


def test_nothing_in_a_checkpoint_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"network": _Harmful()}, tmp_path / "checkpoint.pt")

    with pytest.raises(RunError, match="cannot be read"):
        resume(tmp_path, learner(0))
    assert not Path("harm").exists()


def test_a_step_and_an_epoch_are_counted() -> None:
    progress = Progress().after_step(0.5, 2.0).after_step(0.25, 1.0)
    assert (progress.step, progress.loss_sum, progress.learn_seconds) == (2, 0.75, 3.0)

    after = progress.after_epoch(ROW, kept=True).after_epoch(replace(ROW, epoch=2), kept=False)
    assert (after.step, after.loss_sum, after.learn_seconds) == (2, 0.0, 0.0)
    assert [row.epoch for row in after.rows] == [1, 2]
    assert after.kept == ROW


def test_the_classifier_of_a_finished_run_is_loaded_without_touching_chance(finished: Path) -> None:
    torch.manual_seed(4)
    expected = torch.rand(1)
    torch.manual_seed(4)

    classifier = load_classifier(finished)

    assert torch.equal(torch.rand(1), expected)
    assert not classifier.training
    assert torch.equal(classifier.head_weight, load_weights(finished)["classifier.weight"])


def test_an_unfinished_run_is_refused(finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "half")
    write_record(run, replace(read_record(run), finished=False, epochs=1))

    with pytest.raises(RunError, match=r"half: not finished, 1 of 2 epochs are done"):
        load_classifier(run)


def test_missing_weights_are_one_clear_line(finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "weights.pt").unlink()

    with pytest.raises(RunError, match=r"run: weights\.pt is missing"):
        load_classifier(run)
    with pytest.raises(RunError, match=r"run: weights\.pt is missing"):
        weights_name(run)


def test_weights_of_another_network_are_refused(finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "run")
    torch.save({"features.x": torch.zeros(1)}, run / "weights.pt")

    with pytest.raises(RunError, match=r"weights\.pt is of another network"):
        load_classifier(run)


def test_records_call_weights_by_folder_and_hash(finished: Path) -> None:
    assert weights_name(finished).startswith("first (")
    assert len(weights_name(finished)) == len("first ()") + 64
