"""`Chain`: a body whose layers follow each other in one line, as VGG's and older ones' do."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

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
        x = x.expand(-1, self.in_channels, -1, -1)
        maps: list[Tensor] = []
        for layer in self:
            if isinstance(layer, POOLS):
                maps.append(x)
            x = layer(x)
        return [*maps, x]
