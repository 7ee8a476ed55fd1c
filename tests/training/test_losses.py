import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from plainfilm.training.losses import (
    ASYMMETRIC,
    FOCAL,
    Focus,
    distilled,
    masked_bce,
    smoothed,
    weighted_cross_entropy,
)

NAN = math.nan


def draws(seed: int, shape: tuple[int, int] = (6, 3)) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(shape, generator=chance)
    labels = torch.randint(0, 2, shape, generator=chance).float()
    return logits.requires_grad_(), labels


@given(
    seed=st.integers(0, 1000),
    weighted=st.booleans(),
    focus=st.sampled_from([None, FOCAL, ASYMMETRIC]),
)
def test_unknown_labels_change_neither_loss_nor_gradient(
    seed: int, weighted: bool, focus: Focus | None
) -> None:
    logits, labels = draws(seed)
    weights = torch.tensor([0.5, 2.0, 3.0]) if weighted else None
    how = {"pos_weight": weights, "neg_weight": weights, "focus": focus}
    alone = masked_bce(logits[:4], labels[:4], **how)
    (gradient,) = torch.autograd.grad(alone, logits)

    labels[4:] = NAN
    loss = masked_bce(logits, labels, **how)
    (with_unknown,) = torch.autograd.grad(loss, logits)

    torch.testing.assert_close(loss, alone)
    torch.testing.assert_close(with_unknown, gradient)
    assert (with_unknown[4:] == 0).all()


@given(seed=st.integers(0, 1000))
def test_with_all_labels_known_it_is_torchs_loss(seed: int) -> None:
    logits, labels = draws(seed)

    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)

    torch.testing.assert_close(masked_bce(logits, labels), expected)


def test_the_loss_of_an_undecided_network_is_log_2() -> None:
    loss = masked_bce(torch.zeros(2, 2), torch.tensor([[0.0, 1.0], [NAN, 1.0]]))

    assert float(loss) == pytest.approx(math.log(2))


def test_no_known_label_gives_no_loss_and_no_gradient() -> None:
    logits = torch.ones(2, 2, requires_grad=True)

    loss = masked_bce(logits, torch.full((2, 2), NAN))
    loss.backward()

    assert loss == 0
    assert (logits.grad == 0).all()


def test_a_positive_weight_weighs_the_present_only() -> None:
    logits, weight = torch.zeros(2, 1), torch.tensor([3.0])

    present = masked_bce(logits[:1], torch.ones(1, 1), pos_weight=weight)
    absent = masked_bce(logits[:1], torch.zeros(1, 1), pos_weight=weight)

    assert float(present) == pytest.approx(3 * math.log(2))
    assert float(absent) == pytest.approx(math.log(2))


def test_smoothing_moves_labels_towards_a_half_and_leaves_the_unknown() -> None:
    labels = smoothed(torch.tensor([0.0, 1.0, NAN]), 0.1)

    assert labels[:2].tolist() == pytest.approx([0.05, 0.95])
    assert labels[2].isnan()


def test_teachers_are_blended_with_labels_and_fill_in_the_unknown() -> None:
    targets = distilled(torch.tensor([1.0, 0.0, NAN]), torch.tensor([0.6, 0.2, 0.3]), 0.5)

    assert targets.tolist() == pytest.approx([0.8, 0.1, 0.3])


def test_a_teachers_share_of_0_leaves_known_labels() -> None:
    labels = torch.tensor([1.0, 0.0])

    assert torch.equal(distilled(labels, torch.tensor([0.3, 0.3]), 0.0), labels)


def test_a_column_of_weight_0_counts_for_nothing() -> None:
    logits, labels = draws(3)
    only_first = masked_bce(logits[:, :1], labels[:, :1])

    loss = masked_bce(logits, labels, weight=torch.tensor([2.0, 0.0, 0.0]))

    torch.testing.assert_close(loss, only_first)


def test_columns_count_by_their_weight() -> None:
    labels = torch.tensor([[1.0, 0.0]])
    logits = torch.tensor([[0.0, 2.0]])
    first, second = (masked_bce(logits[:, [k]], labels[:, [k]]) for k in (0, 1))

    loss = masked_bce(logits, labels, weight=torch.tensor([1.0, 0.25]))

    torch.testing.assert_close(loss, (first + 0.25 * second) / 1.25)


