import numpy as np
import pytest

from plainfilm.radiograph import Sex, View
from plainfilm.reading.facts import (
    COLUMNS,
    FACTS,
    Facts,
    columns,
    facts_vector,
    facts_words,
    width,
    without_facts,
)


def test_s0_85_what_is_not_known_is_zeros() -> None:
    nothing = facts_vector(FACTS, {"age": None, "sex": None, "view": None})

    assert nothing.dtype == np.float32
    assert nothing.shape == (width(FACTS),)
    assert not nothing.any()
    assert (without_facts(FACTS, 3) == nothing).all()


def test_s0_85_a_newborn_is_not_of_unknown_age() -> None:
    assert facts_vector(("age",), {"age": 0.0}).tolist() == [1, 0]
    assert facts_vector(("age",), {"age": 50.0}).tolist() == [1, 0.5]


@pytest.mark.parametrize("name", ["sex", "view"])
def test_s0_85_each_word_has_a_column_of_its_own(name: str) -> None:
    words: list[str] = [*Sex] if name == "sex" else [*View]

    told = np.stack([facts_vector((name,), {name: word}) for word in words])

    assert (told == np.eye(len(words))).all()


@pytest.mark.parametrize("facts", [{"sex": "O"}, {"view": "SUNRISE"}, {"sex": "", "view": ""}])
def test_s0_85_another_word_counts_as_not_known(facts: Facts) -> None:
    assert not facts_vector(("sex", "view"), facts).any()


def test_s0_85_facts_that_a_network_does_not_take_leave_no_trace() -> None:
    known: Facts = {"age": 60.0, "sex": "F", "view": "PA"}

    assert facts_vector(("sex",), known).tolist() == facts_vector(("sex",), {"sex": "F"}).tolist()
    assert columns(("sex",)) == COLUMNS["sex"]


def test_what_was_told_is_said_in_words() -> None:
    assert facts_words({"age": 60.0, "sex": "F", "view": None}) == "age 60, sex F, view not known"
    assert facts_words({"age": None, "sex": None}) == "age not known, sex not known"
    assert facts_words({"age": 4.5}) == "age 4.5"
