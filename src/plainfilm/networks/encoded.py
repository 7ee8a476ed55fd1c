"""What an encoder gives, as a feature map (N, D, h, w) that a `Classifier`'s head can follow.

An encoder is any network that somebody else trained; it gives one vector for a film, a row of
tokens, or a feature map. Under a linear head the latter two say by algebra where a score comes
from; one vector does not say it.
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

Gives = Literal["embedding", "first-token", "tokens", "map"]


class Tones(nn.Module):
    """Films (N, 1, S, S) in [0, 1] to what the encoder was trained on.

    Parameters
    ----------
    channels
        1, or 3 alike.
    span
        What black and white become.
    mean, deviation
        Of every channel; taken off, and divided by, afterwards.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        channels: int,
        span: tuple[float, float],
        mean: Sequence[float],
        deviation: Sequence[float],
    ) -> None:
        super().__init__()
        self.channels, self.span = channels, span
        # Not persistent: the recipe states them.
        for name, values in (("mean", mean), ("deviation", deviation)):
            each = torch.tensor(values, dtype=torch.float32).expand(channels)
            self.register_buffer(name, each.reshape(channels, 1, 1).clone(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, S, S)."""
        black, white = self.span
        toned = x * (white - black) + black
        spread: Tensor = (toned.expand(-1, self.channels, -1, -1) - self.mean) / self.deviation
        return spread


class OnePlace(nn.Module):
    """An embedding (N, D), or the first of tokens (N, T, D), as a map of one place (N, D, 1, 1)."""

    def forward(self, given: Tensor) -> Tensor:
        """(N, D, 1, 1)."""
        vector = given[:, 0] if given.ndim == 3 else given
        return vector[:, :, None, None]


class Places(nn.Module):
    """Tokens (N, T, D) or a feature map (N, D, h, w) as a map, one place for each patch.

    Parameters
    ----------
    extra
        How many tokens stand before those of the patches.
    grid
        (h, w): the patches' rows and columns, row by row.
    """

    def __init__(self, extra: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.extra, self.grid = extra, grid

    def forward(self, given: Tensor) -> Tensor:
        """(N, D, h, w)."""
        if given.ndim == 4:
            return given
        patches = given[:, self.extra :].transpose(1, 2)
        return patches.reshape(-1, patches.shape[1], *self.grid)


def arrange(gives: Gives, shape: Sequence[int], extra: int) -> OnePlace | Places:
    """The module that makes a feature map of what an encoder gives.

    Parameters
    ----------
    gives
        "embedding": (D,) for a film; "first-token": (T, D), of which the first counts; "tokens":
        (T, D), of which those after the first `extra` are patches; "map": (D, h, w).
    shape
        Of what it gives for one film.
    extra
        Only of "tokens".

    Raises
    ------
    ValueError
        The shape is another one, or the patches are not a square.
    """
    rank = {"embedding": 1, "first-token": 2, "tokens": 2, "map": 3}[gives]
    if len(shape) != rank:
        expected = {1: "D", 2: "T, D", 3: "D, h, w"}[rank]
        found = ", ".join(map(str, ("N", *shape)))
        raise ValueError(f"gives ({found}); encoder.gives {gives!r} is (N, {expected})")
    if gives in ("embedding", "first-token"):
        return OnePlace()
    if gives == "map":
        return Places(0, (shape[1], shape[2]))
    n_patches = shape[0] - extra
    side = math.isqrt(max(n_patches, 0))
    if side < 1 or side**2 != n_patches:
        found = f"gives {shape[0]} tokens, {n_patches} after the first {extra}"
        raise ValueError(f"{found}; expected a square number of patches (encoder.extra_tokens)")
    return Places(extra, (side, side))
