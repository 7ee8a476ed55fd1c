import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.errors import RecipeError
from plainfilm.networks import build
from plainfilm.training.batches import Batch
from plainfilm.training.checkpoint import load_classifier
from plainfilm.training.learner import Learner, Target, build_network, make_optimiser
from plainfilm.training.losses import ASYMMETRIC
from plainfilm.training.prepared import Prepared
from plainfilm.training.schedule import Pace
from tiny_training import tiny_recipe

PACE = Pace(lr=1e-3, momentum=0.9)
CPU = torch.device("cpu")


def batch(seed: int = 0) -> Batch:
    chance = torch.Generator().manual_seed(seed)
    films = torch.rand(6, 1, 32, 32, generator=chance)
    return Batch(films, torch.randint(0, 2, (6, 2), generator=chance).float())


def learner(*settings: str, target: Target | None = None) -> Learner:
    torch.manual_seed(0)
    recipe = tiny_recipe(*settings)
    network = build("film-net", 2, dropout=recipe.network.dropout)
    return Learner(recipe, network, target or Target(), CPU)


def weights(network: torch.nn.Module) -> list[torch.Tensor]:
    return [value.clone() for value in network.state_dict().values()]


def test_the_same_step_from_the_same_state_gives_the_same_weights() -> None:
    first, second = learner("network.dropout=0.3"), learner("network.dropout=0.3")

    first.learn(batch(), PACE, step=3)
    torch.rand(7)  # what others draw in between does not matter
    second.learn(batch(), PACE, step=3)

    pairs = zip(weights(first.network), weights(second.network), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_another_step_number_draws_other_changes() -> None:
    assert learner().learn(batch(), PACE, step=0) != learner().learn(batch(), PACE, step=1)


def test_films_without_any_known_label_move_nothing_but_decay_and_batch_statistics() -> None:
    one = learner("optim.weight_decay=0")
    unknown = replace(batch(), labels=torch.full((6, 2), math.nan))
    before = [weight.detach().clone() for weight in one.network.parameters()]

    assert one.learn(unknown, PACE, step=0) == 0.0

    after = one.network.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_loss_that_is_not_finite_leaves_the_weights() -> None:
    one = learner()
    with torch.no_grad():
        one.network.head_weight.fill_(math.nan)
    before = [weight.detach().clone() for weight in one.network.features.parameters()]

    assert math.isnan(one.learn(batch(), PACE, step=0))

    after = one.network.features.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("second", [0.99, 0.999])
def test_the_optimiser_gets_the_pace(second: float) -> None:
    """S0-39, S2-42: Adam's betas are the schedule's momentum and the recipe's second."""
    one = learner(f"optim.second_beta={second}")

    one.learn(batch(), Pace(lr=0.123, momentum=0.87), step=0)

    for group in one.optimiser.param_groups:
        assert (group["lr"], group["betas"]) == (0.123, (0.87, second))


def test_without_decay_the_average_is_the_network() -> None:
    one = learner("optim.ema_decay=0")

    one.learn(batch(), PACE, step=50)

    pairs = zip(weights(one.network), weights(one.average), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_average_moves_by_one_less_the_decay() -> None:
    one = learner("optim.ema_decay=0.75")
    before = one.average.head_weight.clone()

    one.learn(batch(), PACE, step=1000)

    expected = 0.75 * before + 0.25 * one.network.head_weight
    torch.testing.assert_close(one.average.head_weight, expected.detach())


def test_a_young_average_follows_faster() -> None:
    one = learner("optim.ema_decay=0.999")
    before = one.average.head_weight.clone()

    one.learn(batch(), PACE, step=0)

    expected = 0.1 * before + 0.9 * one.network.head_weight
    torch.testing.assert_close(one.average.head_weight, expected.detach())


def test_clipping_bounds_the_gradient() -> None:
    one = learner("optim.clip_norm=0.001")

    one.learn(batch(), PACE, step=0)

    grads = [weight.grad for weight in one.network.parameters() if weight.grad is not None]
    assert float(torch.cat([grad.flatten() for grad in grads]).norm()) <= 0.00101


def test_teachers_alone_can_teach() -> None:
    torch.manual_seed(9)
    teacher = build("film-net", 2).eval()
    unknown = replace(batch(), labels=torch.full((6, 2), math.nan))

    targets = Target(teachers=(teacher, teacher)).of(unknown)

    torch.testing.assert_close(targets, teacher(batch().films).sigmoid().detach())


def test_bfloat16_is_used_where_asked_for_and_the_loss_stays_float32() -> None:
    plain, quick = learner(), learner("optim.precision=bfloat16")

    losses = [one.learn(batch(), PACE, step=0) for one in (plain, quick)]

    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], abs=0.02)
    assert quick.judge(batch().films).dtype == torch.float32


