from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets import chestxray14
from plainfilm.datasets.chestxray14 import at_least_one_finding
from plainfilm.datasets.film_split import Leakage, film_split, leakage
from plainfilm.datasets.manifest import Manifest


@pytest.fixture(scope="module")
def diseased(shared_data: Path) -> Manifest:
    return at_least_one_finding(chestxray14.index(shared_data / "nih-chestxray14-metadata"))


def test_s0_08_a_fifth_of_the_films_rounded_down_validates() -> None:
    """S0-08, S1-01: 51,759 films give 10,351 and 41,408; rounding would give 10,352."""
    assert Counter(film_split(51_759)) == {"val": 10_351, "train": 41_408}


def test_s0_09_the_seed_decides() -> None:
    """S0-09: seed 42 draws the same films everywhere, as numpy's legacy generator promises."""
    drawn = [film for film, split in enumerate(film_split(20)) if split == "val"]

    assert drawn == [0, 1, 15, 17]
    assert film_split(20) == film_split(20) != film_split(20, seed=43)


def test_s0_10_the_old_split_leaks_four_films_in_five(diseased: Manifest) -> None:
    """S0-10: 83 % of the validation films of the split by film are of training patients."""
    patients = [sample.patient for sample in diseased.samples]

    found = leakage(patients, film_split(len(patients)))

    assert found == Leakage(10_351, 8_627, 5_531, 3_901)
    assert str(found).startswith("8,627 of 10,351 films (83.3%) and 3,901 of 5,531 patients")


def test_s0_10_the_split_by_patient_leaks_none(diseased: Manifest) -> None:
    """S0-10: the default, by patient, shares no patient between any two splits."""
    patients = [sample.patient for sample in diseased.samples]
    splits = [sample.split for sample in diseased.samples]

    for split, other in (("val", "train"), ("test", "train"), ("test", "val")):
        found = leakage(patients, splits, split, other)
        assert (found.n_leaked_films, found.n_leaked_patients) == (0, 0)
        assert found.n_films > 0


@given(st.lists(st.tuples(st.integers(0, 9).map(str), st.sampled_from(["train", "val", ""]))))
def test_leaked_films_are_those_of_a_patient_with_a_training_film(
    films: list[tuple[str, str]],
) -> None:
    found = leakage([patient for patient, _ in films], [split for _, split in films])

    slow = [p for p, split in films if split == "val" and (p, "train") in films]
    assert (found.n_leaked_films, found.n_leaked_patients) == (len(slow), len(set(slow)))


def test_no_film_leaks_nothing() -> None:
    assert "0 of 0 films (0.0%)" in str(leakage([], []))
