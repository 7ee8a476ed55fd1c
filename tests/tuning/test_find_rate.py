import copy
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch

from plainfilm.errors import RunError
from plainfilm.training.batches import Batch, Films, Positions
from plainfilm.training.checkpoint import write_state
from plainfilm.training.learner import Learner
from plainfilm.training.prepared import Prepared
from plainfilm.training.schedule import RangeSweep
from plainfilm.training.start import new_learner
from plainfilm.tuning.find_rate import (
    Halfway,
    RangeCurve,
    curve_json,
    find_rate,
    range_test,
    words_of,
)
from tiny_training import tiny_recipe

SWEEP = RangeSweep(1e-5, 1e3, 60)
CPU = torch.device("cpu")


@pytest.fixture
def opened(prepared: Path) -> Prepared:
    return Prepared.open(prepared, tiny_recipe())


@pytest.fixture
def learner(opened: Prepared) -> Learner:
    return new_learner(tiny_recipe("loss.label_smoothing=0"), opened, CPU)


def test_the_test_stops_where_the_loss_diverges_and_restores_the_weights(
    learner: Learner, opened: Prepared
) -> None:
    """S0-45."""
    states = (learner.network, learner.average, learner.optimiser)
    before = [copy.deepcopy(state.state_dict()) for state in states]

    curve = range_test(learner, opened.train, SWEEP)

    assert curve.diverged
    assert 10 < len(curve.losses) < SWEEP.steps
    assert max(curve.losses[-3:]) > 4 * min(curve.losses)
    assert curve.rates == tuple(SWEEP.at(step).lr for step in range(len(curve.losses)))
    for state, old in zip(states[:2], before, strict=False):
        assert all(torch.equal(value, old[key]) for key, value in state.state_dict().items())
    assert learner.optimiser.state_dict() == before[2]


def test_a_suggestion_lies_below_where_the_loss_diverges(prepared: Path) -> None:
    """S0-47."""
    curve = find_rate(tiny_recipe(), prepared, sweep=RangeSweep(1e-6, 1e3, 80), threads=1)

    assert curve.suggestion is not None
    assert curve.rates[0] < curve.suggestion < curve.rates[-1]


def test_a_gentle_sweep_runs_to_its_end(learner: Learner, opened: Prepared) -> None:
    curve = range_test(learner, opened.train, RangeSweep(1e-9, 1e-8, 7))

    assert not curve.diverged
    assert len(curve.losses) == 8  # steps 0 … n


def test_films_without_a_number_stop_it_at_once(learner: Learner, opened: Prepared) -> None:
    with torch.no_grad():
        learner.network.head_weight.fill_(math.nan)

    curve = range_test(learner, opened.train, SWEEP)

    assert (len(curve.losses), curve.diverged, curve.suggestion) == (1, True, None)


def test_each_curve_uses_its_own_weight_decay(prepared: Path) -> None:
    """S0-48: read from the optimiser, not from the recipe; and the losses differ."""
    decays = (0.0, 0.1, 1e-3, 1e-5)

    curves = [
        find_rate(
            tiny_recipe(f"optim.weight_decay={decay}"),
            prepared,
            sweep=RangeSweep(1e-2, 1.0, 12),
            threads=1,
        )
        for decay in decays
    ]

    assert tuple(curve.weight_decay for curve in curves) == decays
    assert len({curve.losses for curve in curves}) == 4


def test_class_weights_are_used(prepared: Path) -> None:
    """S0-48: without and with class weights."""
    plain, weighted = (
        find_rate(tiny_recipe(f"loss.pos_weight={scheme}"), prepared, sweep=SWEEP, threads=1)
        for scheme in ("none", "mura")
    )

    assert weighted.losses[0] == pytest.approx(2 * plain.losses[0], rel=0.1)


def test_the_same_test_gives_the_same_numbers(prepared: Path) -> None:
    torch.manual_seed(1)
    first = find_rate(tiny_recipe("network.dropout=0.3"), prepared, sweep=SWEEP, threads=1)
    torch.rand(5)

    assert find_rate(tiny_recipe("network.dropout=0.3"), prepared, sweep=SWEEP, threads=1) == first


class _Interrupted(Exception):
    pass


@dataclass(frozen=True, eq=False)
class _Cut(Films):
    """Films whose reading is interrupted after 25 batches."""

    n_taken: list[int] = field(default_factory=lambda: [0])

    def take(self, positions: Positions) -> Batch:
        self.n_taken[0] += 1
        if self.n_taken[0] > 25:
            raise _Interrupted
        return super().take(positions)


def test_a_test_that_is_cut_off_goes_on_bit_for_bit(opened: Prepared, tmp_path: Path) -> None:
    """Cut off in step 25, it goes on from step 20; the learner stays as it was in between."""
    recipe = tiny_recipe("network.dropout=0.3")
    first, second = (new_learner(recipe, opened, CPU) for _ in range(2))
    halfway = Halfway(tmp_path / "range.pt", "this one")
    whole = range_test(first, opened.train, SWEEP)
    assert len(whole.losses) > 25

    films = opened.train
    with pytest.raises(_Interrupted):
        range_test(
            second, _Cut(films.pixels, films.rows, films.labels, films.side), SWEEP, halfway=halfway
        )
    assert torch.equal(second.network.head_weight, first.network.head_weight)
    assert halfway.path.exists()
    third = new_learner(tiny_recipe("network.dropout=0.3", "optim.seed=5"), opened, CPU)
    third.recipe = recipe

    assert range_test(third, films, SWEEP, halfway=halfway) == whole
    assert not halfway.path.exists()


def test_another_tests_halfway_file_is_refused(prepared: Path, tmp_path: Path) -> None:
    place = tmp_path / "range.pt"
    write_state(place, {"identity": "another", "states": {}, "losses": []})

    with pytest.raises(RunError, match=r"range\.pt: is of another range test; remove it"):
        find_rate(tiny_recipe(), prepared, sweep=SWEEP, threads=1, halfway=place)


def test_a_suggestion_in_words() -> None:
    """S0-47."""
    curve = RangeCurve((1e-3, 1e-2), (0.7, 3.0), 0.0132, 0.01, diverged=True)

    assert words_of(curve) == "optim.lr = 0.013 (2 steps, the loss diverged)"
    flat = replace(curve, suggestion=None, diverged=False)
    assert words_of(flat) == (
        "no suggestion, the loss never falls (2 steps, the loss never diverged)"
    )


def test_a_curve_without_numbers_is_still_json() -> None:
    curve = RangeCurve((1e-3, 1e-2), (0.7, math.inf), None, 0.01, diverged=True)

    text = json.dumps(curve_json(curve), allow_nan=False)

    assert json.loads(text)["losses"] == [0.7, None]
