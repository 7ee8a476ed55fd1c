import torch

from plainfilm.training.chance import (
    Chances,
    derived_seed,
    deterministic,
    generator_for,
    seed_torch,
)


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


def test_what_is_sure_or_never_is_not_drawn() -> None:
    first, second = (Chances(100, generator_for(0, "augment")) for _ in range(2))

    assert not first.rarely(0).any()
    assert first.rarely(1).all()
    assert torch.equal(first.rarely(0.5), second.happens(0.5))


def test_another_is_any_film_once_or_the_film_itself() -> None:
    chances = Chances(100, generator_for(0, "augment"))

    assert torch.equal(chances.another(0), torch.arange(100))
    always = chances.another(1)
    assert torch.equal(always.sort().values, torch.arange(100))
    assert not torch.equal(always, torch.arange(100))
