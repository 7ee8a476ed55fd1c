import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from plainfilm.training.losses import balancing_weights, distilled, masked_bce, smoothed

NAN = math.nan


def draws(seed: int, shape: tuple[int, int] = (6, 3)) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(shape, generator=chance)
    labels = torch.randint(0, 2, shape, generator=chance).float()
    return logits.requires_grad_(), labels


@given(seed=st.integers(0, 1000), weighted=st.booleans())
def test_unknown_labels_change_neither_loss_nor_gradient(seed: int, weighted: bool) -> None:
    logits, labels = draws(seed)
    weights = torch.tensor([0.5, 2.0, 3.0]) if weighted else None
    alone = masked_bce(logits[:4], labels[:4], pos_weight=weights)
    (gradient,) = torch.autograd.grad(alone, logits)

    labels[4:] = NAN
    loss = masked_bce(logits, labels, pos_weight=weights)
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


def test_balancing_weights_are_absent_over_present() -> None:
    labels = torch.tensor([[1, 0, 1], [0, 0, NAN], [0, 0, NAN], [0, NAN, 1.0]])

    assert balancing_weights(labels).tolist() == [3.0, 1.0, 1.0]


def test_a_column_of_weight_0_counts_for_nothing() -> None:
    logits, labels = draws(3)
    only_first = masked_bce(logits[:, :1], labels[:, :1])

    loss = masked_bce(logits, labels, column_weight=torch.tensor([2.0, 0.0, 0.0]))

    torch.testing.assert_close(loss, only_first)


def test_columns_count_by_their_weight() -> None:
    labels = torch.tensor([[1.0, 0.0]])
    logits = torch.tensor([[0.0, 2.0]])
    first, second = (masked_bce(logits[:, [k]], labels[:, [k]]) for k in (0, 1))

    loss = masked_bce(logits, labels, column_weight=torch.tensor([1.0, 0.25]))

    torch.testing.assert_close(loss, (first + 0.25 * second) / 1.25)


def test_a_target_that_counts_twice_is_a_target_there_twice() -> None:
    logits, targets = torch.randn(3, 2), torch.tensor([[1.0, 0.0], [0.0, NAN], [1.0, 1.0]])
    counted = masked_bce(logits, targets, film_weight=torch.tensor([[2.0, 2.0], [1, 1], [1, 1]]))

    repeated = masked_bce(logits[[0, 0, 1, 2]], targets[[0, 0, 1, 2]])

    torch.testing.assert_close(counted, repeated)


def test_where_the_teachers_say_nothing_the_label_stands() -> None:
    taught = distilled(torch.tensor([1.0, 1.0, NAN]), torch.tensor([0.5, NAN, NAN]), 0.5)

    torch.testing.assert_close(taught, torch.tensor([0.75, 1.0, NAN]), equal_nan=True)
