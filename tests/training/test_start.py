import json
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.findings import Finding, LabelSet
from plainfilm.training.batches import batch_positions, epoch_order
from plainfilm.training.checkpoint import load_classifier, load_weights
from plainfilm.training.loop import train
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.record import (
    RunRecord,
    read_recipe,
    read_record,
    write_recipe,
    write_record,
)
from plainfilm.training.start import begin, claim, make_learner, new_learner
from tiny_training import LABEL_SET, resplit, tiny_recipe

CPU = torch.device("cpu")


def learned(out: Path, record: RunRecord, recipe: Recipe) -> None:
    """Make the folder one of a run that has finished an epoch."""
    write_recipe(out, recipe)
    write_record(out, replace(record, epochs=1))


@pytest.fixture
def copy(prepared: Path, tmp_path: Path) -> Path:
    """A prepared folder to spoil."""
    return shutil.copytree(prepared, tmp_path / "copy")


def test_two_trainings_cannot_share_a_folder(tmp_path: Path) -> None:
    with ExitStack() as first:
        claim(tmp_path / "run", first)
        with ExitStack() as second, pytest.raises(RunError, match="another training is writing"):
            claim(tmp_path / "run", second)
    with ExitStack() as later:
        claim(tmp_path / "run", later)


def test_what_a_killed_write_left_in_a_run_is_removed(tmp_path: Path) -> None:
    left = tmp_path / ".plainfilm-0123456789abcdef"
    left.write_bytes(b"half")
    with ExitStack() as stack:
        claim(tmp_path, stack)
        assert not left.exists()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with ExitStack() as stack, pytest.raises(RunError, match=r"holds 1 other files and no run"):
        claim(tmp_path, stack)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_cannot_be_a_run_folder(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with ExitStack() as stack, pytest.raises(RunError, match="run: cannot be a run folder"):
        claim(tmp_path / "run", stack)


def test_a_new_run_records_what_is_used(prepared: Path, tmp_path: Path) -> None:
    """S0-51: what it began with, too."""
    recipe = tiny_recipe("loss.pos_weight=balanced", "optim.seed=7")

    record = begin(tmp_path, recipe, Prepared.open(prepared, recipe), CPU, 1)

    assert not list(tmp_path.iterdir()), "a training that cannot be made leaves no mark"
    assert record.label_set == LABEL_SET
    assert (record.recipe, record.seed, record.init, record.threads) == ("tiny", 7, "scratch", 1)
    loss = record.loss
    assert loss.words == (
        "binary cross-entropy over known labels, label smoothing 0.1, "
        'class weights "balanced" (N/P for the present)'
    )
    assert (loss.present, loss.absent, loss.unknown) == ((20, 16), (20, 16), (0, 8))
    assert loss.pos_weight == (1.0, 1.0)
    assert not record.finished
    assert record.torch_version == torch.__version__


def test_the_record_tells_no_path_and_no_patient(prepared: Path, tmp_path: Path) -> None:
    write_record(
        tmp_path, begin(tmp_path, tiny_recipe(), Prepared.open(prepared, tiny_recipe()), CPU, 1)
    )

    text = (tmp_path / "run.json").read_text()
    assert "patient-" not in text
    assert str(tmp_path) not in text
    assert set(json.loads(text)) >= {"films", "loss", "hardware", "seconds", "init"}


@pytest.mark.parametrize(
    ("settings", "threads", "expected"),
    [
        (["optim.lr=0.5"], None, r"differ in optim\.lr: 0\.003 and 0\.5\."),
        (["augment.zoom=0", "optim.epochs=9"], None, r"augment\.zoom.*; optim\.epochs: 2 and 9"),
        ([], 2, r"differ in threads: 1 and 2"),
    ],
)
def test_another_recipe_is_refused_and_named(
    prepared: Path, tmp_path: Path, settings: list[str], threads: int | None, expected: str
) -> None:
    opened = Prepared.open(prepared, tiny_recipe())
    learned(tmp_path, begin(tmp_path, tiny_recipe(), opened, CPU, 1), tiny_recipe())

    with pytest.raises(RunError, match=expected):
        begin(tmp_path, tiny_recipe(*settings), opened, CPU, threads)


@pytest.mark.parametrize("checkpoint", [True, False])
def test_a_run_that_learned_nothing_gives_way_and_one_with_a_checkpoint_does_not(
    prepared: Path, tmp_path: Path, checkpoint: bool
) -> None:
    opened, other = Prepared.open(prepared, tiny_recipe()), tiny_recipe("optim.lr=0.5")
    write_record(tmp_path, begin(tmp_path, tiny_recipe(), opened, CPU, 1))
    write_recipe(tmp_path, tiny_recipe())
    if checkpoint:
        (tmp_path / "checkpoint.pt").touch()
        with pytest.raises(RunError, match=r"differ in optim\.lr"):
            begin(tmp_path, other, opened, CPU, 2)
    else:
        assert begin(tmp_path, other, opened, CPU, 2).threads == 2
        assert begin(tmp_path, tiny_recipe(), opened, CPU, None).threads == 1, "the same goes on"


def test_other_films_are_refused_and_named(prepared: Path, copy: Path, tmp_path: Path) -> None:
    first = begin(tmp_path / "..", tiny_recipe(), Prepared.open(prepared, tiny_recipe()), CPU, 1)
    learned(tmp_path / "..", first, tiny_recipe())
    resplit(copy, "")

    with pytest.raises(RunError, match=r"films\.split_sha256.*films\.n_films: 40 and 39"):
        begin(tmp_path / "..", tiny_recipe(), Prepared.open(copy, tiny_recipe()), CPU, None)


def test_other_findings_are_refused(prepared: Path, tmp_path: Path) -> None:
    opened = Prepared.open(prepared, tiny_recipe())
    record = begin(tmp_path, tiny_recipe(), opened, CPU, 1)
    others = LabelSet((Finding("square", "S"), Finding("light", "L")))
    learned(tmp_path, replace(record, label_set=others), tiny_recipe())

    with pytest.raises(RunError, match="differ in findings"):
        begin(tmp_path, tiny_recipe(), opened, CPU, None)


def test_the_release_group_may_change_later(prepared: Path, tmp_path: Path) -> None:
    opened = Prepared.open(prepared, tiny_recipe())
    learned(tmp_path, begin(tmp_path, tiny_recipe(), opened, CPU, 1), tiny_recipe())

    record = begin(tmp_path, tiny_recipe("release.name=better"), opened, CPU, None)

    assert record.recipe == "better"
    assert read_recipe(tmp_path).release.name == "better"


def test_a_run_can_begin_with_anothers_weights(
    prepared: Path, finished: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(f"network.init='{finished}'")
    opened = Prepared.open(prepared, recipe)

    learner = make_learner(tmp_path, recipe, opened, CPU)

    ours, theirs = learner.network.state_dict(), load_weights(finished)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    record = begin(tmp_path, recipe, opened, CPU, 1)
    assert record.init.startswith("first (")


def test_the_findings_part_of_the_head_is_taken_over_beside_side_targets(
    prepared: Path, finished: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe(f"network.init='{finished}'", "data.side_targets=['sex', 'age']")

    learner = make_learner(tmp_path, recipe, Prepared.open(prepared, recipe), CPU)

    theirs = load_weights(finished)["classifier.weight"]
    assert learner.network.head_weight.shape[0] == 2 + 6
    assert torch.equal(learner.network.head_weight[:2], theirs)


def of_other_findings(finished: Path, folder: Path) -> Path:
    """A copy of the run, in a folder "other", that says it knows other findings."""
    run = shutil.copytree(finished, folder / "other")
    others = LabelSet((Finding("lung", "Lung"), Finding("bone", "Bone")))
    write_record(run, replace(read_record(run), label_set=others))
    return run


def test_with_other_findings_only_the_body_is_taken_over(
    prepared: Path, finished: Path, tmp_path: Path
) -> None:
    run = of_other_findings(finished, tmp_path)
    recipe = tiny_recipe(f"network.init='{run}'")

    learner = make_learner(tmp_path, recipe, Prepared.open(prepared, recipe), CPU)

    ours, theirs = learner.network.state_dict(), load_weights(run)
    bodies = [name for name in theirs if name.startswith("features.")]
    assert all(torch.equal(ours[name], theirs[name]) for name in bodies)
    assert not torch.equal(ours["classifier.weight"], theirs["classifier.weight"])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            ["network.init='{}'", "network.name=densenet121"],
            "first is a film-net; the recipe wants",
        ),
        (["network.init='{}-gone'"], r"first-gone: no run here"),
        (["network.distil_from=['{}-gone']"], r"first-gone: no run here"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(
    prepared: Path, finished: Path, tmp_path: Path, settings: list[str], expected: str
) -> None:
    recipe = tiny_recipe(*(setting.format(finished) for setting in settings))

    with pytest.raises(RunError, match=expected):
        make_learner(tmp_path, recipe, Prepared.open(prepared, recipe), CPU)


def test_an_unfinished_run_is_no_start(prepared: Path, finished: Path, tmp_path: Path) -> None:
    run = shutil.copytree(finished, tmp_path / "half")
    write_record(run, replace(read_record(run), finished=False, epochs=1))
    recipe = tiny_recipe(f"network.init='{run}'")

    with pytest.raises(RunError, match="half: not finished, 1 of 2 epochs"):
        make_learner(tmp_path, recipe, Prepared.open(prepared, recipe), CPU)


def test_a_teacher_of_other_findings_is_refused(
    prepared: Path, finished: Path, tmp_path: Path
) -> None:
    run = of_other_findings(finished, tmp_path)
    recipe = tiny_recipe(f"network.distil_from=['{run}']")

    with pytest.raises(RunError, match="other knows lung, bone; expected square, stripe"):
        make_learner(tmp_path, recipe, Prepared.open(prepared, recipe), CPU)


def test_teachers_are_recorded_and_fixed(prepared: Path, finished: Path, tmp_path: Path) -> None:
    recipe = tiny_recipe(f"network.distil_from=['{finished}']")
    opened = Prepared.open(prepared, recipe)

    record = begin(tmp_path, recipe, opened, CPU, 1)
    (teacher,) = make_learner(tmp_path, recipe, opened, CPU).target.teachers

    assert "teachers' share 0.5" in record.loss.words
    assert record.teachers[0].startswith("first (")
    assert not teacher.training
    assert not any(weight.requires_grad for weight in teacher.parameters())


@pytest.fixture
def standardised(prepared: Path, tmp_path: Path) -> Path:
    """A run of films standardised pixel by pixel."""
    recipe = tiny_recipe("network.normalise=pixel", "optim.epochs=1")
    return train(recipe, prepared, tmp_path / "standardised", threads=1)


def test_training_films_get_mean_0_and_deviation_1_in_every_pixel(
    prepared: Path, standardised: Path
) -> None:
    """S3-08, S3-10: in the network, by the statistics of the training films alone."""
    films = Prepared.open(prepared, tiny_recipe()).train
    batch = films.take(np.arange(len(films))).films

    standard = load_classifier(standardised).normalise(batch)

    varied = batch.std(dim=0) > 0
    torch.testing.assert_close(standard.mean(dim=0), torch.zeros(1, 32, 32), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        standard.std(dim=0)[varied], torch.ones(int(varied.sum())), atol=1e-4, rtol=0
    )


def test_statistics_of_pixels_go_with_the_weights_of_a_run(
    standardised: Path, prepared: Path
) -> None:
    first = load_weights(standardised)["normalise.mean"]
    settings = (f"network.init='{standardised}'", "network.normalise=pixel")

    same = new_learner(tiny_recipe(*settings), Prepared.open(prepared, tiny_recipe()), CPU)
    without = new_learner(tiny_recipe(settings[0]), Prepared.open(prepared, tiny_recipe()), CPU)

    assert torch.equal(same.network.state_dict()["normalise.mean"], first)
    assert "normalise.mean" not in without.network.state_dict()


def test_s0_24_the_first_batch_s_statistics_are_stored_with_the_network(
    prepared: Path, tmp_path: Path
) -> None:
    """S0-24: its films have mean 0 and deviation 1, for whoever loads the run's weights."""
    recipe = tiny_recipe("network.normalise=batch", "optim.epochs=1", "optim.batch_size=16")
    run = train(recipe, prepared, tmp_path / "run", threads=1)
    films = Prepared.open(prepared, recipe).train
    first = films.take(batch_positions(epoch_order(len(films), recipe.optim.seed, 0), 0, 16)).films

    standard = load_classifier(run).normalise(first)

    assert standard.mean().item() == pytest.approx(0, abs=1e-5)
    assert standard.std().item() == pytest.approx(1, abs=1e-4)


def test_a_finding_of_one_kind_is_a_caution_of_the_run(copy: Path, tmp_path: Path) -> None:
    manifest = Manifest.load(copy)
    shown = [
        replace(each, labels=np.array([1, each.labels[1]], np.float32)) for each in manifest.samples
    ]
    replace(manifest, samples=tuple(shown)).save(copy)

    record = begin(tmp_path / "run", tiny_recipe(), Prepared.open(copy, tiny_recipe()), CPU, 1)

    (words,) = record.cautions
    assert words.startswith("square is present on all of the 40 training films it is known of")
