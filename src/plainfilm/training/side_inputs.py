"""Side inputs: what a network is told of a film beside its pixels (`data.side_inputs`).

Not to be confused with side targets (`training.side`), which a network learns to say.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Generator, Tensor

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.reading.facts import Facts, Vector, facts_vector, width

SideInput = Literal["age", "sex", "view"]

PARTLY_HIDDEN = 0.25
"""The chance that a fact of a film that is not wholly hidden is hidden by itself. If all were known
or none, what one of them means alone would be left to chance: their columns would always go
together."""


def facts_of(sample: Sample) -> Facts:
    """What a data set's table says of a film."""
    return {"age": sample.age, "sex": sample.sex, "view": sample.view}


def fact_columns(manifest: Manifest, names: Sequence[SideInput]) -> Vector:
    """The `facts_vector` of every film of a data set, float32 (n, k)."""
    rows = [facts_vector(names, facts_of(sample)) for sample in manifest.samples]
    return np.array(rows, np.float32).reshape(len(rows), width(names))


def hidden(facts: Tensor, names: Sequence[SideInput], share: float, generator: Generator) -> Tensor:
    """The facts of a batch (N, k), some of them put to "not known".

    Parameters
    ----------
    names
        Whose columns they are.
    share
        In [0, 1]: of the films, those of which nothing is told; of the others each fact is hidden
        with the chance `PARTLY_HIDDEN`.
    generator
        Draws alike for whatever is known of the films.
    """
    n_films = len(facts)
    wholly = torch.rand((n_films, 1), generator=generator) < share
    partly = torch.rand((n_films, len(names)), generator=generator) < PARTLY_HIDDEN
    told = ~(wholly | partly)
    widths = torch.tensor([width((name,)) for name in names])
    return facts * told.repeat_interleave(widths, dim=1)
