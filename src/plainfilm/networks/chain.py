"""`Chain`: a body whose layers follow each other in one line, as VGG's and older ones' do."""

from collections.abc import Iterable, Sequence
from functools import partial

from torch import Tensor, nn

from plainfilm.networks.recompute import through

POOLS = (nn.MaxPool2d, nn.AvgPool2d)


class Chain(nn.Sequential):
    """Layers in a row, numbered as torchvision numbers them.

    Parameters
    ----------
    layers
        With at least one convolution, and none that pools at the end: the head pools.
    """

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__(*layers)
        convolutions = [layer for layer in self if isinstance(layer, nn.Conv2d)]
        self.in_channels = convolutions[0].in_channels
        self.out_channels = convolutions[-1].out_channels

    def forward(self, x: Tensor) -> Tensor:
        """The last feature map of films (N, 1 or in_channels, H, W)."""
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> Sequence[Tensor]:
        """What stands before each pooling layer, and the last feature map."""
        maps = [x.expand(-1, self.in_channels, -1, -1)]
        for stage in self._stages():
            maps.append(through(partial(_follow, stage), maps[-1], of=stage))
        return maps[1:]

    def _stages(self) -> list[list[nn.Module]]:
        """Its layers, each pooling layer the first of a new stage."""
        stages: list[list[nn.Module]] = [[]]
        for layer in self:
            if isinstance(layer, POOLS):
                stages.append([])
            stages[-1].append(layer)
        return stages


def _follow(layers: Iterable[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x
