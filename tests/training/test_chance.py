import torch

from plainfilm.training.chance import derived_seed, deterministic, generator_for, seed_torch


def test_seeds_of_different_purposes_and_steps_differ() -> None:
    seeds = {
        derived_seed(seed, purpose, step)
        for seed in range(3)
        for purpose in ("order", "augment")
        for step in range(50)
    }

    assert len(seeds) == 300


def test_the_same_purpose_draws_the_same() -> None:
    first = torch.rand(5, generator=generator_for(1, "augment", 7))

    assert torch.equal(first, torch.rand(5, generator=generator_for(1, "augment", 7)))


def test_a_derived_seed_is_the_same_on_every_machine_and_day() -> None:
    assert derived_seed(0, "order", 0) == 583293569008121160


def test_the_state_outside_is_left_as_it_was() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    with deterministic(torch.device("cpu"), threads=1):
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 1
        seed_torch(0, "weights")

    assert torch.equal(torch.rand(1), expected)
    assert not torch.are_deterministic_algorithms_enabled()
