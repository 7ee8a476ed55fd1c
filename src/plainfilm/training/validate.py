"""How well the averaged network does on the validation films."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from plainfilm.errors import RunError
from plainfilm.evaluation.metrics import auroc
from plainfilm.training.batches import Films
from plainfilm.training.learner import Learner


@dataclass(frozen=True)
class Verdict:
    """Plain loss and mean AUROC over findings; NaN where nothing can be said."""

    loss: float
    auroc: float


def validate(learner: Learner, films: Films) -> Verdict:
    """The averaged network on unchanged films; both NaN where there is no film.

    Raises
    ------
    RunError
        A logit is not finite.
    """
    if not len(films):
        return Verdict(math.nan, math.nan)
    logits = _logits(learner, films)[:, : films.labels.shape[1]]
    if not torch.isfinite(logits).all():
        raise RunError("validation: a logit is not finite. Lower optim.lr, or use float32.")
    labels = torch.from_numpy(films.labels)
    target = learner.target
    loss = float(target.plain_loss(logits, labels))
    return Verdict(loss, mean_auroc(target.scores(logits), labels))


def mean_auroc(logits: Tensor, labels: Tensor) -> float:
    """Mean AUROC over the findings that have both classes; NaN where none has."""
    each = [auroc(logits[:, k].numpy(), labels[:, k].numpy()) for k in range(labels.shape[1])]
    defined = [value for value in each if not math.isnan(value)]
    return sum(defined) / len(defined) if defined else math.nan


def _logits(learner: Learner, films: Films) -> Tensor:
    step, own = learner.recipe.optim.batch_size, np.array(learner.team.share(len(films)), np.int64)
    parts = np.split(own, range(step, len(own), step))
    batches = (films.take(part) for part in parts)
    logits = torch.cat([learner.judge(batch.films, batch.facts) for batch in batches])
    return learner.team.whole(logits, len(films))
