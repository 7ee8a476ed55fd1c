"""The small networks that papers on films compare with, layer by layer as they give them.

Counts of parameters are those of one output and the papers' input size.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from plainfilm.networks.chain import Chain
from plainfilm.networks.heads import HeadPlan

IN_BLOCK_DROPOUT = 0.2  # of Conv2 and Conv3, after each pooling

LENET5_HEAD = HeadPlan("flatten", hidden=(120, 84))
LENET5_TANH_HEAD = HeadPlan("flatten", hidden=(120, 84), tanh=True)
ALEXNET_HEAD = HeadPlan("flatten", window=3, stride=2, hidden=(4096, 4096))
CONV2_HEAD = HeadPlan("flatten", window=2, stride=2, hidden=(32,), pool_dropout=IN_BLOCK_DROPOUT)
CONV3_HEAD = HeadPlan("flatten", window=4, stride=4, hidden=(64,), pool_dropout=IN_BLOCK_DROPOUT)
CONV4_HEAD = HeadPlan("flatten", window=2, stride=2, hidden=(64,))
DENSE_NET_HEAD = HeadPlan("flatten", hidden=(512, 64, 32))


def lenet5(*, tanh: bool = False) -> Chain:
    """LeNet-5 with three channels and wide maps: 34,635,761 parameters at 224 pixels.

    Three 5 x 5 convolutions of 6, 16 and 120 channels without padding, average pooling between.

    References
    ----------
    LeCun et al. 1998, Proc. IEEE 86:2278; as a baseline for pneumonia: Buluttekin 2020.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise((3, 6, 16, 120)):
        layers += [nn.Conv2d(before, after, 5), nn.Tanh() if tanh else nn.ReLU(), nn.AvgPool2d(2)]
    return Chain(layers[:-1])


def lenet5_tanh() -> Chain:
    """LeNet-5 with the activation of its paper."""
    return lenet5(tanh=True)


def alexnet() -> Chain:
    """AlexNet in one column, first convolution unpadded: 46,751,105 parameters at 224 pixels.

    Not torchvision's, which has 64, 192, 384, 256 and 256 channels.

    References
    ----------
    Krizhevsky, Sutskever, Hinton 2012, NIPS; without local response normalisation and without
    the two halves, as Buluttekin 2020 has it.
    """
    return Chain(
        [
            nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
            nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
        ]
    )  # fmt: skip


def conv2() -> Chain:
    """Three blocks of convolution, pooling and dropout: 2, 4 and 8 channels of 3 x 3.

    The MURA report gives the blocks and says "few filters first"; the numbers are ours.
    """
    return _blocks((2, 4, 8), kernels=(3,) * 3, pools=(2,) * 3, after="dropout")


def conv3() -> Chain:
    """Five blocks with kernels that grow: 6,979 parameters at 224 pixels (MURA report, 5.2.2)."""
    return _blocks((2, 2, 4, 4, 8), kernels=(3, 3, 5, 5, 7), pools=(2, 2, 2, 2, 4), after="dropout")


def conv4() -> Chain:
    """Five blocks with BatchNorm and steeper channels: 106,805 parameters (MURA report, 5.2.3)."""
    return _blocks((2, 4, 8, 16, 32), kernels=(3,) * 5, pools=(2,) * 5, after="norm")


class Pixels(nn.Module):
    """No body at all: the film itself, for a head of dense layers only. It has no feature map."""

    out_channels = 1

    def forward(self, x: Tensor) -> Tensor:
        """The film."""
        return x

    def stages(self, x: Tensor) -> Sequence[Tensor]:
        """The film alone."""
        return [x]


def _blocks(
    channels: Sequence[int],
    *,
    kernels: Sequence[int],
    pools: Sequence[int],
    after: Literal["dropout", "norm"],
) -> Chain:
    """Blocks of a padded convolution, ReLU and pooling; the last pooling is the head's."""
    layers: list[nn.Module] = []
    for before, width, kernel, pool in zip((1, *channels), channels, kernels, pools, strict=False):
        layers.append(nn.Conv2d(before, width, kernel, padding=kernel // 2))
        layers += [nn.BatchNorm2d(width), nn.ReLU()] if after == "norm" else [nn.ReLU()]
        layers.append(nn.MaxPool2d(pool))
        if after == "dropout":
            layers.append(nn.Dropout(IN_BLOCK_DROPOUT))
    poolings = [i for i, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)]
    return Chain(layers[: poolings[-1]])
