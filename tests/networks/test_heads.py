import pytest
import torch
from torch import Tensor, nn

from plainfilm.networks.heads import (
    AVERAGE,
    MLP,
    HeadPlan,
    Pool,
    logit_gradients,
    make_layers,
)

PLANS = [
    AVERAGE,
    MLP,
    HeadPlan("average", window=2, stride=2, hidden=(8, 8)),
    HeadPlan("concat", window=3, stride=2),
    HeadPlan("flatten", hidden=(6,), tanh=True),
    HeadPlan("flatten", window=3, stride=3, hidden=(6, 4)),
]


def a_map(n: int = 3, side: int = 8) -> Tensor:
    return torch.randn(n, 5, side, side, generator=torch.Generator().manual_seed(1))


def settled(layers: nn.Module) -> nn.Module:
    """The layers after some training statistics, in evaluation mode."""
    for part in layers.modules():
        if isinstance(part, nn.BatchNorm1d):
            nn.init.uniform_(part.running_mean, -1, 1)
            nn.init.uniform_(part.running_var, 0.5, 2)
            nn.init.uniform_(part.weight, -1, 2)
    return layers.eval()


def test_fast_ais_head_has_its_layers_and_its_1_055_234_parameters() -> None:
    """S0-32: pooling to 2,048 = maximum beside average, BN, dropout, Linear, ReLU, twice."""
    layers = make_layers(MLP, Pool(MLP).width((1024, 7, 7)), 2, dropout=0.5)

    assert isinstance(layers, nn.Sequential)
    assert [type(layer).__name__ for layer in layers] == [
        "BatchNorm1d", "Dropout", "Linear", "ReLU", "BatchNorm1d", "Dropout", "Linear",
    ]  # fmt: skip
    assert layers[0].num_features == 2048
    assert (layers[1].p, layers[5].p) == (0.25, 0.5)
    assert sum(weight.numel() for weight in layers.parameters()) == 1_055_234


def test_the_concat_pool_is_the_maximum_then_the_average() -> None:
    """S0-32, by hand."""
    last_map = torch.tensor([[[[0.0, 1.0], [2.0, 5.0]], [[-4.0, -4.0], [-4.0, 0.0]]]])

    assert Pool(MLP)(last_map).tolist() == [[5.0, 0.0, 2.0, -3.0]]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_gradients_by_hand_equal_autograd(plan: HeadPlan) -> None:
    torch.manual_seed(0)
    pool = Pool(plan)
    layers = settled(make_layers(plan, pool.width((5, 8, 8)), 4, dropout=0.5)).double()
    last_map = a_map().double().requires_grad_()

    pooled = pool(last_map)
    ours = pool.channel_gradients(logit_gradients(layers, pooled), last_map)  # type: ignore[arg-type]

    logits = layers(pool(last_map))
    for k in range(4):
        (whole,) = torch.autograd.grad(logits[:, k].sum(), last_map, retain_graph=True)
        torch.testing.assert_close(ours[:, k], whole.mean(dim=(2, 3)))


def test_gradients_of_layers_in_training_are_refused() -> None:
    with pytest.raises(ValueError, match="evaluation mode"):
        logit_gradients(make_layers(MLP, 10, 2, 0.0), torch.zeros(1, 10))


def test_gradients_of_an_unknown_layer_are_refused() -> None:
    layers = nn.Sequential(nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 1)).eval()

    with pytest.raises(ValueError, match="found GELU"):
        logit_gradients(layers, torch.zeros(1, 3))


def test_the_pools_width_is_told_without_a_map() -> None:
    for plan in PLANS:
        assert Pool(plan).width((5, 8, 8)) == Pool(plan)(a_map()).shape[1]
