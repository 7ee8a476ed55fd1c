import torch
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.augment import Augment, apply, draw
from plainfilm.training.augment_part import part_of


@given(n=st.integers(1, 12), size=st.integers(1, 4), seed=st.integers(0, 10_000))
def test_a_part_changes_its_films_as_the_whole_batch_does(n: int, size: int, seed: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    films = torch.rand(n, 1, 16, 16, generator=chance)
    choices = draw(n, Augment(), chance)

    whole = apply(films, choices)

    for rank in range(min(n, size)):
        own = range(rank, n, size)
        needed, part = part_of(choices, own)
        assert torch.equal(apply(films[needed], part)[: len(own)], whole[rank::size])


def test_a_part_needs_its_own_films_and_their_lenders_and_no_others() -> None:
    choices = draw(6, Augment(), torch.Generator().manual_seed(0))
    lenders = torch.tensor([0, 4, 2, 3, 5, 1])  # film 4's own lender is 5
    choices.frame_from.copy_(lenders)
    choices.exposure_from.copy_(torch.tensor([0, 1, 4, 3, 4, 5]))

    assert part_of(choices, [0, 3])[0].tolist() == [0, 3]
    assert part_of(choices, [1])[0].tolist() == [1, 4]
    assert part_of(choices, [2])[0].tolist() == [2, 4, 5]  # tones of a film that is framed first


def test_where_nothing_is_lent_a_part_is_its_own_films() -> None:
    alone = Augment(frame_share=0, exposure_share=0)
    choices = draw(9, alone, torch.Generator().manual_seed(0))

    assert part_of(choices, range(1, 9, 3))[0].tolist() == [1, 4, 7]
