"""One process's part of an augmentation that was drawn for the whole batch.

A film may take its frame and its tones from any other film of the batch, whichever process learns
from that one: so a process reads, beside its own films, those that lend to them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from plainfilm.training.augment import Draw


def part_of(choices: Draw, own: Sequence[int]) -> tuple[Tensor, Draw]:
    """The films needed to change the batch's films `own`, and the choices for just these.

    Parameters
    ----------
    choices
        Made for the whole batch.
    own
        Places in the batch, each once.

    Returns
    -------
    int64 (M,), places in the batch, the own ones first and in their order; and choices for those M
    films. `apply` gives for the first of them the very pixels that it gives for the whole batch.
    """
    first = torch.tensor(list(own), dtype=torch.int64)
    toned = _with(first, choices.exposure_from[first])
    needed = _with(toned, choices.frame_from[toned])  # tones are taken from films already framed
    place = torch.full((len(choices.mirror),), -1)
    place[needed] = torch.arange(len(needed))
    tensors: dict[str, Any] = {
        name: value[needed] for name, value in vars(choices).items() if isinstance(value, Tensor)
    }
    part = replace(choices, **tensors)
    return needed, replace(
        part,
        frame_from=_among(place, part.frame_from),
        exposure_from=_among(place, part.exposure_from),
    )


def _with(places: Tensor, lenders: Tensor) -> Tensor:
    new = sorted(set(lenders.tolist()) - set(places.tolist()))
    return torch.cat([places, torch.tensor(new, dtype=torch.int64)])


def _among(place: Tensor, lenders: Tensor) -> Tensor:
    """Where each lender now stands; the film itself where it was left out, being a lender's."""
    found = place[lenders]
    return torch.where(found < 0, torch.arange(len(found)), found)
