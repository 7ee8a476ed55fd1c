import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.parts import held_but, parts_of
from plainfilm.training.team import Team


@given(n=st.integers(1, 40), most=st.integers(0, 12), size=st.integers(1, 4))
def test_parts_are_the_whole_and_as_many_in_every_process(n: int, most: int, size: int) -> None:
    shares = [Team(rank, size).share(n) for rank in range(size)]
    parts = [parts_of(n, most, own) for own in shares]

    for own, slices in zip(shares, parts, strict=True):
        assert [place for part in slices for place in own[part]] == list(own)
    assert len({len(slices) for slices in parts}) == 1
    counts = zip(*([p.stop - p.start for p in slices] for slices in parts), strict=True)
    assert all(sum(count) >= min(n, most or n) for count in counts)


def test_a_batch_that_the_parts_divide_is_divided_evenly() -> None:
    assert parts_of(12, 4, range(12)) == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert parts_of(12, 6, range(1, 12, 2)) == [slice(0, 3), slice(3, 6)]


def test_logits_have_a_gradient_at_their_places_only() -> None:
    some = torch.tensor([[2.0], [3.0]], requires_grad=True)

    whole = held_but(some, range(1, 4, 2), 4)

    assert whole.tolist() == [[0], [2], [0], [3]]
    whole.square().sum().backward()
    assert some.grad is not None
    assert some.grad.tolist() == [[4], [6]]
