import pytest
import torch

from plainfilm.errors import RecipeError
from plainfilm.networks import build
from plainfilm.reading.facts import FACTS, facts_vector, width
from plainfilm.training.chance import generator_for
from plainfilm.training.recipe import Recipe
from plainfilm.training.side_inputs import PARTLY_HIDDEN, hidden

NAMES = ("age", "sex", "view")
KNOWN = torch.from_numpy(facts_vector(FACTS, {"age": 60.0, "sex": "M", "view": "AP"}))
N = 4000


def told_of(share: float) -> torch.Tensor:
    """Whether each fact of N films is told, bool (N, 3)."""
    told = hidden(KNOWN.repeat(N, 1), NAMES, share, generator_for(0, "facts", 1))
    return torch.stack([told[:, 0] > 0, told[:, 2:4].any(dim=1), told[:, 4:].any(dim=1)], dim=1)


def test_s0_85_so_many_films_are_told_nothing() -> None:
    told = told_of(0.5)

    nothing = float((~told).all(dim=1).float().mean())
    assert abs(nothing - (0.5 + 0.5 * PARTLY_HIDDEN**3)) < 0.03


def test_s0_85_of_the_others_each_fact_is_hidden_by_itself() -> None:
    told = told_of(0.2)

    some = told[told.any(dim=1)].float()
    assert (abs(some.mean(dim=0) - (1 - PARTLY_HIDDEN)) < 0.03).all()
    assert len(torch.unique(told, dim=0)) == 8


def test_s0_85_a_fact_is_hidden_whole_or_told_as_it_is() -> None:
    told = hidden(KNOWN.repeat(N, 1), NAMES, 0.5, generator_for(0, "facts", 1))

    for columns in (slice(0, 2), slice(2, 4), slice(4, 8)):
        rows = torch.unique(told[:, columns], dim=0)
        assert rows.tolist() == [[0.0] * rows.shape[1], KNOWN[columns].tolist()]


def test_s0_85_a_network_begins_as_if_it_were_told_nothing() -> None:
    network, films = build("film-net", 3).eval(), torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        before = network(films)
    state = torch.get_rng_state()

    network.take_facts(width(FACTS))

    assert torch.equal(torch.get_rng_state(), state)  # so that all else is drawn as without facts
    with torch.no_grad():
        assert torch.equal(network(films, KNOWN.repeat(2, 1)), before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["data.side_inputs=['sex']", "data.side_targets=['sex']"], "a side target as well"),
        (["data.side_inputs=['sex', 'sex']"], "expected each once"),
        (["data.side_inputs=['weight']"], "data.side_inputs"),
        (["data.side_inputs=['sex']", "data.side_inputs_hidden_share=0"], "above 0 and below 1"),
        (["data.side_inputs=['sex']", "data.side_inputs_hidden_share=1"], "above 0 and below 1"),
        (["data.side_inputs=['view']", "loss.balance=['view']"], "shall not tell a finding"),
        (
            ["data.side_inputs=['age']", "network.name=encoder", "encoder.file=a.onnx",
             "encoder.range=[0, 1]"],
            "data.side_inputs: an encoder's head",
        ),
    ],
)  # fmt: skip
def test_s0_85_a_recipe_that_cannot_be_told_is_refused(settings: list[str], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        Recipe.from_toml("", settings=settings)


def test_s0_85_side_inputs_are_off_by_default_and_have_one_order() -> None:
    assert Recipe().data.side_inputs == ()
    assert Recipe.from_toml("[data]\nside_inputs = ['view', 'age']").data.told == ("age", "view")
