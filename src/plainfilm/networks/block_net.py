"""`block-net`: a network for searches by layers, units and kernel size; its name says them."""

import re
from dataclasses import dataclass

from torch import nn

from plainfilm.errors import RecipeError
from plainfilm.networks.chain import Chain
from plainfilm.networks.heads import HeadPlan

NAME = "block-net"
CHANNELS = 64  # of the first block; block i has i times as many

_SHAPED = re.compile(rf"{NAME}-(\d+)x(\d+)-k(\d+)")


@dataclass(frozen=True)
class Shape:
    """How large the network is; the default is what the search of Buluttekin 2020 ended with.

    Parameters
    ----------
    layers
        Blocks of two convolutions, 1 to 8.
    units
        Of the first dense layer, 2 to 4096; the second has half of them.
    kernel
        Side of the convolutions' kernels, odd, 1 to 11.
    """

    layers: int = 5
    units: int = 256
    kernel: int = 3

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("layers", self.layers, 1, 8),
            ("units", self.units, 2, 4096),
            ("kernel", self.kernel, 1, 11),
        ):
            if not low <= value <= high:
                raise RecipeError(f"{NAME}: {what} {value}; expected {low} to {high}.")
        if self.kernel % 2 == 0:
            raise RecipeError(f"{NAME}: kernel {self.kernel}; expected an odd number.")


def shape_of(name: str) -> Shape | None:
    """The shape in a name as "block-net-5x256-k3": layers, units, kernel; None = another name.

    Raises
    ------
    RecipeError
        A number is out of range.
    """
    if name == NAME:
        return Shape()
    found = _SHAPED.fullmatch(name)
    return found and Shape(*(int(number) for number in found.groups()))


def body(shape: Shape) -> Chain:
    """Blocks of two padded convolutions with ReLU, BatchNorm and pooling; the head pools last."""
    layers: list[nn.Module] = []
    before = 3
    for block in range(1, shape.layers + 1):
        width = CHANNELS * block
        for inside in (before, width):
            layers.append(nn.Conv2d(inside, width, shape.kernel, padding=shape.kernel // 2))
            layers.append(nn.ReLU())
        layers += [nn.BatchNorm2d(width), nn.MaxPool2d(2)]
        before = width
    return Chain(layers[:-1])


def head(shape: Shape) -> HeadPlan:
    """The last pooling and two dense layers."""
    return HeadPlan("flatten", window=2, stride=2, hidden=(shape.units, shape.units // 2))