def test_weight_decay_is_decoupled_from_the_gradient() -> None:
    """S0-49: without any gradient a step multiplies weights by 1 - lr x decay, biases by 1."""
    network = build("film-net", 2)
    optimiser = make_optimiser(network, tiny_recipe("optim.weight_decay=0.1", "optim.lr=0.5").optim)
    before = [weight.detach().clone() for weight in network.parameters()]
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)

    optimiser.step()

    for weight, old in zip(network.parameters(), before, strict=True):
        factor = 1 - 0.5 * 0.1 if weight.ndim > 1 else 1.0
        torch.testing.assert_close(weight.detach(), old * factor)


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW")])
def test_biases_and_norms_get_no_weight_decay(name: str, kind: str) -> None:
    network = build("film-net", 2)

    optimiser = make_optimiser(network, tiny_recipe(f"optim.name={name}").optim)

    assert type(optimiser).__name__ == kind
    matrices, vectors = optimiser.param_groups
    assert matrices["weight_decay"] == 0.01
    assert vectors["weight_decay"] == 0.0
    assert all(weight.ndim > 1 for weight in matrices["params"])
    assert all(weight.ndim == 1 for weight in vectors["params"])
    n_weights = len(list(network.parameters()))
    assert len(matrices["params"]) + len(vectors["params"]) == n_weights


def test_opinions_of_a_table_and_of_teachers_count_alike() -> None:
    opinion = torch.full((6, 2), 0.8)
    half = Target(distil_share=0.5)

    targets = half.of(replace(batch(), opinions=opinion))

    torch.testing.assert_close(targets, 0.5 * batch().labels + 0.4)
    torch.testing.assert_close(
        half.of(replace(batch(), opinions=opinion * math.nan)), half.of(batch())
    )


def test_a_film_that_weighs_nothing_teaches_nothing() -> None:
    one, two = (learner("optim.weight_decay=0") for _ in range(2))
    weights_of_none = torch.zeros(6, 2)
    before = [weight.detach().clone() for weight in one.network.parameters()]

    loss = one.learn(replace(batch(), weights=weights_of_none), PACE, step=0)
    full = two.learn(replace(batch(), weights=weights_of_none + 1), PACE, step=0)

    assert loss == 0.0 < full
    assert all(torch.equal(a, b) for a, b in zip(before, one.network.parameters(), strict=True))


def test_where_a_table_is_silent_the_teachers_alone_are_asked() -> None:
    teacher = learner().network.eval()
    both = Target(distil_share=0.5, teachers=(teacher,))

    silent = both.of(replace(batch(), opinions=torch.full((6, 2), math.nan)))

    torch.testing.assert_close(silent, both.of(batch()))


