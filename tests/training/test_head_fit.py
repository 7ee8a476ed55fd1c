import math

import numpy as np
import pytest
import torch
from torch import nn

from plainfilm.errors import RunError
from plainfilm.networks.heads import HeadPlan, make_layers
from plainfilm.training.head_fit import Bench, Learning, copied
from plainfilm.training.learner import Target


def drawn(n: int, seed: int, *, width: int = 5) -> Learning:
    chance = np.random.default_rng(seed)
    embeddings = chance.normal(3, 2, (n, width)).astype(np.float32)
    labels = (embeddings[:, :2] + chance.normal(0, 2, (n, 2)) > 3).astype(np.float32)
    return Learning(embeddings, labels)


def test_the_training_films_are_at_mean_0_and_deviation_1() -> None:
    bench = Bench(drawn(50, 0), drawn(20, 1), Target())

    assert torch.allclose(bench.seen.mean(dim=0), torch.zeros(5, dtype=torch.float64), atol=1e-9)
    assert torch.allclose(bench.seen.std(dim=0, correction=0), torch.ones(5, dtype=torch.float64))
    assert bench.tried.shape == (20, 5)


def test_a_feature_that_never_varies_stays_finite() -> None:
    films = drawn(50, 0)
    films.embeddings[:, 2] = 7

    bench = Bench(films, drawn(20, 1), Target())

    assert torch.equal(bench.seen[:, 2], torch.zeros(50, dtype=torch.float64))
    assert torch.isfinite(bench.tried).all()


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_a_folded_head_answers_embeddings_as_they_are(hidden: tuple[int, ...]) -> None:
    bench = Bench(drawn(50, 0), drawn(20, 1), Target())
    layers = make_layers(HeadPlan(hidden=hidden), 5, 2, 0.0).eval()
    with torch.no_grad():
        expected = layers(bench.tried.float())

        layers.load_state_dict(bench.folded(copied(layers)))

        found = layers(torch.from_numpy(bench.val.embeddings))
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_row_tells_what_the_layers_do_on_validation_films() -> None:
    bench = Bench(drawn(50, 0), drawn(20, 1), Target())
    layer = nn.Linear(5, 2)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)

    row = bench.row(3, 0.5, 0.01, layer, 0.0)

    assert (row.epoch, row.loss, row.lr) == (3, 0.5, 0.01)
    assert row.val_loss == pytest.approx(math.log(2), abs=1e-6)
    assert row.val_auroc == 0.5


def test_without_validation_films_nothing_is_told_of_them() -> None:
    bench = Bench(drawn(50, 0), drawn(0, 1), Target())

    row = bench.row(1, 0.5, 0.0, nn.Linear(5, 2), 0.0)

    assert (row.val_loss, row.val_auroc) == (None, None)


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    bench = Bench(drawn(50, 0), drawn(20, 1), Target())

    with pytest.raises(RunError, match="the head's loss became nan in step 2"):
        bench.row(2, math.nan, 0.0, nn.Linear(5, 2), 0.0)


def test_a_batch_has_the_films_at_its_places() -> None:
    films = drawn(6, 0)
    weighted = Learning(films.embeddings, films.labels, films.labels + 1)

    batch = weighted.batch(np.array([4, 1]))

    assert torch.equal(batch.labels, torch.from_numpy(films.labels[[4, 1]]))
    assert batch.weights is not None
    assert torch.equal(batch.weights, batch.labels + 1)