def test_a_target_that_counts_twice_is_a_target_there_twice() -> None:
    logits, targets = torch.randn(3, 2), torch.tensor([[1.0, 0.0], [0.0, NAN], [1.0, 1.0]])
    counted = masked_bce(logits, targets, weight=torch.tensor([[2.0, 2.0], [1, 1], [1, 1]]))

    repeated = masked_bce(logits[[0, 0, 1, 2]], targets[[0, 0, 1, 2]])

    torch.testing.assert_close(counted, repeated)


def test_where_the_teachers_say_nothing_the_label_stands() -> None:
    taught = distilled(torch.tensor([1.0, 1.0, NAN]), torch.tensor([0.5, NAN, NAN]), 0.5)

    torch.testing.assert_close(taught, torch.tensor([0.75, 1.0, NAN]), equal_nan=True)


def test_the_weighted_loss_by_hand() -> None:
    """S0-37: 3 log(1 + e^-0.5) and log(1 + e^-1), their mean."""
    loss = masked_bce(
        torch.tensor([[0.5, -1.0]]), torch.tensor([[1.0, 0.0]]), pos_weight=torch.tensor([3.0, 2.0])
    )

    assert float(loss) == pytest.approx(0.867746, abs=1e-6)


@pytest.mark.parametrize("focus", [None, Focus(), Focus(0.5, 0.5, 0.05)])
def test_the_loss_of_huge_logits_is_exact_and_finite(focus: Focus | None) -> None:
    """S0-37, S1-02: by way of a sigmoid the loss is infinite, or cut off at 100 by torch."""
    logits = torch.tensor([[1000.0, -1000.0]], requires_grad=True)

    right = masked_bce(logits, torch.tensor([[1.0, 0.0]]), focus=focus)
    wrong = masked_bce(logits[:, 1:], torch.ones(1, 1), focus=focus)
    (right + wrong).backward()

    assert right.item() == 0
    assert wrong.item() == 1000
    assert torch.isfinite(logits.grad).all()
    sure = torch.tensor([[200.0]])
    assert float(masked_bce(sure, torch.zeros(1, 1))) == 200
    assert float(-torch.log(1 - sure.sigmoid())) == math.inf
    assert float(torch.nn.functional.binary_cross_entropy(sure.sigmoid(), torch.zeros(1, 1))) == 100


def test_a_heavier_present_finding_raises_recall_at_a_half() -> None:
    """S0-37: one film in four has it; alone it is never called, at weight 4 always."""
    labels = torch.tensor([[1.0], [0.0], [0.0], [0.0]])

    def best(weight: float) -> float:
        logit = torch.zeros(1, requires_grad=True)
        for _ in range(200):
            loss = masked_bce(logit.expand(4, 1), labels, pos_weight=torch.tensor([weight]))
            (slope,) = torch.autograd.grad(loss, logit)
            with torch.no_grad():
                logit -= slope
        return logit.sigmoid().item()

    assert best(1.0) == pytest.approx(1 / 4, abs=1e-3)
    assert best(4.0) == pytest.approx(4 / 7, abs=1e-3)


@given(seed=st.integers(0, 1000))
def test_without_gamma_and_clip_focal_loss_is_binary_cross_entropy(seed: int) -> None:
    logits, labels = draws(seed)
    labels[0, 0] = NAN
    weight = torch.tensor([0.5, 2.0, 3.0])

    focused = masked_bce(logits, labels, pos_weight=weight, focus=Focus())

    torch.testing.assert_close(focused, masked_bce(logits, labels, pos_weight=weight))


def test_focal_loss_by_hand() -> None:
    """Lin et al., equation 4, γ = 2: p = 0.622459, so 0.377541² × 0.474077; absent likewise."""
    logits = torch.tensor([[0.5]])

    present = masked_bce(logits, torch.ones(1, 1), focus=FOCAL)
    absent = masked_bce(-logits, torch.zeros(1, 1), focus=FOCAL)

    assert float(present) == pytest.approx(0.0675737, abs=1e-6)
    assert float(absent) == pytest.approx(0.0675737, abs=1e-6)


def test_asymmetric_loss_by_hand() -> None:
    """Ridnik et al., equation 7, γ 1 and 4, m = 0.05: present 0.4 × 0.510826; absent 0.55^4 × …"""
    logits = torch.tensor([[math.log(0.6 / 0.4)]])

    present = masked_bce(logits, torch.ones(1, 1), focus=ASYMMETRIC)
    absent = masked_bce(logits, torch.zeros(1, 1), focus=ASYMMETRIC)

    assert float(present) == pytest.approx(0.4 * -math.log(0.6), abs=1e-6)
    assert float(absent) == pytest.approx(0.55**4 * -math.log(0.45), abs=1e-6)


