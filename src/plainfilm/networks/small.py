"""A small residual network for single-channel films, quick on a CPU.

In: float32 (N, 1, S, S), already standardised per film. Out: features (N, C, h, w), h = S / 16 by
default, so that a 160-pixel film gives a 10 x 10 map.

Every layer is a plain 3 x 3 convolution: measured on a CPU, depthwise ones with a tenth of the
arithmetic took as long or longer, and gain nothing from bfloat16.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from plainfilm.networks.recompute import through

WIDTHS = (16, 32, 64, 128, 128)
STRIDES = (2, 2, 2, 2, 1)


class FilmNet(nn.Module):
    """Features of a film: one strided convolution, then one residual block per further stage.

    Parameters
    ----------
    widths
        Channels of each stage, the first being the stem's; at least two stages.
    strides
        Step of each stage, 1 or 2; as many as widths.

    Raises
    ------
    ValueError
        When the two do not go together.

    References
    ----------
    He et al. 2016, "Deep residual learning for image recognition" (basic block); Goyal et al.
    2017, section 5.1 (each block begins as the identity).

    """

    def __init__(self, widths: Sequence[int] = WIDTHS, strides: Sequence[int] = STRIDES) -> None:
        super().__init__()
        _check(widths, strides)
        self.stem = _convolution(1, widths[0], stride=strides[0])
        self.blocks = nn.ModuleList(
            _Residual(before, after, stride=stride)
            for before, after, stride in zip(widths, widths[1:], strides[1:], strict=False)
        )
        self.out_channels = widths[-1]
        self.stage_channels = tuple(widths)

    def forward(self, films: Tensor) -> Tensor:
        """Return the last stage's feature map, float (N, out_channels, h, w), none negative."""
        return self.stages(films)[-1]

    def stages(self, films: Tensor) -> list[Tensor]:
        """Return every stage's feature map, the stem's first; channels as `stage_channels`."""
        maps = [through(self.stem, films, of=[self.stem])]
        for block in self.blocks:
            maps.append(through(block, maps[-1], of=[block]))
        return maps


def film_features(*, widths: Sequence[int] = WIDTHS, strides: Sequence[int] = STRIDES) -> FilmNet:
    """Return an untrained `FilmNet`; about 0.6 M weights as it stands."""
    return FilmNet(widths, strides)


class _Residual(nn.Module):
    def __init__(self, before: int, after: int, *, stride: int) -> None:
        super().__init__()
        self.first = _convolution(before, after, stride=stride)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)
        nn.init.zeros_(self.norm.weight)
        self.shortcut: nn.Module = nn.Identity()
        if before != after or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, features: Tensor) -> Tensor:
        change: Tensor = self.norm(self.second(self.first(features)))
        return torch.relu(self.shortcut(features) + change)


def _convolution(before: int, after: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


def _check(widths: Sequence[int], strides: Sequence[int]) -> None:
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"widths {tuple(widths)}: expected two or more stages of 1 or more")
    if len(strides) != len(widths) or not set(strides) <= {1, 2}:
        raise ValueError(
            f"strides {tuple(strides)}: expected {len(widths)} values of 1 or 2, one per width"
        )