@pytest.mark.parametrize("ema", [0, 0.75])
def test_a_frozen_body_stays_bit_for_bit_with_its_statistics(ema: float) -> None:
    """S0-43: BatchNorm's running statistics too; only the head changes."""
    one = learner("network.init=x", "network.frozen_before=head", f"optim.ema_decay={ema}")
    before = {key: value.clone() for key, value in one.network.state_dict().items()}

    for step in range(3):
        one.learn(batch(step), PACE, step)

    for network in (one.network, one.average):
        changed = {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
        assert changed == {"classifier.weight", "classifier.bias"}


def test_what_comes_after_a_frozen_part_learns_with_its_statistics() -> None:
    one = learner("network.init=x", "network.frozen_before=blocks.3")
    before = {key: value.clone() for key, value in one.network.state_dict().items()}

    one.learn(batch(), PACE, 0)

    changed = {k for k, v in one.network.state_dict().items() if not torch.equal(v, before[k])}
    assert {key.split(".")[0] for key in changed} == {"features", "classifier"}
    assert all(key.startswith(("features.blocks.3", "classifier")) for key in changed)
    assert "features.blocks.3.norm.running_mean" in changed


@pytest.mark.parametrize(
    ("settings", "target"),
    [
        ((), Target(smoothing=0.1, pos_weight=torch.tensor([3.0, 0.5]))),
        (("optim.clip_norm=0.01",), Target(focus=ASYMMETRIC)),
        ((), Target(exclusive=True)),
    ],
)
def test_s3_28_parts_of_a_batch_are_learnt_as_the_whole(
    settings: tuple[str, ...], target: Target
) -> None:
    """S3-28, S3-37: to 1e-6 without BatchNorm; unknown labels lie unevenly in the parts."""
    films, labels = batch().films, batch().labels
    labels[1] = labels[2, 0] = math.nan
    if target.exclusive:
        labels[:, 1] = 1 - labels[:, 0]

    ones = []
    for micro in (0, 2, 3):
        torch.manual_seed(0)
        recipe = tiny_recipe("optim.batch_size=6", f"optim.micro_batch={micro}", *settings)
        network = build("conv2", 2, size=32)
        for part in network.modules():
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        one = Learner(recipe, network, target, CPU)
        losses = [one.learn(Batch(films, labels), Pace(1e-4, 0.9), step) for step in range(2)]
        ones.append((losses, torch.cat([w.flatten() for w in one.network.parameters()])))

    for losses, end in ones[1:]:
        assert losses == pytest.approx(ones[0][0], abs=1e-6)
        torch.testing.assert_close(end, ones[0][1], atol=1e-6, rtol=0)


def test_parts_are_learnt_as_the_whole_where_statistics_are_frozen() -> None:
    """S3-28: with a frozen body BatchNorm is no exception; teachers are asked of the batch."""
    torch.manual_seed(9)
    target = Target(teachers=(build("film-net", 2).eval(),))
    frozen = ("network.init=x", "network.frozen_before=head", "optim.batch_size=6")
    whole = learner(*frozen, target=target)
    parts = learner(*frozen, "optim.micro_batch=2", target=target)

    losses = [one.learn(batch(), PACE, step=0) for one in (whole, parts)]

    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    torch.testing.assert_close(
        parts.network.head_weight, whole.network.head_weight, atol=1e-6, rtol=0
    )


@pytest.mark.parametrize(
    "settings", [(), ("optim.precision=bfloat16",), ("optim.batch_size=6", "optim.micro_batch=3")]
)
def test_s3_28_maps_computed_again_teach_the_same(settings: tuple[str, ...]) -> None:
    """S3-28: losses, weights and running statistics after three steps; dropout and average too."""
    settings = ("network.dropout=0.3", "optim.ema_decay=0.9", *settings)
    ones = [learner(*settings, *more) for more in ((), ("optim.recompute=true",))]

    losses = [[one.learn(batch(step), PACE, step) for step in range(3)] for one in ones]

    assert losses[1] == pytest.approx(losses[0], abs=1e-6)
    for part in ("network", "average"):
        plain, again = (vars(one)[part].state_dict() for one in ones)
        torch.testing.assert_close(again, plain, atol=1e-6, rtol=0)
    counted = ones[1].network.state_dict()["features.stem.1.num_batches_tracked"]
    assert counted == (6 if "optim.micro_batch=3" in settings else 3)


def test_a_network_without_maps_has_nothing_to_compute_again() -> None:
    recipe = tiny_recipe("network.name=dense-net", "optim.recompute=true")

    with pytest.raises(RecipeError, match=r"optim\.recompute: dense-net has no convolutions"):
        build_network(recipe, 2)


def test_films_to_validate_on_are_never_changed() -> None:
    """S0-27: judged twice, the same bits; learnt from twice, other pixels."""
    one = learner()

    assert torch.equal(one.judge(batch().films), one.judge(batch().films))
    first, second = (one._changed(batch(), step).films for step in (0, 1))
    assert not torch.equal(first, second)


def test_mixed_precision_judges_as_float32_does(finished: Path, prepared: Path) -> None:
    """S0-50: the same class for 99 % of the films, no probability 0.02 apart."""
    films = Prepared.open(prepared, tiny_recipe()).train
    whole = films.take(np.arange(len(films))).films
    logits = []
    for precision in ("float32", "bfloat16"):
        recipe = tiny_recipe(f"optim.precision={precision}")
        logits.append(Learner(recipe, load_classifier(finished), Target(), CPU).judge(whole))

    assert float(((logits[0] > 0) == (logits[1] > 0)).float().mean()) >= 0.99
    assert float((logits[0].sigmoid() - logits[1].sigmoid()).abs().max()) < 0.02
