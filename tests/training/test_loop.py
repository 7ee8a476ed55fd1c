import csv
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.files import locked
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import PlainfilmError, RunError
from plainfilm.findings import LabelSet
from plainfilm.training.checkpoint import load_classifier, load_weights
from plainfilm.training.loop import train
from plainfilm.training.prepared import Prepared
from plainfilm.training.record import read_recipe, read_record, write_record
from tiny_training import same_weights, tiny_recipe, write_prepared

SETTINGS = ("network.dropout=0.2", "optim.checkpoint_steps=3", "loss.pos_weight=balanced")

# argv: prepared folder, run folder, what to count, at which count to end or "full"
CHILD = """
import os, resource, signal, sys
from pathlib import Path
from plainfilm.errors import PlainfilmError
from plainfilm.training import checkpoint, learner, loop
from tiny_training import tiny_recipe

prepared, out, what, when = sys.argv[1:5]
counts = {"step": 0, "replace": 0}

def dies_after(kind, function):
    def counted(*arguments, **keywords):
        counts[kind] += 1
        if (kind, str(counts[kind])) == (what, when):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **keywords)
    return counted

learner.Learner.learn = dies_after("step", learner.Learner.learn)
Path.replace = dies_after("replace", Path.replace)
if what == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(when), int(when)))
try:
    loop.train(tiny_recipe(*sys.argv[5:]), Path(prepared), Path(out), threads=1)
except PlainfilmError as error:
    sys.exit(str(error))
"""


def child(
    environment: dict[str, str], prepared: Path, out: Path, what: str, when: int
) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-c", CHILD, str(prepared), str(out), what, str(when), *SETTINGS]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def whole(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uninterrupted run."""
    out = tmp_path_factory.mktemp("whole") / "run"
    return train(tiny_recipe(*SETTINGS), prepared, out, threads=1)


def log_without_times(run: Path) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "films_per_s")} for row in rows]


