"""Networks of the field under the field's own parameter names, so that its weight files load.

Key names are torchvision's: a state dict of a `Classifier` built here loads strictly from a
torchvision file of the same network with as many outputs, and the other way round.
"""

import torch
from torch import Tensor, nn

DENSENET121_BLOCKS = (6, 12, 24, 16)
GROWTH = 32
BOTTLENECK = 4  # a layer's 1x1 convolution has BOTTLENECK * GROWTH channels
STEM_CHANNELS = 64


class _DenseLayer(nn.Module):
    """BatchNorm, ReLU, 1x1, BatchNorm, ReLU, 3x3: adds GROWTH channels to those before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * GROWTH, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * GROWTH)
        self.conv2 = nn.Conv2d(BOTTLENECK * GROWTH, GROWTH, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        narrow = self.conv1(torch.relu(self.norm1(x)))
        new: Tensor = self.conv2(torch.relu(self.norm2(narrow)))
        return new


class _DenseBlock(nn.Module):
    def __init__(self, channels: int, n_layers: int) -> None:
        super().__init__()
        for i in range(n_layers):
            self.add_module(f"denselayer{i + 1}", _DenseLayer(channels + i * GROWTH))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _Transition(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.conv = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.pool(self.conv(torch.relu(self.norm(x))))
        return halved


class DenseNetFeatures(nn.Module):
    """The body of DenseNet-121: 6,953,856 parameters, 1,024 channels, 1/32 of the input's side.

    References
    ----------
    Huang, Liu, van der Maaten, Weinberger 2017, CVPR (arXiv 1608.06993), table 1.
    """

    def __init__(self, blocks: tuple[int, ...] = DENSENET121_BLOCKS) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, STEM_CHANNELS, 7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(STEM_CHANNELS)
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.n_blocks = len(blocks)
        channels = STEM_CHANNELS
        for i, n_layers in enumerate(blocks, start=1):
            self.add_module(f"denseblock{i}", _DenseBlock(channels, n_layers))
            channels += n_layers * GROWTH
            if i < len(blocks):
                self.add_module(f"transition{i}", _Transition(channels))
                channels //= 2
        self.norm5 = nn.BatchNorm2d(channels)
        self.out_channels = channels
        _initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """The last feature map (N, 1024, H/32, W/32) of films (N, 1 or 3, H, W)."""
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each block hands on: after each transition, and the last map after its ReLU."""
        x = x.expand(-1, 3, -1, -1)
        x = self.pool0(torch.relu(self.norm0(self.conv0(x))))
        maps: list[Tensor] = []
        for i in range(1, self.n_blocks):
            x = self.get_submodule(f"denseblock{i}")(x)
            x = self.get_submodule(f"transition{i}")(x)
            maps.append(x)
        x = self.get_submodule(f"denseblock{self.n_blocks}")(x)
        return (*maps, torch.relu(self.norm5(x)))


def _initialise(network: nn.Module) -> None:
    """He's normal start for convolutions, as the paper's code and torchvision do."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight)
