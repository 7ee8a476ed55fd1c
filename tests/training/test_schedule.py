import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.schedule import (
    END_DIVISOR,
    START_DIVISOR,
    Constant,
    OneCycle,
    RangeSweep,
    has_diverged,
    plateau_rate,
    schedule_of,
    steepest_rate,
)
from tiny_training import tiny_recipe


def cycle(steps: int = 100, warmup: float = 0.25) -> OneCycle:
    return OneCycle(steps, 0.01, warmup, momentum_high=0.95, momentum_low=0.85)


def test_it_starts_low_peaks_and_ends_at_nearly_nothing() -> None:
    paces = [cycle().at(step) for step in range(100)]

    assert paces[0].lr == pytest.approx(0.01 / START_DIVISOR)
    assert paces[25].lr == pytest.approx(0.01)
    assert paces[-1].lr == pytest.approx(0.01 / END_DIVISOR)


def test_momentum_mirrors_the_learning_rate() -> None:
    paces = [cycle().at(step) for step in range(100)]

    assert paces[0].momentum == pytest.approx(0.95)
    assert min(pace.momentum for pace in paces) == pytest.approx(paces[25].momentum)
    assert paces[25].momentum == pytest.approx(0.85)
    assert paces[-1].momentum == pytest.approx(0.95)
    rises = [b.lr > a.lr for a, b in itertools.pairwise(paces)]
    falls = [b.momentum < a.momentum for a, b in itertools.pairwise(paces)]
    assert rises == falls


@given(steps=st.integers(1, 500), warmup=st.floats(0.01, 0.99))
def test_every_step_stays_within_the_bounds(steps: int, warmup: float) -> None:
    schedule = cycle(steps, warmup)

    for step in range(steps):
        pace = schedule.at(step)
        assert 0 < pace.lr <= 0.01 * (1 + 1e-9)
        assert 0.85 - 1e-9 <= pace.momentum <= 0.95 + 1e-9


def test_it_is_torchs_own_one_cycle() -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([weight], lr=0.01, momentum=0.9)
    # torch's peak lies at pct_start * steps - 1, ours one step later: pct_start asks for the same
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        0.01,
        total_steps=100,
        pct_start=0.26,
        div_factor=START_DIVISOR,
        final_div_factor=END_DIVISOR / START_DIVISOR,
    )

    for step in range(100):
        assert cycle().at(step).lr == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        assert cycle().at(step).momentum == pytest.approx(optimiser.param_groups[0]["momentum"])
        optimiser.step()
        if step < 99:
            theirs.step()


def test_the_papers_figure_of_one_cycle() -> None:
    """S0-40, S0-41: 1e-4 to 3e-3 at index 29 of 100, down to 1e-8; momentum the mirror image.

    By a recipe; 3e5 is fast.ai v1's own end, 1e4 times below the start.
    """
    figure = ("lr=3e-3", "start_divisor=30", "end_divisor=3e5", "warmup_share=0.29", "epochs=4")
    recipe = tiny_recipe(*(f"optim.{each}" for each in figure))
    schedule = schedule_of(recipe.optim, 25, ())

    paces = [schedule.at(step) for step in range(100)]

    assert paces[0].lr == pytest.approx(1e-4)
    assert max(range(100), key=lambda step: paces[step].lr) == 29
    assert paces[29].lr == pytest.approx(3e-3)
    assert paces[99].lr == pytest.approx(1e-8)
    momenta = [paces[step].momentum for step in (0, 29, 99)]
    assert momenta == pytest.approx([0.95, 0.85, 0.95])
    assert min(range(100), key=lambda step: paces[step].momentum) == 29


def test_a_recipe_s_one_cycle_starts_and_ends_as_ever_unless_told() -> None:
    optim = tiny_recipe("optim.lr=0.01", "optim.epochs=1").optim

    assert (optim.start_divisor, optim.end_divisor) == (START_DIVISOR, END_DIVISOR)
    assert schedule_of(optim, 100, ()).at(99).lr == pytest.approx(1e-7)


def test_the_papers_text_of_one_cycle() -> None:
    """S0-42: from 0.0132 to 0.1 over 30 epochs of 647 steps."""
    recipe = tiny_recipe("optim.lr=0.1", f"optim.start_divisor={0.1 / 0.0132}", "optim.epochs=30")

    schedule = schedule_of(recipe.optim, 647, ())

    assert isinstance(schedule, OneCycle)
    assert schedule.steps == 19_410
    assert schedule.at(0).lr == pytest.approx(0.0132)
    assert max(schedule.at(step).lr for step in range(19_410)) == pytest.approx(0.1)


