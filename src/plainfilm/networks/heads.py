"""Heads: from a network's last feature map to the logits; a pool, then layers.

Every layer here is one whose gradient can be written by hand, so that a graph without autograd can
still say where a logit comes from (`logit_gradients`, `Pool.channel_gradients`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PoolKind = Literal["average", "concat", "flatten"]


@dataclass(frozen=True)
class HeadPlan:
    """What stands between the last feature map and the logits.

    Parameters
    ----------
    pool
        "average": the mean of each channel; "concat": the maximum of each channel, then the mean;
        "flatten": every value.
    window, stride
        Of a max pooling before that; 1 = none.
    hidden
        Widths of the hidden layers; () = one linear layer.
    tanh
        Whether the hidden layers end in tanh instead of ReLU.
    norm
        fast.ai's order: BatchNorm and dropout before every linear layer, half the dropout before
        the first. Else dropout after every hidden layer, as VGG's.
    pool_dropout
        In [0, 1); of what is pooled, a fixed part of a paper's network.
    """

    pool: PoolKind = "average"
    window: int = 1
    stride: int = 1
    hidden: tuple[int, ...] = ()
    tanh: bool = False
    norm: bool = False
    pool_dropout: float = 0.0


AVERAGE = HeadPlan()
# fast.ai's head: concat pool, BN-dropout-Linear-ReLU, BN-dropout-Linear.
MLP = HeadPlan("concat", hidden=(512,), norm=True)


class Pool(nn.Module):
    """The last feature map (N, C, h, w) → (N, V); `HeadPlan` says how."""

    def __init__(self, plan: HeadPlan) -> None:
        super().__init__()
        self.kind = plan.pool
        self.window, self.stride = plan.window, plan.stride

    def forward(self, last_map: Tensor) -> Tensor:
        """V is C, 2 C or C h' w' for "average", "concat" and "flatten"."""
        if self.window > 1:
            last_map = F.max_pool2d(last_map, self.window, self.stride)
        if self.kind == "flatten":
            return last_map.flatten(1)
        mean = last_map.mean(dim=(2, 3))
        return mean if self.kind == "average" else torch.cat([last_map.amax((2, 3)), mean], dim=1)

    def width(self, shape: Sequence[int]) -> int:
        """V for a last map of shape (C, h, w)."""
        pooled: Tensor = self(torch.zeros(1, *shape))
        return pooled.shape[1]

    def channel_gradients(self, gradients: Tensor, last_map: Tensor) -> Tensor:
        """The gradients' mean over each channel's pixels: (N, K, V) → (N, K, C).

        A maximum hands its gradient to one pixel, whichever: the mean does not depend on where.
        """
        n, k, _ = gradients.shape
        channels, n_pixels = last_map.shape[1], last_map.shape[2] * last_map.shape[3]
        # "concat": (2, C), the two parts add up; "flatten": (C, h' w'), the places do.
        if self.kind == "concat":
            gradients = gradients.reshape(n, k, 2, channels).sum(dim=2)
        elif self.kind == "flatten":
            gradients = gradients.reshape(n, k, channels, -1).sum(dim=3)
        return gradients / n_pixels


def make_layers(
    plan: HeadPlan, width: int, n_logits: int, dropout: float
) -> nn.Linear | nn.Sequential:
    """The layers after the pool: one `nn.Linear` where nothing is hidden, else all in a row.

    Parameters
    ----------
    width
        V, what the pool gives.
    dropout
        In [0, 1). Of a single linear layer it is the caller's business.
    """
    if not plan.hidden:
        return nn.Linear(width, n_logits)
    layers: list[nn.Module] = []
    for position, after in enumerate(plan.hidden):
        if plan.norm:
            share = dropout / 2 if position == 0 else dropout
            layers += [nn.BatchNorm1d(width), nn.Dropout(share)]
        layers += [nn.Linear(width, after), nn.Tanh() if plan.tanh else nn.ReLU()]
        if not plan.norm:
            layers.append(nn.Dropout(dropout))
        width = after
    if plan.norm:
        layers += [nn.BatchNorm1d(width), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(width, n_logits))


def logit_gradients(layers: nn.Linear | nn.Sequential, pooled: Tensor) -> Tensor:
    """The gradient of every logit to what was pooled, by the chain rule: (N, V) → (N, K, V).

    In evaluation mode only: BatchNorm is a fixed scale and dropout is nothing.

    Raises
    ------
    ValueError
        The layers are in training mode, or of a kind that no head here has.
    """
    if layers.training:
        raise ValueError("logit_gradients needs layers in evaluation mode")
    parts = [layers] if isinstance(layers, nn.Linear) else list(layers)
    values = [pooled]
    for part in parts:
        values.append(part(values[-1]))
    gradient = torch.eye(values[-1].shape[1], dtype=pooled.dtype, device=pooled.device)
    gradient = gradient.expand(pooled.shape[0], -1, -1)
    for part, before, after in reversed(list(zip(parts, values, values[1:], strict=False))):
        gradient = _back_through(part, gradient, before, after)
    return gradient


def _back_through(part: nn.Module, gradient: Tensor, before: Tensor, after: Tensor) -> Tensor:
    if isinstance(part, nn.Linear):
        return gradient @ part.weight
    if isinstance(part, nn.ReLU):
        return gradient * (before > 0).to(gradient.dtype)[:, None]
    if isinstance(part, nn.Tanh):
        return gradient * (1 - after.square())[:, None]
    if isinstance(part, nn.BatchNorm1d) and part.running_var is not None:
        return gradient * (part.weight / (part.running_var + part.eps).sqrt())
    if isinstance(part, nn.Dropout):
        return gradient
    raise ValueError(f"found {type(part).__name__}; no head has such a layer")
