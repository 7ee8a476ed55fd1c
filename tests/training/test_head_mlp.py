import numpy as np
import pytest
import torch

from plainfilm.evaluation.metrics import auroc
from plainfilm.networks.heads import HeadPlan, make_layers
from plainfilm.training.head_fit import Bench, FittedHead, Learning
from plainfilm.training.head_mlp import fit_mlp
from plainfilm.training.learner import Target
from plainfilm.training.recipe import Recipe

PLAN = HeadPlan(hidden=(16,))


def recipe(*settings: str) -> Recipe:
    needed = ["network.name=encoder", "network.head=mlp", "encoder.file=a", "encoder.mean=[0.5]"]
    quick = ["optim.epochs=30", "optim.lr=0.02"]
    return Recipe.from_toml("", settings=[*needed, *quick, *settings])


def drawn(n: int, seed: int) -> Learning:
    """A ring: no straight line tells inside from outside."""
    embeddings = np.random.default_rng(seed).normal(5, 2, (n, 2)).astype(np.float32)
    inside = np.hypot(*(embeddings - 5).T) < 2.2
    return Learning(embeddings, inside[:, None].astype(np.float32))


def scores(head: FittedHead, films: Learning) -> np.ndarray:
    layers = make_layers(PLAN, 2, 1, 0.0).eval()
    layers.load_state_dict(head.state)
    with torch.no_grad():
        return layers(torch.from_numpy(films.embeddings)).numpy()


def test_it_learns_what_no_linear_layer_can() -> None:
    train, val = drawn(200, 0), drawn(100, 1)

    found = fit_mlp(Bench(train, val, Target()), recipe(), PLAN)

    assert auroc(scores(found, val)[:, 0], val.labels[:, 0]) > 0.95
    assert len(found.rows) == 30
    assert found.ended == "all 30 epochs"
    assert found.kept == found.rows[-1]


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    bench = Bench(drawn(60, 0), drawn(30, 1), Target())
    settings = ("optim.epochs=3", "network.dropout=0.5")

    first, again = (fit_mlp(bench, recipe(*settings), PLAN).state for _ in "ab")
    other = fit_mlp(bench, recipe(*settings, "optim.seed=1"), PLAN).state

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_it_stops_early_and_keeps_the_best_epoch() -> None:
    chance = np.random.default_rng(2)
    noise = Learning(drawn(40, 0).embeddings, chance.integers(0, 2, (40, 1)).astype(np.float32))
    val = drawn(60, 1)
    early = ("optim.schedule=plateau", "optim.stop_after=3", "optim.keep=best")

    found = fit_mlp(Bench(noise, val, Target()), recipe(*early), PLAN)

    assert len(found.rows) < 30
    assert found.ended.startswith("stopped early: 3 epochs without a lower validation loss")
    aurocs = [row.val_auroc for row in found.rows]
    assert found.kept.val_auroc == max(value for value in aurocs if value is not None)
    kept = auroc(scores(found, val)[:, 0], val.labels[:, 0])
    assert kept == pytest.approx(found.kept.val_auroc, abs=1e-3)
