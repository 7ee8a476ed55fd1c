import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from plainfilm.datasets.cache import Cache
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import RunError
from plainfilm.evaluation.metrics import auroc
from plainfilm.networks import build
from plainfilm.training.batches import Films, films_of
from plainfilm.training.learner import Learner, Target
from plainfilm.training.losses import masked_bce
from plainfilm.training.validate import mean_auroc, validate
from tiny_training import tiny_recipe


@pytest.fixture
def learner() -> Learner:
    torch.manual_seed(0)
    target = Target()
    return Learner(tiny_recipe(), build("film-net", 2), target, torch.device("cpu"))


def test_it_equals_loss_and_auroc_of_all_films_at_once(prepared: Path, learner: Learner) -> None:
    films = films_of(Manifest.load(prepared), Cache.open(prepared), "val")
    batch = films.take(np.arange(len(films)))
    logits = learner.average(batch.films)

    verdict = validate(learner, films)

    assert verdict.loss == pytest.approx(float(masked_bce(logits, batch.labels)), abs=1e-6)
    assert verdict.auroc == pytest.approx(mean_auroc(logits, batch.labels))


def test_findings_that_exclude_each_other_are_ranked_by_their_share(prepared: Path) -> None:
    torch.manual_seed(0)
    recipe = tiny_recipe("loss.name=cross-entropy")
    one = Learner(recipe, build("film-net", 2), Target(exclusive=True), torch.device("cpu"))
    films = films_of(Manifest.load(prepared), Cache.open(prepared), "val")
    labels = np.stack([films.labels[:, 0], 1 - films.labels[:, 0]], axis=1)
    batch = films.take(np.arange(len(films)))
    logits = one.average(batch.films)

    verdict = validate(one, replace(films, labels=labels))

    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    assert verdict.loss == pytest.approx(float(expected), abs=1e-6)
    difference = (logits[:, 0] - logits[:, 1]).detach().numpy()
    assert verdict.auroc == pytest.approx(auroc(difference, labels[:, 0]))


def test_the_published_validation_films_are_162_batches_the_last_of_47() -> None:
    """S0-12: 10,351 films, 64 at a time."""
    recipe, n = tiny_recipe("optim.batch_size=64"), 10_351
    labels = (np.arange(n) % 2).astype(np.float32)[:, np.newaxis]
    films = Films(np.zeros((1, 16, 16), np.uint8), np.zeros(n, np.int64), labels, labels[:, :0])
    one, sizes = Learner(recipe, build("conv2", 1, size=16), Target(), torch.device("cpu")), []
    one.average.register_forward_pre_hook(lambda _, batch: sizes.append(len(batch[0])))

    validate(one, films)

    assert sizes == [64] * 161 + [47]


def test_without_films_nothing_is_said(prepared: Path, learner: Learner) -> None:
    verdict = validate(learner, films_of(Manifest.load(prepared), Cache.open(prepared), "test"))

    assert math.isnan(verdict.loss)
    assert math.isnan(verdict.auroc)


def test_findings_of_one_class_are_left_out_of_the_mean() -> None:
    logits = torch.tensor([[0.1, 0.5], [0.9, 0.2], [0.3, 0.4]])
    labels = torch.tensor([[0.0, 1.0], [1.0, 1.0], [math.nan, 1.0]])

    assert mean_auroc(logits, labels) == auroc(logits[:, 0].numpy(), labels[:, 0].numpy()) == 1.0
    assert math.isnan(mean_auroc(logits[:, 1:], labels[:, 1:]))


def test_a_logit_that_is_no_number_is_refused(prepared: Path, learner: Learner) -> None:
    films = films_of(Manifest.load(prepared), Cache.open(prepared), "val")
    learner.average.head_weight.fill_(math.nan)

    with pytest.raises(RunError, match="a logit is not finite"):
        validate(learner, films)
