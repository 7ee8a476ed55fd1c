from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from plainfilm.networks import Classifier, build
from plainfilm.networks.recompute import is_wanted, recomputing

SIDE = 64


def built(name: str) -> Classifier:
    torch.manual_seed(0)
    return build(name, 2, size=SIDE).train()


def pass_through(network: Classifier, how: AbstractContextManager[None]) -> tuple[Tensor, int]:
    """Logits of four films, and the bytes of maps that are kept for the gradient."""
    own = {each.untyped_storage().data_ptr() for each in network.state_dict().values()}
    kept = dict[int, int]()

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    films = torch.rand(4, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    with saved_tensors_hooks(keep, lambda tensor: tensor), how:
        logits: Tensor = network(films)
    return logits, sum(kept.values())


@pytest.mark.parametrize(
    ("name", "at_most"),
    [
        ("film-net", 0.35),
        ("densenet121", 0.12),
        ("densenet121-cut", 0.12),
        ("resnet18", 0.25),
        ("vgg16", 0.4),
        ("conv3", 0.75),
        ("conv4", 0.5),
    ],
)
def test_s3_28_less_is_kept_and_nothing_else_changes(name: str, at_most: float) -> None:
    """S3-28: logits and running statistics to the bit; conv3 draws dropout within its body."""
    plain, short = built(name), built(name)

    logits, kept = pass_through(plain, nullcontext())
    again, kept_again = pass_through(short, recomputing())
    for each in (logits, again):
        each.square().sum().backward()

    assert torch.equal(again, logits)
    assert kept_again <= at_most * kept
    for ours, theirs in zip(short.buffers(), plain.buffers(), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(short.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-6)


def test_the_buffers_are_its_own_again_after_the_gradient() -> None:
    network = built("film-net")
    before = dict(network.named_buffers())

    pass_through(network, recomputing())[0].sum().backward()

    assert all(each is before[name] for name, each in network.named_buffers())


def test_a_frozen_body_keeps_nothing_either_way() -> None:
    network = built("densenet121")
    for weight in network.get_submodule("features").parameters():
        weight.requires_grad_(False)

    kept = [pass_through(network, how)[1] for how in (nullcontext(), recomputing())]

    assert kept[0] == kept[1]


def test_it_is_wanted_only_inside_and_where_there_is_a_gradient() -> None:
    with recomputing():
        assert is_wanted()
        with torch.no_grad():
            assert not is_wanted()
    assert not is_wanted()
