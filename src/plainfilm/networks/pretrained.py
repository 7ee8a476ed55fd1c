"""Networks of the field under the field's own parameter names, so that its weight files load.

Key names are torchvision's: a state dict of a `Classifier` built here loads strictly from a
torchvision file of the same network with as many outputs, and the other way round.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from plainfilm.networks.chain import Chain
from plainfilm.networks.heads import HeadPlan
from plainfilm.networks.recompute import is_wanted, through

DENSENET121_BLOCKS = (6, 12, 24, 16)
DENSENET169_BLOCKS = (6, 12, 32, 32)
DENSENET201_BLOCKS = (6, 12, 48, 32)
DENSENET264_BLOCKS = (6, 12, 64, 48)  # torchvision has none
GROWTH = 32
BOTTLENECK = 4  # a layer's 1x1 convolution has BOTTLENECK * GROWTH channels
STEM_CHANNELS = 64
WIDENING = 4  # a bottleneck's last convolution has this many times its first's channels

# Two convolutions of each width, then three; a pooling after each group, the last in the head.
VGG16_GROUPS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
# With a global pool, as transfer learning has it: 33,601,345 parameters with one output.
VGG16_HEAD = HeadPlan("average", window=2, stride=2, hidden=(4096, 4096))
# As the paper and torchvision have it: 134,264,641 with one output at 224 pixels.
VGG16_FLATTEN_HEAD = HeadPlan("flatten", window=2, stride=2, hidden=(4096, 4096))


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
        if is_wanted():
            return self._in_pieces(x)
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x

    def _in_pieces(self, x: Tensor) -> Tensor:
        """The same, keeping what each layer adds once, not also joined to all before it."""
        pieces = [x]
        for layer in self.children():
            pieces.append(through(partial(_of_all, layer), *pieces, of=[layer]))
        return torch.cat(pieces, dim=1)


def _of_all(layer: nn.Module, *pieces: Tensor) -> Tensor:
    new: Tensor = layer(torch.cat(pieces, dim=1))
    return new


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
    """The body of a DenseNet, 1/32 of the input's side.

    With DenseNet-121's blocks: 6,953,856 parameters, 1,024 channels.

    Parameters
    ----------
    blocks
        Layers of each dense block.
    rectified
        Whether the last map goes through a ReLU, as in the paper; fast.ai cuts before it.

    References
    ----------
    Huang, Liu, van der Maaten, Weinberger 2017, CVPR (arXiv 1608.06993), table 1.
    """

    def __init__(
        self, blocks: tuple[int, ...] = DENSENET121_BLOCKS, *, rectified: bool = True
    ) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, STEM_CHANNELS, 7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(STEM_CHANNELS)
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        self.n_blocks = len(blocks)
        self.rectified = rectified
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
        """The last feature map (N, C, H/32, W/32) of films (N, 1 or 3, H, W)."""
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each block hands on: after each transition, and the last map."""
        x = through(self._stem, x.expand(-1, 3, -1, -1), of=[self.conv0, self.norm0])
        maps: list[Tensor] = []
        for i in range(1, self.n_blocks):
            x = self.get_submodule(f"denseblock{i}")(x)
            transition = self.get_submodule(f"transition{i}")
            x = through(transition, x, of=[transition])
            maps.append(x)
        x = self.get_submodule(f"denseblock{self.n_blocks}")(x)
        last = self.norm5(x)
        return (*maps, torch.relu(last) if self.rectified else last)

    def _stem(self, x: Tensor) -> Tensor:
        quarter: Tensor = self.pool0(torch.relu(self.norm0(self.conv0(x))))
        return quarter


class _ResidualBlock(nn.Module):
    """Two 3x3 convolutions, or 1x1, 3x3, 1x1, beside a shortcut; the 3x3 takes the stride."""

    def __init__(self, before: int, width: int, *, stride: int, bottleneck: bool) -> None:
        super().__init__()
        after = width * WIDENING if bottleneck else width
        self.bottleneck = bottleneck
        if bottleneck:
            self.conv1 = nn.Conv2d(before, width, 1, bias=False)
            self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        else:
            self.conv1 = nn.Conv2d(before, width, 3, stride=stride, padding=1, bias=False)
            self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        if bottleneck:
            self.conv3 = nn.Conv2d(width, after, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(after)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: Tensor) -> Tensor:
        change = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.bottleneck:
            change = self.bn3(self.conv3(torch.relu(change)))
        return torch.relu(change + self.downsample(x))


class ResNetFeatures(nn.Module):
    """The body of a ResNet, 1/32 of the input's side.

    Parameters
    ----------
    blocks
        In each of the four stages.
    kind
        "basic": two 3x3 convolutions, 512 channels at the end (ResNet-18 and 34); "bottleneck":
        2,048 (50 and up).

    References
    ----------
    He, Zhang, Ren, Sun 2016, CVPR (arXiv 1512.03385), table 1; the stride of a bottleneck lies on
    its 3x3 convolution, as in torchvision ("version 1.5").
    """

    def __init__(self, blocks: Sequence[int], kind: Literal["basic", "bottleneck"]) -> None:
        super().__init__()
        bottleneck = kind == "bottleneck"
        self.conv1 = nn.Conv2d(3, STEM_CHANNELS, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM_CHANNELS)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = STEM_CHANNELS
        for i, n_blocks in enumerate(blocks):
            width, layers = STEM_CHANNELS * 2**i, []
            for j in range(n_blocks):
                stride = 2 if i and j == 0 else 1
                layers.append(_ResidualBlock(before, width, stride=stride, bottleneck=bottleneck))
                before = width * WIDENING if bottleneck else width
            self.add_module(f"layer{i + 1}", nn.Sequential(*layers))
        self.n_stages = len(blocks)
        self.out_channels = before
        _initialise(self, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        """The last feature map (N, 512 or 2048, H/32, W/32) of films (N, 1 or 3, H, W)."""
        return self.stages(x)[-1]

    def stages(self, x: Tensor) -> tuple[Tensor, ...]:
        """What each of the four stages hands on."""
        x = through(self._stem, x.expand(-1, 3, -1, -1), of=[self.conv1, self.bn1])
        maps: list[Tensor] = []
        for i in range(1, self.n_stages + 1):
            for block in self.get_submodule(f"layer{i}").children():
                x = through(block, x, of=[block])
            maps.append(x)
        return tuple(maps)

    def _stem(self, x: Tensor) -> Tensor:
        quarter: Tensor = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        return quarter


def vgg16() -> Chain:
    """The body of VGG-16 without its last pooling: 14,714,688 parameters.

    References
    ----------
    Simonyan and Zisserman 2015, ICLR (arXiv 1409.1556), table 1, column D.
    """
    layers: list[nn.Module] = []
    before = 3
    for width, n_convolutions in VGG16_GROUPS:
        for _ in range(n_convolutions):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
        layers.append(nn.MaxPool2d(2))
    body = Chain(layers[:-1])
    _initialise(body, mode="fan_out")
    return body


def _initialise(network: nn.Module, mode: Literal["fan_in", "fan_out"] = "fan_in") -> None:
    """He's normal start for convolutions, as the papers' code and torchvision do."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode=mode, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
