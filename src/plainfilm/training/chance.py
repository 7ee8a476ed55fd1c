"""Chance, seeded: every random number of a training is a function of (seed, purpose, epoch, step).

So a resumed training draws what the uninterrupted one draws, without any saved random state.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor


def derived_seed(seed: int, purpose: str, *numbers: int) -> int:
    """A seed of 63 bits for one purpose, unrelated to those of other purposes and numbers."""
    text = ":".join([str(seed), purpose, *map(str, numbers)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator_for(seed: int, purpose: str, *numbers: int) -> Generator:
    """A CPU random generator for one purpose."""
    return Generator().manual_seed(derived_seed(seed, purpose, *numbers))


def seed_torch(seed: int, purpose: str, *numbers: int) -> None:
    """Seed torch's global random state (initial weights, dropout) for one purpose."""
    torch.manual_seed(derived_seed(seed, purpose, *numbers))


@contextmanager
def deterministic(device: torch.device, threads: int) -> Iterator[None]:
    """Deterministic algorithms and a fixed thread count within; the previous state after.

    On CUDA some layers' gradients (max pooling) have no deterministic algorithm: there only the
    order of the draws is promised, not the last bit.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    random_state = torch.get_rng_state()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.set_num_threads(before[1])
        torch.set_rng_state(random_state)


class Chances:
    """Random choices for each of n films, one after another from one generator."""

    def __init__(self, n: int, generator: Generator) -> None:
        self._n, self._generator = n, generator

    def uniform(self, *shape: int) -> Tensor:
        """Float32 (n, *shape) in [0, 1)."""
        return torch.rand((self._n, *shape), generator=self._generator)

    def around_zero(self, *shape: int) -> Tensor:
        """Float32 (n, *shape) in [-1, 1)."""
        return 2 * self.uniform(*shape) - 1

    def happens(self, share: float) -> Tensor:
        """True of this share; bool (n,)."""
        return self.uniform() < share

    def rarely(self, share: float) -> Tensor:
        """As `happens`; draws nothing at 0 and 1, where older recipes had no such choice."""
        return self.happens(share) if 0 < share < 1 else torch.full((self._n,), share == 1)

    def another(self, share: float) -> Tensor:
        """For this share any film, no two the same; for the others itself; int64 (n,)."""
        others = torch.randperm(self._n, generator=self._generator)
        return torch.where(self.happens(share), others, torch.arange(self._n))