@pytest.mark.slow
def test_a_run_killed_at_random_steps_ends_with_the_same_weights(
    prepared: Path, whole: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """S2-12, S2-13."""
    out = tmp_path / "run"
    draw = random.Random()  # a new place each time: the law holds at all of them
    deaths = (("step", draw.randint(1, 5)), ("replace", draw.randint(1, 9)))
    for what, when in deaths:
        result = child(environment, prepared, out, what, when)
        assert result.returncode == -signal.SIGKILL, (what, when, result.stderr)

    train(tiny_recipe(*SETTINGS), prepared, out)

    assert same_weights(whole, out), deaths
    assert log_without_times(out) == log_without_times(whole)
    assert [row["epoch"] for row in log_without_times(out)] == [1, 2]
    assert read_record(out).finished
    assert {path.name for path in out.iterdir()} == {path.name for path in whole.iterdir()}


@pytest.mark.slow
def test_a_run_killed_right_after_its_last_step_of_an_epoch_still_closes_it(
    prepared: Path, whole: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """S2-13."""
    out = tmp_path / "run"
    settings = ("optim.checkpoint_steps=5",)  # five steps are an epoch
    words = [sys.executable, "-c", CHILD, str(prepared), str(out), "replace", "6", *settings]
    result = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert result.returncode == -signal.SIGKILL
    assert (out / "checkpoint.pt").exists()

    train(tiny_recipe(*settings), prepared, out)

    assert [row["epoch"] for row in log_without_times(out)] == [1, 2]


@pytest.mark.slow
def test_a_plateau_schedule_resumes_where_it_was(
    prepared: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    """S2-12, S2-13, S2-42: the rate is a function of the log, so a kill changes nothing.

    Killed in the fourth epoch, the log has the three before, whole.
    """
    settings = (
        "optim.schedule=plateau", "optim.lr=0.05", "optim.epochs=5", "optim.checkpoint_steps=2",
        "optim.ema_decay=0",
    )  # fmt: skip
    whole = train(tiny_recipe(*settings), prepared, tmp_path / "whole", threads=1)
    rates = [row["lr"] for row in log_without_times(whole)]
    assert len(set(rates)) > 1
    out = tmp_path / "run"
    words = [sys.executable, "-c", CHILD, str(prepared), str(out), "step", "19", *settings]
    result = subprocess.run(words, env=environment, capture_output=True, check=False)
    assert result.returncode == -signal.SIGKILL
    assert log_without_times(out) == log_without_times(whole)[:3]
    assert (out / "log.csv").read_text().count("\n") == 4

    train(tiny_recipe(*settings), prepared, out)

    assert same_weights(whole, out)
    assert log_without_times(out) == log_without_times(whole)


def test_a_training_that_stops_early_is_finished_and_resumes_to_the_same_end(
    prepared: Path, tmp_path: Path
) -> None:
    """S2-13: when to stop is a function of the log."""
    settings = ("optim.schedule=plateau", "optim.lr=0.1", "optim.epochs=30", "optim.stop_after=1")
    recipe = tiny_recipe(*settings, "optim.ema_decay=0")
    whole = train(recipe, prepared, tmp_path / "whole", threads=1)
    record = read_record(whole)
    assert record.finished
    assert record.epochs < 30
    assert record.ended.startswith("stopped early: 1 epoch without a lower validation loss")
    losses = [float(str(row["val_loss"])) for row in log_without_times(whole)]
    assert losses.index(min(losses)) == len(losses) - 2
    out = shutil.copytree(whole, tmp_path / "run")
    # As a kill leaves it between the last checkpoint and run.json.
    write_record(out, replace(record, finished=False, ended="", epochs=record.epochs - 1))

    train(recipe, prepared, out)

    assert same_weights(whole, out)
    assert log_without_times(out) == log_without_times(whole)
    assert read_record(out) == record


@pytest.mark.slow
def test_a_full_disk_is_one_clear_line_and_loses_nothing(
    prepared: Path, whole: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    out = tmp_path / "run"
    assert child(environment, prepared, out, "step", 5).returncode == -signal.SIGKILL
    before = hashlib.sha256((out / "checkpoint.pt").read_bytes()).hexdigest()

    full = child(environment, prepared, out, "full", 1_000_000)

    assert full.returncode == 1
    assert full.stderr.count("\n") == 1
    assert "could not be written (File too large;" in full.stderr
    assert hashlib.sha256((out / "checkpoint.pt").read_bytes()).hexdigest() == before
    train(tiny_recipe(*SETTINGS), prepared, out)
    assert same_weights(whole, out)


def test_the_same_recipe_and_films_give_the_same_weights(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    again = train(tiny_recipe(), prepared, tmp_path / "again", threads=1)
    other = train(tiny_recipe("optim.seed=1"), prepared, tmp_path / "other", threads=1)

    assert same_weights(finished, again)
    assert not same_weights(finished, other)


def test_s2_05_a_run_is_made_again_from_what_it_recorded(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    """S2-05: its own recipe, the films it names, its threads; every metric the same."""
    told = read_record(finished)

    out = train(read_recipe(finished), prepared, tmp_path / "again", threads=told.threads)

    assert same_weights(finished, out)
    assert log_without_times(out) == log_without_times(finished)
    assert replace(read_record(out), seconds=told.seconds) == told
    assert [words.split()[0] for words in told.environment] == [
        "python",
        "numpy",
        "pillow",
        "torch",
    ]
    assert Prepared.open(prepared, read_recipe(out)).used == told.films


def test_a_finished_run_is_left_as_it_is(finished: Path, prepared: Path) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}

    assert train(tiny_recipe(), prepared, finished) == finished

    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_two_trainings_into_one_folder_are_refused(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    with locked(out), pytest.raises(RunError, match="run: another training is writing here"):
        train(tiny_recipe(), prepared, out)


def test_a_finished_run_has_its_files_and_a_log_row_per_epoch(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()} - {".lock"}
    assert names == {
        "recipe.toml", "run.json", "checkpoint.pt", "weights.pt", "log.jsonl", "log.csv",
        "curves.svg",
    }  # fmt: skip
    with (finished / "log.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["films_per_s"]) > 0 for row in rows)
    record = read_record(finished)
    assert (record.epochs, record.kept_epoch, record.finished) == (2, 2, True)
    assert record.seconds == pytest.approx(sum(float(row["seconds"]) for row in rows))
    assert record.val_auroc == float(rows[-1]["val_auroc"])


def test_the_best_epoch_is_kept_where_asked_for(prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("optim.keep=best", "optim.epochs=4", "optim.lr=0.02")

    record = read_record(train(recipe, prepared, tmp_path / "run", threads=1))

    aurocs = [row["val_auroc"] for row in log_without_times(tmp_path / "run")]
    assert record.val_auroc == max(aurocs)
    assert record.kept_epoch == aurocs.index(record.val_auroc) + 1


def test_a_network_learns_to_see_a_white_square(prepared: Path, tmp_path: Path) -> None:
    off = [f"augment.{name}=0" for name in ("zoom", "aspect", "shift", "contrast", "noise")]
    shares = ("frame", "resolution", "rectangle", "marker", "border")
    off += [f"augment.{name}_share=0" for name in shares]
    recipe = tiny_recipe("optim.epochs=16", "optim.ema_decay=0", *off)

    out = train(recipe, prepared, tmp_path / "run", threads=1)

    rows = log_without_times(out)
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]  # type: ignore[operator]
    assert read_record(out).val_auroc > 0.8  # type: ignore[operator]


def test_a_loss_that_is_no_number_stops_with_advice(prepared: Path, tmp_path: Path) -> None:
    """S2-09."""
    with pytest.raises(
        RunError, match=r"run: the loss became (nan|inf) in epoch \d, step \d+\. Lo"
    ):
        train(tiny_recipe("optim.lr=1e30", "optim.epochs=20"), prepared, tmp_path / "run")


def test_after_a_loss_that_is_no_number_the_advice_can_be_followed(
    prepared: Path, tmp_path: Path
) -> None:
    out, diverging = tmp_path / "run", ("optim.lr=1e30", "optim.epochs=1", "optim.batch_size=2")
    with pytest.raises(RunError, match=r"in epoch 1, .* = 1\.$"):
        train(tiny_recipe(*diverging), prepared, out, threads=1)
    train(tiny_recipe("optim.epochs=1"), prepared, out, threads=1)
    assert read_recipe(out) == tiny_recipe("optim.epochs=1")

    with pytest.raises(RunError, match=r"= 1, in another folder\.$"):
        train(tiny_recipe(*diverging, "optim.checkpoint_steps=1"), prepared, tmp_path / "half")


@pytest.mark.parametrize("setting", ["network.name=resnet", "network.init=nowhere"])
def test_a_training_that_cannot_be_made_leaves_no_run_behind(
    prepared: Path, tmp_path: Path, setting: str
) -> None:
    out = tmp_path / "run"
    with pytest.raises(PlainfilmError):
        train(tiny_recipe(setting), prepared, out, threads=1)
    assert {path.name for path in out.glob("*")} <= {".lock"}

    assert read_record(train(tiny_recipe("optim.epochs=1"), prepared, out)).finished


def test_films_without_validation_train_too(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "drawn", n_train=6, n_val=0)

    out = train(tiny_recipe("optim.epochs=1"), folder, tmp_path / "run", threads=1)

    assert log_without_times(out)[0]["val_auroc"] is None
    assert read_record(out).val_auroc is None


def test_a_student_learns_from_its_teachers(finished: Path, prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(f"network.distil_from=['{finished}']", "optim.epochs=1")

    out = train(recipe, prepared, tmp_path / "student", threads=1)

    assert read_record(out).teachers[0].startswith("first (")
    assert not same_weights(finished, out)


@pytest.mark.parametrize(
    "setting",
    ["optim.precision=bfloat16", "network.name=densenet121", "network.name=resnet18",
     "network.head=mlp", "network.name=conv4", "network.name=dense-net",
     "loss.name=focal", "loss.name=asymmetric", "loss.pos_weight=two-sided"],
)  # fmt: skip
def test_every_way_of_training_ends_in_a_classifier(
    prepared: Path, tmp_path: Path, setting: str
) -> None:
    out = train(tiny_recipe(setting, "optim.epochs=1"), prepared, tmp_path / "run", threads=1)

    assert load_classifier(out)(torch.rand(1, 1, 32, 32)).shape == (1, 2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_run_on_a_gpu_ends_in_a_classifier_for_the_cpu(prepared: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe("optim.precision=bfloat16")

    out = train(recipe, prepared, tmp_path / "run", device="cuda")

    assert load_classifier(out)(torch.rand(1, 1, 32, 32)).shape == (1, 2)


def test_a_resumed_run_needs_its_starting_weights_no_more(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    start = shutil.copytree(finished, tmp_path / "start")
    recipe = tiny_recipe(f"network.init='{start}'", "optim.epochs=3")
    out = train(recipe, prepared, tmp_path / "run", threads=1)
    weights = (out / "weights.pt").read_bytes()
    shutil.rmtree(start)

    train(recipe, prepared, out)

    assert (out / "weights.pt").read_bytes() == weights


def test_side_targets_are_learnt_and_thrown_away(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(
        "data.side_targets=['view', 'age', 'normal']",
        f"network.init='{finished}'",
        f"network.distil_from=['{finished}']",
        "optim.epochs=1",
    )

    out = train(recipe, prepared, tmp_path / "run", threads=1)

    assert load_classifier(out)(torch.rand(1, 1, 32, 32)).shape == (1, 2)
    words = read_record(out).loss.words
    assert words.endswith("side targets (view, age, normal) at weight 0.3")
    assert read_record(out).val_auroc is not None


def test_findings_that_exclude_each_other_are_learnt_by_cross_entropy(
    prepared: Path, tmp_path: Path
) -> None:
    """S0-35, S0-36: two neurons for one finding and its absence."""
    folder = shutil.copytree(prepared, tmp_path / "exclusive")
    manifest = Manifest.load(folder)
    pairs = [replace(s, labels=np.array([s.labels[0], 1 - s.labels[0]])) for s in manifest.samples]
    label_set = LabelSet(manifest.label_set.findings, exclusive=True)
    replace(manifest, samples=tuple(pairs), label_set=label_set).save(folder)
    recipe = tiny_recipe("loss.name=cross-entropy", "loss.pos_weight=inverse", "optim.epochs=1")

    out = train(recipe, folder, tmp_path / "run", threads=1)

    record = read_record(out)
    assert record.loss.words.startswith("cross-entropy over known labels of findings that exclude")
    assert record.loss.pos_weight == (1.0, 1.0)
    assert record.val_auroc is not None


def test_a_second_phase_trains_the_head_of_the_first_alone(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    """S0-43: from a finished run, the body frozen; the record tells how many weights learned."""
    recipe = tiny_recipe(f"network.init='{finished}'", "network.frozen_before=head")

    out = train(recipe, prepared, tmp_path / "run", threads=1)

    first, second = load_weights(finished), load_weights(out)
    changed = {key for key in first if not torch.equal(first[key], second[key])}
    assert changed == {"classifier.weight", "classifier.bias"}
    record = read_record(out)
    assert record.n_learning == sum(second[key].numel() for key in changed) < record.n_weights
    assert read_record(finished).n_learning == read_record(finished).n_weights
    assert record.init.startswith("first (")


def test_copies_of_the_rarer_class_are_learnt_told_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S2-26: told when the training begins, and in the run's record."""
    folder = write_prepared(tmp_path / "films", n_train=20)
    manifest = Manifest.load(folder)
    samples = tuple(
        replace(sample, labels=np.array([float(i % 4 == 1)], np.float32))
        for i, sample in enumerate(manifest.samples)
    )
    one = LabelSet(manifest.label_set.findings[:1])
    replace(manifest, label_set=one, samples=samples).save(folder)
    settings = ("data.equalise=changed-copies", "optim.epochs=1")

    record = read_record(train(tiny_recipe(*settings), folder, tmp_path / "run", threads=1))

    assert record.copies.startswith("10 copies of the 5 films with the finding: 5 mirrored, 5 crop")
    assert record.copies in capsys.readouterr().err
    assert (record.loss.present, record.loss.absent, record.films.n_films) == ((15,), (15,), 20)
