"""A batch learnt in parts, for want of memory: which films go through the network together."""

from itertools import pairwise

import torch
from torch import Tensor


def parts_of(n: int, most: int, own: range) -> list[slice]:
    """How a process goes through its films of a batch, as many parts in every process.

    Parameters
    ----------
    n
        Films of the whole batch.
    most
        Films of the whole batch at a time; 0 = all of them. Where it does not divide n, some parts
        have more, so that none has fewer: statistics of one film would be none.
    own
        This process's places in the batch, in order.

    Returns
    -------
    Slices of `own`; together all of it.
    """
    n_parts = max(1, n // most) if most else 1
    ends = [n * part // n_parts for part in range(n_parts + 1)]
    cuts = [sum(place < end for place in own) for end in ends]
    return [slice(start, end) for start, end in pairwise(cuts)]


def held_but(logits: Tensor, places: range, n: int) -> Tensor:
    """Logits (n, K) that are these at their places, and constant elsewhere."""
    where = torch.tensor(list(places), dtype=torch.int64, device=logits.device)
    return logits.new_zeros(n, logits.shape[1]).index_copy(0, where, logits)
