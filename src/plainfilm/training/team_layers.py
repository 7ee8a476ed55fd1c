"""Layers that look at more than one film, over the films of all processes of a team.

Batch normalisation takes mean and variance of the whole batch, and dropout draws for the whole
batch, so that a step of several processes is the step of one.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from plainfilm.training.team import Team


def share_layers(network: nn.Module, team: Team) -> None:
    """Put these layers in the places of torch's; weights and their names stay what they are."""
    if team.size == 1:
        return
    for name, layer in network.named_children():
        if isinstance(layer, _BatchNorm):
            network.register_module(name, TeamNorm(layer, team))
        elif isinstance(layer, nn.Dropout):
            network.register_module(name, TeamDropout(layer.p, team))
        else:
            share_layers(layer, team)


class TeamNorm(nn.Module):
    """Batch normalisation over the films of all processes, with the weights of torch's `layer`.

    In float32 also where the maps are bfloat16: sums over a batch need the digits.

    References
    ----------
    Ioffe and Szegedy 2015 (arXiv 1502.03167), algorithm 1; momentum and the unbiased running
    variance as in torch.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, layer: _BatchNorm, team: Team) -> None:
        super().__init__()
        self._team, self._eps, self._momentum = team, layer.eps, layer.momentum or 0.1
        self.weight, self.bias = layer.weight, layer.bias
        for name, buffer in layer.named_buffers():
            self.register_buffer(name, buffer)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (N, C, …), each channel to mean 0 and variance 1, then scaled and shifted."""
        shape = (1, -1) + (1,) * (maps.ndim - 2)
        if self.training:
            mean, variance = self._statistics(maps.float(), shape)
        else:
            mean, variance = self.running_mean, self.running_var
        scale = self.weight * (variance + self._eps).rsqrt()
        out = (maps.float() - mean.view(shape)) * scale.view(shape) + self.bias.view(shape)
        return out.to(maps.dtype)

    def _statistics(self, maps: Tensor, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Mean and (biased) variance of the whole batch, which the running ones then follow."""
        others = [0, *range(2, maps.ndim)]
        count = maps.new_tensor([maps.numel() / maps.shape[1]])
        sums = self._team.total(torch.cat([maps.sum(others), count]))
        mean, count = sums[:-1] / sums[-1], sums[-1].detach()
        squares = (maps - mean.view(shape)).square().sum(others)
        variance = self._team.total(squares) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self._momentum)
            self.running_var.lerp_(variance * count / (count - 1), self._momentum)
            self.num_batches_tracked += 1
        return mean, variance


class TeamDropout(nn.Module):
    """Dropout that draws for the whole batch and takes this process's part of the draw.

    All processes must draw from the same random state.
    """

    def __init__(self, share: float, team: Team) -> None:
        super().__init__()
        self._share, self._team = share, team

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (N, …), zeroed at random and scaled so that the mean stays; as they are in eval."""
        if not self.training or not self._share:
            return rows
        # A last batch that the processes do not divide is drawn a little too long: on a CPU the
        # draws before are the same.
        n = len(rows) * self._team.size
        drawn = F.dropout(rows.new_ones(n, *rows.shape[1:]), self._share)
        return rows * drawn[self._team.rank :: self._team.size][: len(rows)]
