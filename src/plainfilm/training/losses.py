"""Losses over logits and labels, in which an unknown label (NaN) counts for nothing."""

import torch
import torch.nn.functional as F
from torch import Tensor

SMALL = 1e-6  # below any sum of weights but none


def masked_bce(
    logits: Tensor,
    targets: Tensor,
    *,
    pos_weight: Tensor | None = None,
    column_weight: Tensor | None = None,
    film_weight: Tensor | None = None,
) -> Tensor:
    """Mean binary cross-entropy over the known targets.

    Parameters
    ----------
    logits
        (N, K).
    targets
        (N, K), in [0, 1]; NaN = unknown: changes neither the loss nor any gradient.
    pos_weight
        (K,), above 0: the weight of a present finding; None = 1.
    column_weight
        (K,), 0 or more: what a column counts in the mean; None = 1.
    film_weight
        (N, K), 0 or more: what each target counts in the mean; None = 1.

    Returns
    -------
    A scalar, 0 or more; 0 with zero gradient where no target is known.
    """
    known = ~torch.isnan(targets)
    filled = torch.where(known, targets, 0.0)
    # Computed in float32 under autocast too: bfloat16 has three digits.
    each = F.binary_cross_entropy_with_logits(
        logits.float(), filled, reduction="none", pos_weight=pos_weight
    )
    weight = known.float() if column_weight is None else known * column_weight
    weight = weight if film_weight is None else weight * film_weight
    return (weight * each).sum() / weight.sum().clamp(min=SMALL)


def smoothed(labels: Tensor, smoothing: float) -> Tensor:
    """Labels moved towards a half: 0 → s/2, 1 → 1 - s/2; NaN stays NaN.

    References
    ----------
    Szegedy et al. 2016, "Rethinking the Inception architecture", section 7.
    """
    return labels * (1 - smoothing) + smoothing / 2


def distilled(targets: Tensor, teachers: Tensor, share: float) -> Tensor:
    """Targets blended with the teachers' probability; where one is unknown, the other alone.

    Parameters
    ----------
    targets
        (N, K) in [0, 1] or NaN.
    teachers
        (N, K), the mean probability of the teachers, in [0, 1]; NaN = no opinion.
    share
        In [0, 1]: the teachers' part.

    References
    ----------
    Hinton, Vinyals, Dean 2015 (arXiv 1503.02531), section 2.
    """
    blend = (1 - share) * targets + share * teachers
    taught = torch.where(torch.isnan(targets), teachers, blend)
    return torch.where(torch.isnan(teachers), targets, taught)


def balancing_weights(labels: Tensor) -> Tensor:
    """Absent / present films of each finding, float32 (K,); 1 where either is missing."""
    present = (labels == 1).sum(dim=0)
    absent = (labels == 0).sum(dim=0)
    ratio = absent / present.clamp(min=1)
    return torch.where((present > 0) & (absent > 0), ratio, 1.0)
