import torch
from torch import Generator, Tensor

from plainfilm.training.tones import expose, retone


def films(n: int = 4) -> Tensor:
    return torch.rand(n, 1, 40, 40, generator=Generator().manual_seed(1))


def test_films_that_borrow_no_tones_keep_theirs() -> None:
    own = torch.arange(4)

    assert torch.equal(expose(films(), own, torch.ones(4)), films())
    assert torch.equal(expose(films(), own.flip(0), torch.zeros(4)), films())
    one = expose(films(), torch.tensor([1, 1, 2, 3]), torch.ones(4))
    assert torch.equal(one[1:], films()[1:])
    assert not torch.equal(one[0], films()[0])


def test_a_half_way_exposure_lies_between_the_two() -> None:
    dark, bright = torch.full((1, 1, 40, 40), 0.2), torch.full((1, 1, 40, 40), 0.8)

    changed = expose(torch.cat([dark, bright]), torch.tensor([1, 0]), torch.full((2,), 0.5))

    torch.testing.assert_close(changed, torch.full_like(changed, 0.5), atol=1e-3, rtol=0)


def test_tones_by_hand() -> None:
    """Of a film of one tone: the square, a tenth more, and a slope that is 0 in the middle."""
    grey = torch.full((1, 1, 3, 3), 0.5)

    changed = retone(grey, torch.tensor([[2.0, 1.0, 0.1, 0.2, 0.0]]))

    rows = torch.tensor([0.25, 0.35, 0.45]).view(3, 1).expand(3, 3)
    torch.testing.assert_close(changed[0, 0], rows)
    white = retone(grey, torch.tensor([[1.0, 1.0, 0.9, 0.0, 0.0]]))
    assert torch.equal(white, torch.ones_like(grey))


def test_lighting_in_logits_by_hand() -> None:
    """S0-23: odds of 1/4, 1 and 4, by the odds 1 of a level of 1/2 or 4 of 0.8, then squared."""
    steps = torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0]).view(1, 1, 1, 5)
    lift, none = torch.logit(torch.tensor(0.8)).item(), torch.logit(torch.tensor(0.5)).item()
    tone = torch.tensor([[1.0, 1.0, lift, 0, 0], [1.0, 2.0, none, 0, 0], [1.0, 2.0, lift, 0, 0]])

    lifted, squared, both = retone(steps.expand(3, 1, 1, 5), tone, "logits").flatten(1)

    torch.testing.assert_close(lifted, torch.tensor([0, 1 / 2, 4 / 5, 16 / 17, 1]))
    torch.testing.assert_close(squared, torch.tensor([0, 1 / 17, 1 / 2, 16 / 17, 1]))
    torch.testing.assert_close(both, torch.tensor([0, 1 / 2, 16 / 17, 256 / 257, 1]))
