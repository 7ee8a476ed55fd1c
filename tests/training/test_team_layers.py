import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from plainfilm.networks import NETWORKS, build
from plainfilm.training.team import ALONE, Team
from plainfilm.training.team_layers import TeamDropout, TeamNorm, share_layers

TWO = Team(0, 2)


@pytest.mark.parametrize("shape", [(6, 4, 5, 5), (6, 4)])
def test_normalisation_is_torch_s_with_its_gradients_and_running_statistics(
    shape: tuple[int, ...],
) -> None:
    theirs: nn.Module = nn.BatchNorm2d(4) if len(shape) == 4 else nn.BatchNorm1d(4)
    ours = TeamNorm(copy.deepcopy(theirs), ALONE)  # type: ignore[arg-type]
    grads = []
    maps, pull = 3 + 2 * torch.randn(shape), torch.randn(shape)

    for layer in (theirs, ours):
        inner = maps.clone().requires_grad_()
        out = layer(inner)
        (out * pull).sum().backward()
        grads.append([out, inner.grad, layer.weight.grad, layer.bias.grad, *layer.buffers()])

    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)
    assert list(theirs.state_dict()) == list(ours.state_dict())


def test_in_evaluation_normalisation_takes_the_running_statistics() -> None:
    layer = nn.BatchNorm2d(3)
    layer(torch.randn(8, 3, 4, 4) + 5)
    maps = torch.randn(2, 3, 4, 4)

    torch.testing.assert_close(TeamNorm(layer, TWO).eval()(maps), layer.eval()(maps))


def test_maps_of_half_precision_are_normalised_in_float32() -> None:
    maps = (1000 + torch.randn(64, 1, 8, 8)).bfloat16()
    layer = TeamNorm(nn.BatchNorm2d(1), ALONE)

    out = layer(maps).detach()

    assert out.dtype == torch.bfloat16
    assert float(out.float().mean().abs()) < 0.01
    assert layer.running_mean.dtype == torch.float32


@given(n=st.integers(1, 20), size=st.integers(1, 4), seed=st.integers(0, 100))
def test_the_parts_of_a_dropout_are_the_dropout_of_the_whole(n: int, size: int, seed: int) -> None:
    rows = torch.arange(n * 6.0).view(n, 6)
    torch.manual_seed(seed)
    whole = nn.Dropout(0.4)(rows)

    for rank in range(size):
        torch.manual_seed(seed)
        part = TeamDropout(0.4, Team(rank, size))(rows[rank::size])
        torch.testing.assert_close(part, whole[rank::size])


def test_in_evaluation_nothing_drops_out() -> None:
    rows = torch.rand(4, 6)
    assert torch.equal(TeamDropout(0.4, TWO).eval()(rows), rows)


@pytest.mark.parametrize("name", NETWORKS)
def test_shared_layers_keep_every_weight_and_its_name(name: str) -> None:
    network = build(name, 2, dropout=0.2)
    before = dict(network.named_parameters()), list(network.state_dict())

    share_layers(network, TWO)

    kinds = {type(layer) for layer in network.modules()}
    assert not kinds & {nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout}
    assert list(network.state_dict()) == before[1]
    after = dict(network.named_parameters())
    assert list(after) == list(before[0])
    assert all(after[key] is weight for key, weight in before[0].items())


def test_a_process_alone_keeps_torch_s_layers() -> None:
    network = build("film-net", 2, dropout=0.2)
    share_layers(network, ALONE)
    assert {nn.BatchNorm2d, nn.Dropout} <= {type(layer) for layer in network.modules()}
