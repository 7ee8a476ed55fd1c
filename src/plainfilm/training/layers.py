"""The layers of a recipe's network, with the shapes they give and the weights they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from plainfilm.networks import Classifier
from plainfilm.training.freezing import count_weights, freeze
from plainfilm.training.learner import build_network
from plainfilm.training.recipe import Recipe


@dataclass(frozen=True)
class Layer:
    """One layer: its name in a state dict, its kind, and what comes out of it for one film.

    `weights` that it holds, of which `learning` learn; running statistics are none.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int
    learning: int


def layers_of(recipe: Recipe, n_logits: int) -> tuple[Layer, ...]:
    """The layers in the order in which a film passes them; nothing is computed but shapes.

    Raises
    ------
    RecipeError
        The network cannot be built for films of that size, or frozen as the recipe says.
    """
    with torch.device("meta"):
        network = build_network(recipe, n_logits).eval()
        freeze(network, recipe.network.frozen_before)
        return _passed(network, torch.zeros(1, 1, recipe.data.size, recipe.data.size))


def table_of(layers: Sequence[Layer]) -> str:
    """The layers as lines of columns, totals last."""
    rows = [
        (each.name, each.kind, " x ".join(map(str, each.shape)), each.weights, each.learning)
        for each in layers
    ]
    total = sum(each.weights for each in layers), sum(each.learning for each in layers)
    cells = [
        ("layer", "kind", "gives", "weights", "learning"),
        *((*row[:3], f"{row[3]:,}", f"{row[4]:,}") for row in rows),
        ("total", "", "", f"{total[0]:,}", f"{total[1]:,}"),
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    return "\n".join(_line(row, widths) for row in cells)


def _passed(network: Classifier, film: Tensor) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    names = {layer: name for name, layer in network.named_modules() if not any(layer.children())}

    def note(layer: nn.Module, _taken: object, given: Tensor) -> None:
        total, learning = count_weights(layer)
        kind, shape = type(layer).__name__, tuple(given.shape[1:])
        layers.append(Layer(names[layer], kind, shape, total, learning))

    for layer in names:
        layer.register_forward_hook(note)
    with torch.no_grad():
        network(film)
    return tuple(layers)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(row[3:], widths[3:], strict=True)]
    return "  ".join([*words, *numbers])
