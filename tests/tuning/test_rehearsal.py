from itertools import count
from pathlib import Path
from time import process_time

import numpy as np
import pytest
import torch

from plainfilm.training.augment import apply, draw
from plainfilm.training.chance import generator_for
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.recipe import Recipe
from plainfilm.training.start import new_learner
from plainfilm.tuning.rehearsal import (
    OVERFIT_FILMS,
    OVERFIT_LOSS,
    OVERFIT_STEPS,
    WATCHED_STEPS,
    mixed_positions,
    overfit,
    watch,
    without_changes,
)
from tiny_training import tiny_recipe, write_prepared

CPU = torch.device("cpu")


def learner_for(prepared: Prepared, recipe: Recipe) -> Learner:
    return new_learner(recipe, prepared, CPU)


@pytest.fixture(scope="module")
def films(prepared: Path) -> Prepared:
    return Prepared.open(prepared, tiny_recipe())


def test_without_changes_a_film_stays_as_it_is(films: Prepared) -> None:
    batch = films.train.take(np.arange(8)).films
    augment = without_changes(tiny_recipe()).augment
    seen = apply(batch, draw(8, augment, generator_for(0, "augment")))
    assert torch.allclose(seen, batch, atol=1e-5)


def test_without_changes_only_the_network_and_the_optimiser_stay() -> None:
    recipe = tiny_recipe(
        "network.dropout=0.5", 'data.side_targets=["sex"]', "optim.lr=0.5", "loss.side_weight=1.0"
    )
    plain = without_changes(recipe)
    assert (plain.network.dropout, plain.data.side_targets) == (0.0, ())
    assert (plain.network.name, plain.optim.lr) == (recipe.network.name, 0.5)
    assert plain.loss.label_smoothing == 0.0


def test_films_of_every_kind_are_taken_in_turn() -> None:
    labels = np.zeros((100, 2), np.float32)
    labels[90:] = 1
    labels[50] = (1, np.nan)
    labels[:5] = np.nan  # nothing is known of these
    chosen = mixed_positions(labels, 7)
    assert chosen.tolist() == [5, 50, 90, 6, 91, 7, 92]


def test_there_may_be_fewer_films_than_asked_for() -> None:
    assert mixed_positions(np.ones((3, 1), np.float32), 16).tolist() == [0, 1, 2]


def test_sixteen_films_are_learnt_by_heart(films: Prepared) -> None:
    """S2-08: in a few of the steps allowed."""
    learnt = overfit(learner_for(films, without_changes(tiny_recipe())), films.train)
    assert len(learnt.labels) == OVERFIT_FILMS
    assert learnt.loss < OVERFIT_LOSS
    assert learnt.share_right == 1
    assert learnt.losses[-1] < learnt.losses[0]
    assert len(learnt.losses) <= OVERFIT_STEPS / 2


@pytest.mark.slow
def test_a_recipe_of_nothing_but_defaults_learns_them_within_a_minute(tmp_path: Path) -> None:
    """S2-08: 60 s of one core, at 160 pixels; of the processor's time, not the clock's."""
    recipe = without_changes(Recipe())
    films = Prepared.open(write_prepared(tmp_path / "films", size=recipe.data.size), recipe)
    learner, before = learner_for(films, recipe), process_time()

    learnt = overfit(learner, films.train)

    assert process_time() - before < 60  # 7 where it was written
    assert (len(learnt.labels), learnt.share_right) == (16, 1)


def test_watching_goes_through_the_films_by_the_recipe_s_batches(films: Prepared) -> None:
    """S2-25: with a clock that ticks once a look, half the time is waiting."""
    ticks = count()
    watched = watch(
        learner_for(films, tiny_recipe()), films.train, clock=lambda: float(next(ticks))
    )
    assert len(watched.losses) == WATCHED_STEPS
    assert (watched.fetching, watched.learning) == (WATCHED_STEPS, WATCHED_STEPS)


def test_the_same_recipe_sees_the_same_losses(films: Prepared) -> None:
    one, other = (watch(learner_for(films, tiny_recipe()), films.train) for _ in range(2))
    assert one.losses == other.losses


def test_a_loss_that_is_no_number_ends_it(films: Prepared) -> None:
    """S2-09."""
    recipe = tiny_recipe()
    learner = learner_for(films, recipe)
    with torch.no_grad():
        learner.network.head_weight.fill_(float("nan"))
    watched = watch(learner, films.train)
    assert len(watched.losses) == 1
    assert np.isnan(watched.losses[0])
    assert len(overfit(learner, films.train).losses) <= 10
