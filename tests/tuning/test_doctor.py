"""Recipes and films that are broken on purpose, and what the checklist says of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.training.loop import train
from plainfilm.training.prepared import Prepared
from plainfilm.training.start import new_learner
from plainfilm.tuning.doctor import (
    Check,
    Diagnosis,
    check_collapse,
    check_decline,
    check_labels,
    check_numbers,
    check_overfit,
    check_plateau,
    check_shapes,
    check_waiting,
    examine,
    json_of,
    text_of,
)
from plainfilm.tuning.rehearsal import Overfit, Watch
from tiny_training import tiny_recipe, write_prepared

NAMES = ("square", "stripe")
FELL = tuple(np.linspace(0.7, 0.01, 40))
STOOD = (0.69,) * 40


def failed(diagnosis: Diagnosis) -> set[str]:
    return {check.name for check in diagnosis.checks if not check.holds}


def learnt(losses: Sequence[float], loss: float, logits: object, labels: object) -> Overfit:
    said, truth = torch.tensor(logits, dtype=torch.float), torch.tensor(labels, dtype=torch.float)
    return Overfit(tuple(losses), loss, said, truth)


# --- whole recipes


@pytest.fixture(scope="module")
def healthy(prepared: Path) -> Diagnosis:
    return examine(tiny_recipe(), prepared, threads=1)


def test_a_sound_recipe_holds(healthy: Diagnosis) -> None:
    assert failed(healthy) <= {"waiting"}  # a busy disk is not the recipe's fault
    assert [check.name for check in healthy.checks] == [
        "labels", "shapes", "overfit", "plateau", "collapse", "numbers", "decline", "waiting",
    ]  # fmt: skip


def test_labels_that_are_all_the_same_fail(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "constant", n_train=16, n_val=4)
    manifest = Manifest.load(folder)
    samples = [sample.with_labels(np.float32([1, 0])) for sample in manifest.samples]
    replace(manifest, samples=tuple(samples)).save(folder)
    diagnosis = examine(tiny_recipe(), folder, threads=1)
    assert "labels" in failed(diagnosis)
    found = next(check for check in diagnosis.checks if check.name == "labels").found
    assert found == "square 16 present, 0 absent; stripe 0 present, 16 absent"


def test_a_rate_far_too_high_fails(prepared: Path) -> None:
    """S2-09, S3-20."""
    diagnosis = examine(tiny_recipe("optim.lr=1000"), prepared, threads=1)
    assert failed(diagnosis) >= {"overfit", "decline"}
    assert not diagnosis.holds
    assert "Lower optim.lr" in text_of(diagnosis)


def test_a_dead_network_fails(prepared: Path, tmp_path: Path) -> None:
    run = train(tiny_recipe("optim.epochs=1"), prepared, tmp_path / "dead", threads=1)
    weights = torch.load(run / "weights.pt", weights_only=True)
    torch.save({name: value * 0 for name, value in weights.items()}, run / "weights.pt")
    diagnosis = examine(tiny_recipe(f"network.init={run}"), prepared, threads=1)
    assert failed(diagnosis) >= {"overfit", "plateau"}


def test_films_of_another_size_are_refused(prepared: Path) -> None:
    with pytest.raises(RunError, match=r"data\.size"):
        examine(tiny_recipe("data.size=64"), prepared)


# --- one by one


def test_a_label_beside_zero_one_and_unknown_fails() -> None:
    labels = np.float32([[1, 0], [0, 1], [0.5, np.nan]])
    check = check_labels(labels, NAMES)
    assert not check.holds
    assert check.found.startswith("1 labels beside 0, 1 and unknown")
    assert check_labels(labels[:2], NAMES).holds


def test_shapes_are_told_with_the_number_of_weights(prepared: Path) -> None:
    """S2-10."""
    films = Prepared.open(prepared, tiny_recipe())
    learner = new_learner(tiny_recipe(), films, torch.device("cpu"))
    check = check_shapes(learner, films.train)
    n_weights = sum(weight.numel() for weight in learner.network.parameters())
    assert check.holds
    assert "films 8 x 1 x 32 x 32 in [0.00, 1.00], scores 8 x 2" in check.found
    assert f"{n_weights:,} weights" in check.found
    assert not check_shapes(learner, replace(films.train, labels=films.train.labels[:, :1])).holds
    blank = replace(films.train, pixels=np.zeros_like(films.train.pixels))
    assert not check_shapes(learner, blank).holds


@pytest.mark.parametrize(
    ("loss", "logits", "holds"),
    [(0.05, [[3.0], [-3.0]], True), (0.05, [[3.0], [3.0]], False), (0.2, [[3.0], [-3.0]], False),
     (float("nan"), [[3.0], [-3.0]], False)],
)  # fmt: skip
def test_learnt_by_heart_is_a_small_loss_and_every_film_right(
    loss: float, logits: object, holds: bool
) -> None:
    """S2-08."""
    assert check_overfit(learnt(FELL, loss, logits, [[1.0], [0.0]])).holds is holds


def test_an_unknown_label_is_neither_right_nor_wrong() -> None:
    assert learnt((), 0.0, [[3.0], [3.0]], [[1.0], [float("nan")]]).share_right == 1


def test_a_loss_that_stands_still_fails_unless_all_is_learnt() -> None:
    assert not check_plateau(learnt(STOOD, 0.69, [[0.0]], [[1.0]])).holds
    assert check_plateau(learnt(FELL, 0.2, [[0.0]], [[1.0]])).holds
    assert check_plateau(learnt((0.01,), 0.01, [[9.0]], [[1.0]])).holds
    assert check_plateau(learnt((), 0.01, [[9.0]], [[1.0]])).holds


def test_one_answer_for_every_film_is_a_collapse() -> None:
    """S3-20: 99 % and more of the films."""
    labels = [[float(i % 2), 1.0] for i in range(200)]
    sick = [[1.0, 1.0]] * 200
    check = check_collapse(learnt((), 0.7, sick, labels), NAMES)
    assert check.found == "square present on every film"  # the second is rightly so
    nearly = [[-1.0, 1.0], [-1.0, 1.0], *sick[2:]]
    assert not check_collapse(learnt((), 0.7, nearly, labels), NAMES).holds
    assert check_collapse(learnt((), 0.7, [[-1.0, 1.0], *nearly[:-1]], labels), NAMES).holds


def test_a_loss_that_is_no_number_fails() -> None:
    """S2-09."""
    assert check_numbers(FELL).holds
    for odd in (float("nan"), float("inf")):
        assert not check_numbers((*FELL, odd)).holds
        assert not check_decline((*FELL, odd)).holds


def test_a_loss_that_rises_fails_even_where_it_rose_at_once() -> None:
    """S2-09."""
    assert check_decline(FELL).holds
    assert check_decline(STOOD).holds
    assert check_decline((1.0,) * 40).found == "loss from 1 to 1 in 40 steps (at most 1.5)"
    assert not check_decline(FELL[::-1]).holds
    assert not check_decline((0.69, *np.linspace(2000, 100, 39))).holds


@pytest.mark.parametrize(("fetching", "holds"), [(0.2, True), (0.3, False)])
def test_the_device_may_wait_a_quarter_of_the_time(fetching: float, holds: bool) -> None:
    """S2-25."""
    check = check_waiting(Watch((), fetching, 1 - fetching))
    assert check.holds is holds
    assert f"{fetching:.0%} of the time" in check.found


def test_what_failed_is_followed_by_what_to_do() -> None:
    checks = (Check("labels", True, "fine", ""), Check("overfit", False, "loss 2", "Do this."))
    diagnosis = Diagnosis("cpu", checks)
    lines = text_of(diagnosis).splitlines()
    assert lines[0] == "device: cpu"
    assert [line.split() for line in lines[1:]] == [
        ["ok", "labels", "fine"], ["failed", "overfit", "loss", "2"], ["->", "Do", "this."],
    ]  # fmt: skip
    assert json_of(diagnosis) == {
        "schema": "plainfilm.doctor/1",
        "holds": False,
        "device": "cpu",
        "checks": (
            {"name": "labels", "holds": True, "found": "fine", "advice": ""},
            {"name": "overfit", "holds": False, "found": "loss 2", "advice": "Do this."},
        ),
    }
