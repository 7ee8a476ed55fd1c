import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.schedule import END_DIVISOR, START_DIVISOR, OneCycle


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
