"""Which part of a network learns: all of it, its head alone, or its body from some part on."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from plainfilm.errors import RecipeError
from plainfilm.networks import Classifier

HEAD = "head"


class Weights(NamedTuple):
    """How many weights a network has, and how many of them learn."""

    total: int
    learning: int


def freeze(network: Classifier, before: str) -> tuple[nn.Module, ...]:
    """Freeze the body's layers before a part: their weights get no gradient any more.

    Parameters
    ----------
    before
        "" = nothing is frozen; "head": the whole body is; else a part of the body by its name in
        a state dict, such as "denseblock4", "layer4" or "24": it learns, with all that follows.

    Returns
    -------
    The frozen layers. They must stay in evaluation mode, so that running statistics stay as well.

    Raises
    ------
    RecipeError
        No such part, or nothing comes before it.
    """
    if not before:
        return ()
    frozen = _layers_before(network, before)
    if not any(True for layer in frozen for _ in layer.parameters()):
        raise RecipeError(f"network.frozen_before: nothing that learns comes before {before!r}.")
    for layer in frozen:
        layer.requires_grad_(False)
    return tuple(frozen)


def count_weights(network: nn.Module) -> Weights:
    """The weights of a network that may be frozen in part."""
    each = [(weight.numel(), weight.requires_grad) for weight in network.parameters()]
    return Weights(sum(n for n, _ in each), sum(n for n, learns in each if learns))


def _layers_before(network: Classifier, before: str) -> Sequence[nn.Module]:
    """Layers are defined in the order in which a film passes them."""
    body = network.get_submodule("features")
    layers = [(name, layer) for name, layer in body.named_modules() if not any(layer.children())]
    if before == HEAD:
        return [layer for _, layer in layers]
    for place, (name, _) in enumerate(layers):
        if f"{name}.".startswith(f"{before}."):
            return [layer for _, layer in layers[:place]]
    known = ", ".join(name for name, _ in body.named_children())
    found = f"found {before!r}; expected {HEAD!r} or a part of this body, such as {known}"
    raise RecipeError(f"network.frozen_before: {found}.")
