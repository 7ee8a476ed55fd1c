import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.findings import LabelSet
from plainfilm.training.batches import Batch, Films, films_of
from plainfilm.training.losses import ASYMMETRIC, FOCAL, Focus
from plainfilm.training.objective import check_objective, loss_used, make_target
from tiny_training import LABEL_SET, tiny_recipe

CPU = torch.device("cpu")
NAMES = LABEL_SET.names
EXCLUSIVE = LabelSet(LABEL_SET.findings, exclusive=True)


@pytest.fixture
def films(prepared: Path) -> Films:
    """Square on 20 of 40 films, stripe on 16 of the 32 that are known."""
    return films_of(Manifest.load(prepared), Cache.open(prepared), "train")


def skewed(films: Films) -> Films:
    """Square on one film in four."""
    labels = films.labels.copy()
    labels[:, 0] = np.arange(len(films)) % 4 == 0
    return replace(films, labels=labels)


def test_the_loss_uses_the_weights_by_hand(films: Films) -> None:
    """S0-38, S3-14: an undecided network's loss is log 2 times the weight of the label."""
    log_2 = math.log(2)
    zero, one = Batch(torch.zeros(1), torch.zeros(1, 2)), Batch(torch.zeros(1), torch.ones(1, 2))

    def losses(scheme: str) -> tuple[float, float]:
        recipe = tiny_recipe(f"loss.pos_weight={scheme}", "loss.label_smoothing=0")
        target = make_target(recipe, skewed(films), NAMES, CPU)
        logits = torch.zeros(1, 2)
        return float(target.loss(logits, one)) / log_2, float(target.loss(logits, zero)) / log_2

    # Square: 10 with, 30 without; stripe: 16 and 16. The mean of the two.
    assert losses("none") == pytest.approx((1, 1))
    assert losses("balanced") == pytest.approx(((3 + 1) / 2, 1))
    assert losses("inverse") == pytest.approx(((40 / 20 + 32 / 32) / 2, 1))
    assert losses("two-sided") == pytest.approx(((2 + 1) / 2, (2 / 3 + 1) / 2))
    assert losses("mura") == pytest.approx(((4 + 2) / 2, (4 / 3 + 2) / 2))


def test_what_is_used_is_recorded(films: Films) -> None:
    recipe = tiny_recipe("loss.pos_weight=mura", "loss.weight_b=10", "loss.name=asymmetric")

    used = loss_used(recipe, skewed(films), NAMES)

    assert used.words == (
        "asymmetric loss (gamma 1 for the present, 4 for the absent, clip 0.05) over known labels, "
        'label smoothing 0.1, class weights "mura" (1 + (N + b)/P for the present, 1 + P/N for the '
        "absent, b = 10)"
    )
    assert used.pos_weight == (5.0, 2.625)
    assert used.neg_weight == pytest.approx((4 / 3, 2.0))
    assert (used.present, used.absent, used.unknown) == ((10, 16), (30, 16), (0, 8))


def test_weights_of_the_present_alone_are_recorded_alone(films: Films) -> None:
    used = loss_used(tiny_recipe("loss.pos_weight=balanced"), skewed(films), NAMES)

    assert used.words.endswith('class weights "balanced" (N/P for the present)')
    assert (used.pos_weight, used.neg_weight) == ((3.0, 1.0), ())


@pytest.mark.parametrize(
    ("settings", "focus", "words"),
    [
        ([], None, "binary cross-entropy over"),
        (["loss.name=focal"], FOCAL, "focal loss (gamma 2) over"),
        (
            ["loss.name=focal", "loss.focus=[0.5, 0.5, 0]"],
            Focus(0.5, 0.5),
            "focal loss (gamma 0.5)",
        ),
        (["loss.name=asymmetric"], ASYMMETRIC, "asymmetric loss (gamma 1 for the present, 4 "),
        (["loss.name=asymmetric", "loss.focus=[0, 2, 0.1]"], Focus(0, 2, 0.1), "clip 0.1) over"),
        (["loss.name=cross-entropy"], None, "cross-entropy over known labels of findings that"),
    ],
)
def test_a_loss_by_name(films: Films, settings: list[str], focus: Focus | None, words: str) -> None:
    recipe = tiny_recipe(*settings)

    assert make_target(recipe, films, NAMES, CPU).focus == focus
    assert words in loss_used(recipe, films, NAMES).words


def test_side_targets_count_less_and_are_not_balanced(prepared: Path) -> None:
    manifest = Manifest.load(prepared)
    films = films_of(manifest, Cache.open(prepared), "train", ("view", "normal"))
    recipe = tiny_recipe("data.side_targets=['view', 'normal']", "loss.pos_weight=mura")

    target = make_target(recipe, skewed(films), NAMES, CPU)

    assert target.pos_weight is not None
    assert target.neg_weight is not None
    assert target.column_weight is not None
    assert target.pos_weight.tolist() == [4.0, 2.0, 1.0, 1.0]
    assert target.neg_weight.tolist() == pytest.approx([4 / 3, 2.0, 1.0, 1.0])
    assert target.column_weight.tolist() == pytest.approx([1.0, 1.0, 0.3, 0.3])


def test_cross_entropy_needs_findings_that_exclude_each_other(films: Films) -> None:
    recipe = tiny_recipe("loss.name=cross-entropy")
    with pytest.raises(RunError, match="that exclude each other; these do not"):
        check_objective(recipe, films, LABEL_SET)
    with pytest.raises(RunError, match="16 training films have not exactly one finding"):
        check_objective(recipe, films, EXCLUSIVE)


def test_cross_entropy_weighs_classes_by_their_inverse_frequency(films: Films) -> None:
    """S0-33 and S0-35 together: n/(K n_k) of the training films, and the mean over weights."""
    labels = np.zeros((40, 2), np.float32)
    labels[:10, 0], labels[10:, 1] = 1, 1
    settings = ["loss.name=cross-entropy", "loss.pos_weight=inverse", "loss.label_smoothing=0"]
    target = make_target(tiny_recipe(*settings), replace(films, labels=labels), NAMES, CPU)
    assert target.pos_weight is not None
    assert target.pos_weight.tolist() == pytest.approx([2.0, 2 / 3])

    batch = Batch(torch.zeros(2), torch.eye(2))
    loss = target.loss(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), batch)

    right, wrong = math.log(1 + math.exp(-1)), math.log(1 + math.exp(1))
    assert float(loss) == pytest.approx((2 * right + 2 / 3 * wrong) / (2 + 2 / 3))


def test_films_of_which_nothing_is_known_are_refused(films: Films) -> None:
    unknown = replace(films, labels=np.full_like(films.labels, np.nan))

    with pytest.raises(RunError, match=r"none of the 40 training films has a known label; expect"):
        loss_used(tiny_recipe(), unknown, NAMES)
    assert loss_used(tiny_recipe("data.side_targets=['sex']"), unknown, NAMES).unknown == (40, 40)