@given(logit=st.floats(-30, math.log(0.04 / 0.96)))
def test_an_absent_finding_below_the_clip_counts_for_nothing(logit: float) -> None:
    logits = torch.tensor([[logit]], requires_grad=True)

    loss = masked_bce(logits, torch.zeros(1, 1), focus=ASYMMETRIC)
    loss.backward()

    assert loss.item() == 0
    assert logits.grad.item() == 0


@given(seed=st.integers(0, 1000), gamma=st.floats(0.1, 5))
def test_a_focus_only_lowers_the_loss_and_most_where_it_is_easy(seed: int, gamma: float) -> None:
    logits, labels = draws(seed)
    each = [
        [masked_bce(logits[i : i + 1], labels[i : i + 1], focus=focus).item() for i in range(6)]
        for focus in (None, Focus(gamma, gamma))
    ]

    assert all(after <= before for before, after in zip(*each, strict=True))


def test_an_absent_weight_weighs_the_absent_only() -> None:
    logits, weight = torch.zeros(2, 1), torch.tensor([3.0])

    present = masked_bce(logits[:1], torch.ones(1, 1), neg_weight=weight)
    absent = masked_bce(logits[:1], torch.zeros(1, 1), neg_weight=weight)

    assert float(present) == pytest.approx(math.log(2))
    assert float(absent) == pytest.approx(3 * math.log(2))


CE_LOGITS = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
CE_LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
CE_WEIGHT = torch.tensor([0.5570635, 4.8810826])


def test_weighted_cross_entropy_by_hand() -> None:
    """S0-35: the mean divides by the sum of the weights, 10.319229, not by 3."""

    def loss(reduction: str) -> Tensor:
        return weighted_cross_entropy(
            CE_LOGITS, CE_LABELS, class_weight=CE_WEIGHT, reduction=reduction
        )

    assert loss("none").tolist() == pytest.approx([0.070707, 1.529055, 3.383309], abs=1e-6)
    assert float(loss("sum")) == pytest.approx(4.983071, abs=1e-5)
    assert float(loss("mean")) == pytest.approx(0.482892, abs=1e-6)


@given(seed=st.integers(0, 1000))
def test_cross_entropy_is_torchs_on_logits(seed: int) -> None:
    """S0-36: of log-softmax, whose exponentials add up to 1."""
    logits = draws(seed)[0]
    classes = torch.arange(6) % 3
    labels = torch.nn.functional.one_hot(classes, 3).float()
    weight = torch.tensor([0.5, 2.0, 3.0])

    ours = weighted_cross_entropy(logits, labels, class_weight=weight)

    theirs = torch.nn.functional.cross_entropy(logits, classes, weight=weight)
    torch.testing.assert_close(ours, theirs)


def test_a_film_with_an_unknown_label_changes_no_cross_entropy() -> None:
    logits = torch.cat([CE_LOGITS, torch.tensor([[9.0, -9.0]])]).requires_grad_()
    labels = torch.cat([CE_LABELS, torch.tensor([[NAN, 1.0]])])

    loss = weighted_cross_entropy(logits, labels, class_weight=CE_WEIGHT)
    loss.backward()

    assert loss.item() == pytest.approx(0.482892, abs=1e-6)
    assert (logits.grad[3] == 0).all()
    assert weighted_cross_entropy(logits[3:], labels[3:]).item() == 0


def test_smoothing_among_several_classes_still_adds_up_to_1() -> None:
    labels = smoothed(torch.tensor([1.0, 0.0, 0.0, 0.0]), 0.2, n_classes=4)

    assert labels.tolist() == pytest.approx([0.85, 0.05, 0.05, 0.05])


def test_a_label_and_its_one_hot_twin_teach_the_same() -> None:
    """S2-24: 0 or 1, and [1, 0] or [0, 1] = present, whose logits differ by the first's logit."""
    z, labels = torch.tensor([[1.5], [-0.3], [2.0]]), torch.tensor([[1.0], [0.0], [0.0]])

    single = masked_bce(z, labels)
    twin = weighted_cross_entropy(
        torch.cat([torch.zeros_like(z), z], dim=1), torch.cat([1 - labels, labels], dim=1)
    )

    torch.testing.assert_close(single, twin)
