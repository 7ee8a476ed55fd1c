"""Maps of a network's parts computed a second time for the backward pass, instead of being kept.

A body hands each of its parts to `through`. Inside `recomputing()` only what goes into a part is
kept: what lies within is computed again when the gradient asks for it. Outside nothing changes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from torch import Tensor, is_grad_enabled, nn
from torch.utils.checkpoint import checkpoint

_wanted: ContextVar[bool] = ContextVar("_wanted", default=False)


@contextmanager
def recomputing() -> Iterator[None]:
    """Where a network goes through its parts without keeping what lies within them.

    The same numbers for one more forward pass: parts draw the same chance again, and running
    statistics move once.

    References
    ----------
    Chen, Xu, Zhang, Guestrin 2016 (arXiv 1604.06174), section 4; Pleiss et al. 2017
    (arXiv 1707.06990), for DenseNets.
    """
    before = _wanted.set(True)
    try:
        yield
    finally:
        _wanted.reset(before)


def is_wanted() -> bool:
    """Whether this is inside `recomputing()`, and a gradient is asked for."""
    return _wanted.get() and is_grad_enabled()


def through(part: Callable[..., Tensor], *maps: Tensor, of: Sequence[nn.Module]) -> Tensor:
    """What a part of a network makes of maps; `of` are the layers that it uses.

    A part with nothing to learn, of maps that nothing was learnt for, keeps nothing either way.
    """
    if not (is_wanted() and _learns(maps, of)):
        return part(*maps)
    again: Tensor = checkpoint(
        part, *maps, use_reentrant=False, context_fn=lambda: (nullcontext(), _on_copies(of))
    )
    return again


def _learns(maps: Sequence[Tensor], layers: Sequence[nn.Module]) -> bool:
    weights = (weight for layer in layers for weight in layer.parameters())
    return any(each.requires_grad for each in (*maps, *weights))


@contextmanager
def _on_copies(layers: Sequence[nn.Module]) -> Iterator[None]:
    """Layers whose buffers are copies, so that what moves them a second time moves nothing."""
    owned = [
        (module, name, buffer)
        for layer in layers
        for module in layer.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    for module, name, buffer in owned:
        setattr(module, name, buffer.clone())
    try:
        yield
    finally:
        for module, name, buffer in owned:
            setattr(module, name, buffer)