def test_a_flat_loss_divides_the_rate_after_each_epoch() -> None:
    """S2-42: 1e-3, 1e-4, 1e-5; the first epoch has nothing to be compared with."""
    rates = [plateau_rate([0.7] * n, start=1e-3, patience=1) for n in range(5)]

    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-5, 1e-6])


def test_patience_counts_epochs_in_a_row_and_begins_anew() -> None:
    losses = [0.9, 0.8, 0.8, 0.7, 0.71, 0.72, 0.73, 0.74, 0.69]

    rates = [plateau_rate(losses[:n], start=1.0, patience=2) for n in range(10)]

    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


@given(losses=st.lists(st.floats(0.01, 10), max_size=30), patience=st.integers(1, 5))
def test_a_plateau_never_raises_the_rate_and_a_falling_loss_keeps_it(
    losses: list[float], patience: int
) -> None:
    rates = [plateau_rate(losses[:n], start=1.0, patience=patience) for n in range(len(losses) + 1)]
    assert rates == sorted(rates, reverse=True)

    falling = sorted(set(losses), reverse=True)
    assert plateau_rate(falling, start=1.0, patience=patience) == 1.0


def test_an_epoch_that_was_not_validated_is_no_better() -> None:
    assert plateau_rate([0.5, None], start=1.0, patience=1) == pytest.approx(0.1)


def test_the_recipe_says_which_schedule() -> None:
    optim = tiny_recipe("optim.schedule=plateau", "optim.patience=2", "optim.lr=0.5").optim

    schedule = schedule_of(optim, 5, (0.7, 0.7, 0.7))

    assert schedule == Constant(pytest.approx(0.05), optim.momentum_high)
    assert schedule.at(3) == schedule.at(999)


@pytest.mark.parametrize(
    ("sweep", "factor", "rates"),
    [
        (RangeSweep(1e-7, 10, 100), 1.202264434617413, {0: 1e-7, 50: 1e-3, 100: 10}),
        (RangeSweep(1.32e-2, 1e-1, 30), 1.069829, {0: 1.32e-2, 30: 1e-1}),
    ],
)
def test_a_sweep_rises_by_one_factor(
    sweep: RangeSweep, factor: float, rates: dict[int, float]
) -> None:
    """S0-46."""
    assert sweep.factor == pytest.approx(factor, rel=1e-6)
    assert {step: sweep.at(step).lr for step in rates} == pytest.approx(rates)
    steps = itertools.pairwise(sweep.at(step).lr for step in range(sweep.steps + 1))
    assert all(after / before == pytest.approx(sweep.factor) for before, after in steps)


@pytest.mark.parametrize(
    ("start", "end", "steps"), [(0, 1, 10), (1, 1, 10), (1e-3, 1, 1), (1, math.inf, 9)]
)
def test_a_sweep_needs_somewhere_to_go(start: float, end: float, steps: int) -> None:
    with pytest.raises(ValueError, match="expected 0 < start < end"):
        RangeSweep(start, end, steps)


@pytest.mark.parametrize("middle", [30, 50, 72])
def test_the_suggestion_is_where_the_loss_falls_fastest(middle: int) -> None:
    """S0-47: the inflection of a sigmoid, to one step."""
    sweep = RangeSweep(1e-7, 10, 100)
    rates = [sweep.at(step).lr for step in range(101)]
    losses = [2 - 1 / (1 + math.exp(-(step - middle) / 4)) for step in range(101)]

    suggestion = steepest_rate(rates, losses)

    assert suggestion is not None
    assert abs(rates.index(suggestion) - middle) <= 1


def test_what_comes_after_the_lowest_loss_does_not_count() -> None:
    sweep = RangeSweep(1e-7, 10, 100)
    rates = [sweep.at(step).lr for step in range(101)]
    losses = [2 - 1 / (1 + math.exp(-(step - 40) / 4)) for step in range(80)]
    losses += [9.0, 1.5, 30.0, 1.5]  # falls faster there, but diverging

    suggestion = steepest_rate(rates[: len(losses)], losses)

    assert suggestion is not None
    assert abs(rates.index(suggestion) - 40) <= 1


@pytest.mark.parametrize("losses", [[], [1.0, 0.5], [1.0] * 30, [1.0 + n for n in range(30)]])
def test_a_loss_that_never_falls_suggests_nothing(losses: list[float]) -> None:
    rates = [1e-3 * 1.1**step for step in range(len(losses))]

    assert steepest_rate(rates, losses) is None


def test_a_loss_over_four_times_the_best_has_diverged() -> None:
    """S0-45."""
    calm = [1.0] * 50

    assert not has_diverged([])
    assert not has_diverged(calm)
    assert not has_diverged([*calm, 20.0])  # one step: the running mean is 2.9
    assert has_diverged([*calm, 20.0, 20.0])
    assert has_diverged([*calm, math.nan])
    assert has_diverged([*calm, math.inf])
