from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from plainfilm.errors import RunError
from plainfilm.training.head_fit import Bench, FittedHead, Learning
from plainfilm.training.head_linear import fit_linear
from plainfilm.training.learner import Target


def drawn(n: int, seed: int) -> Learning:
    """Five features, of which one tells the first finding, and two together the second."""
    chance = np.random.default_rng(seed)
    embeddings = chance.normal(0, [1, 2, 5, 1, 3], (n, 5)).astype(np.float32) + 4
    centred = (embeddings - 4) / np.array([1, 2, 5, 1, 3])
    signal = np.stack([centred[:, 0], centred[:, 1] + centred[:, 2]], axis=1)
    return Learning(embeddings, (signal + chance.normal(0, 1, (n, 2)) > 0).astype(np.float32))


def logits(head: FittedHead, films: Learning) -> np.ndarray:
    weight, bias = head.state["weight"].numpy(), head.state["bias"].numpy()
    return films.embeddings @ weight.T + bias


@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_it_is_the_logistic_regression_that_others_fit(penalty: float) -> None:
    train, val = drawn(200, 0), drawn(80, 1)
    bench = Bench(train, val, Target())

    found = logits(fit_linear(bench, [penalty]), val)

    for k in range(2):
        # the mean is over both findings' labels: half of a finding's own mean
        other = LogisticRegression(C=1 / (penalty * 2 * len(train)), tol=1e-10, max_iter=5000)
        other.fit(bench.seen.numpy(), train.labels[:, k])
        assert np.allclose(found[:, k], other.decision_function(bench.tried.numpy()), atol=1e-3)


def test_an_unknown_label_counts_for_nothing() -> None:
    """The other finding of the same film still counts."""
    train, val = drawn(200, 0), drawn(80, 1)
    masked = train.labels.copy()
    masked[50:, 0] = np.nan
    known = Learning(train.embeddings[:50], train.labels[:50])

    found = fit_linear(Bench(replace(train, labels=masked), val, Target()), [1e-6])

    # nearly without a penalty: each finding is fitted by its own films alone
    first = LogisticRegression(C=1e9, tol=1e-10, max_iter=5000)
    first.fit(known.embeddings, known.labels[:, 0])
    second = LogisticRegression(C=1e9, tol=1e-10, max_iter=5000)
    second.fit(train.embeddings, train.labels[:, 1])
    for k, other in enumerate((first, second)):
        expected = other.decision_function(val.embeddings)
        assert np.corrcoef(logits(found, val)[:, k], expected)[0, 1] > 0.9999


def test_the_penalty_with_the_lowest_validation_loss_is_kept() -> None:
    train, val = drawn(30, 0), drawn(300, 1)
    penalties = (3.0, 0.3, 0.03, 0.003, 0.0)

    found = fit_linear(Bench(train, val, Target()), penalties)

    losses = [row.val_loss for row in found.rows]
    best = int(np.argmin(losses))
    assert 0 < best < 4
    assert found.kept == found.rows[best]
    assert (
        found.ended == f"penalty {penalties[best]:g}, of 5 the one with the lowest validation loss"
    )
    labels = torch.from_numpy(val.labels)
    loss = Target().plain_loss(torch.from_numpy(logits(found, val)), labels)
    assert float(loss) == pytest.approx(losses[best], abs=1e-6)


def test_the_training_loss_falls_with_the_penalty() -> None:
    found = fit_linear(Bench(drawn(60, 0), drawn(60, 1), Target()), (3.0, 0.3, 0.03))

    losses = [row.loss for row in found.rows]
    assert losses == sorted(losses, reverse=True)


def test_the_same_films_give_the_same_bits() -> None:
    heads = [fit_linear(Bench(drawn(60, 0), drawn(60, 1), Target()), (1.0, 0.1)) for _ in "ab"]

    assert all(torch.equal(heads[0].state[key], heads[1].state[key]) for key in heads[0].state)


def test_class_weights_move_the_answers() -> None:
    train, val = drawn(200, 0), drawn(80, 1)
    heavy = Target(pos_weight=torch.tensor([9.0, 1.0]))

    plain, moved = (
        logits(fit_linear(Bench(train, val, t), [0.01]), val) for t in (Target(), heavy)
    )

    assert (moved[:, 0] > plain[:, 0]).all()
    assert np.abs(moved[:, 1] - plain[:, 1]).max() < 0.05


def test_findings_that_exclude_each_other_share_one_softmax() -> None:
    chance = np.random.default_rng(3)
    kinds = chance.integers(0, 3, 150)
    embeddings = (np.eye(3)[kinds] * 2 + chance.normal(0, 1, (150, 3))).astype(np.float32)
    films = Learning(embeddings, np.eye(3, dtype=np.float32)[kinds])

    found = fit_linear(Bench(films, films, Target(exclusive=True)), [0.01])

    right = (logits(found, films).argmax(axis=1) == kinds).mean()
    other = LogisticRegression(C=100 / 150, max_iter=5000).fit(embeddings, kinds)
    assert right == pytest.approx(other.score(embeddings, kinds), abs=0.03)


def test_several_penalties_need_validation_films() -> None:
    bench = Bench(drawn(60, 0), drawn(0, 1), Target())

    with pytest.raises(RunError, match=r"no film in split 'val' to choose a penalty by"):
        fit_linear(bench, (1.0, 0.1))
    assert fit_linear(bench, (1.0,)).ended == "penalty 1"
