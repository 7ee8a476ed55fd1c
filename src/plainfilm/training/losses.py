"""Losses over logits and labels, in which an unknown label (NaN) counts for nothing."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

SMALL = 1e-6  # below any sum of weights but none
TINY = 1e-12  # below any probability that counts

Reduction = Literal["none", "mean", "sum"]


@dataclass(frozen=True)
class Focus:
    """How little a label counts that the network already gets right.

    Parameters
    ----------
    present, absent
        γ, 0 or more: a present finding's loss is multiplied by (1 - p)^γ, an absent one's by p^γ.
    clip
        m in [0, 1): an absent finding's p is first lowered by m, at least to 0, so that one below
        m counts for nothing at all.

    References
    ----------
    Lin et al. 2017 (arXiv 1708.02002), equation 4: one γ, no clip; its α is a class weight here.
    Ridnik et al. 2021 (arXiv 2009.14119), equations 4 to 7.
    """

    present: float = 0.0
    absent: float = 0.0
    clip: float = 0.0


FOCAL = Focus(2.0, 2.0)  # as its paper recommends
ASYMMETRIC = Focus(1.0, 4.0, 0.05)  # as its authors' code; their paper has γ 0 of the present


def masked_bce(
    logits: Tensor,
    targets: Tensor,
    *,
    pos_weight: Tensor | None = None,
    neg_weight: Tensor | None = None,
    weight: Tensor | None = None,
    focus: Focus | None = None,
) -> Tensor:
    """Mean binary cross-entropy over the known targets.

    Parameters
    ----------
    logits
        (N, K).
    targets
        (N, K), in [0, 1]; NaN = unknown: changes neither the loss nor any gradient.
    pos_weight, neg_weight
        (K,), above 0: the weight of a present and of an absent finding; None = 1. The mean is over
        labels, not over weights, as torch's.
    weight
        (K,) or (N, K), 0 or more: what each target counts in the mean; None = 1.
    focus
        None = every label counts alike.

    Returns
    -------
    A scalar, 0 or more; 0 with zero gradient where no target is known.
    """
    known = ~torch.isnan(targets)
    filled = torch.where(known, targets, 0.0)
    # Computed in float32 under autocast too: bfloat16 has three digits.
    if focus is None and neg_weight is None:
        each = F.binary_cross_entropy_with_logits(
            _wide(logits), filled.to(_wide(logits).dtype), reduction="none", pos_weight=pos_weight
        )
    else:
        present, absent = _both_losses(_wide(logits), focus or Focus())
        present = present if pos_weight is None else present * pos_weight
        absent = absent if neg_weight is None else absent * neg_weight
        each = filled * present + (1 - filled) * absent
    counted = known.float() if weight is None else known * weight
    return (counted * each).sum() / counted.sum().clamp(min=SMALL)


def weighted_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    *,
    class_weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of findings that exclude each other.

    Parameters
    ----------
    logits
        (N, K).
    targets
        (N, K): each row adds up to 1; a row with NaN is unknown and counts for nothing.
    class_weight
        (K,), above 0; None = 1.
    reduction
        "none": (N,), 0 for an unknown row; "sum"; "mean": divided by the sum of the rows' own
        weights, not by their number.

    References
    ----------
    Elkins, Freitas, Sanz 2020, J Med Artif Intell 3:8, equation 2; torch's `CrossEntropyLoss`.
    """
    known = ~torch.isnan(targets).any(dim=1, keepdim=True)
    shares = torch.where(known, targets, 0.0)
    if class_weight is not None:
        shares = shares * class_weight
    each = -(shares * F.log_softmax(_wide(logits), dim=1)).sum(dim=1)
    if reduction == "none":
        return each
    return each.sum() if reduction == "sum" else each.sum() / shares.sum().clamp(min=SMALL)


def smoothed(labels: Tensor, smoothing: float, *, n_classes: int = 2) -> Tensor:
    """Labels moved towards 1/C, a half by default: 0 → s/C, 1 → 1 - s + s/C; NaN stays NaN.

    Parameters
    ----------
    n_classes
        C: 2 for present and absent; of findings that exclude each other, their number.

    References
    ----------
    Szegedy et al. 2016, "Rethinking the Inception architecture", section 7.
    """
    return labels * (1 - smoothing) + smoothing / n_classes


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


def _wide(logits: Tensor) -> Tensor:
    """As float32, or float64 where they are that already."""
    return logits if logits.dtype == torch.float64 else logits.float()


def _both_losses(logits: Tensor, focus: Focus) -> tuple[Tensor, Tensor]:
    """What a present and what an absent finding would cost, each (N, K)."""
    log_p, log_q = F.logsigmoid(logits), F.logsigmoid(-logits)
    # Powers as exponentials: (1 - p) ** γ has no finite slope at p = 1 where γ < 1.
    present = -(focus.present * log_q).exp() * log_p
    if not focus.clip:
        return present, -(focus.absent * log_p).exp() * log_q
    q = (log_q.exp() + focus.clip).clamp(max=1.0)
    return present, -(1 - q).clamp(min=TINY).pow(focus.absent) * q.log()
