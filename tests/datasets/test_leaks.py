import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.leaks import check_leaks, check_one_split
from plainfilm.datasets.sample import SPLITS, Sample
from plainfilm.errors import LeakError

Films = list[tuple[str, str]]  # patient, split


def drawn(films: Films) -> list[Sample]:
    labels = np.zeros(1, np.float32)
    return [
        Sample(f"films/{row}.png", patient, "s", None, None, None, split, labels)
        for row, (patient, split) in enumerate(films)
    ]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["", *SPLITS]))))
def test_a_leak_is_a_patient_with_films_in_two_splits(films: Films) -> None:
    offenders = {
        patient
        for patient, split in films
        if split and any(p == patient and s not in ("", split) for p, s in films)
    }

    if not offenders:
        check_leaks("drawn", drawn(films))
    else:
        with pytest.raises(LeakError, match=f"^drawn: {len(offenders)} patient"):
            check_leaks("drawn", drawn(films))


def test_the_films_are_named_and_the_patient_is_not() -> None:
    films = drawn([("secret", "train"), ("secret", "test"), ("b", "val")])

    with pytest.raises(LeakError, match=r"1 patient .* 0\.png \(train\) and 1\.png \(test\)") as e:
        check_leaks("drawn", films)

    assert "secret" not in str(e.value)
    assert "films/" not in str(e.value)


def test_many_leaks_are_counted_and_three_are_named() -> None:
    films = drawn([(str(row // 2), "test" if row % 2 else "train") for row in range(10)])

    with pytest.raises(LeakError, match=r"5 patients .*4\.png \(train\) and 5\.png \(test\), …"):
        check_leaks("drawn", films)


def test_one_film_under_two_patients_in_two_splits_is_a_leak() -> None:
    (one,) = drawn([("a", "train")])
    (two,) = drawn([("b", "test")])

    with pytest.raises(LeakError, match=r"1 film listed under more than one split: 0\.png"):
        check_leaks("drawn", [one, two])


def test_a_key_of_none_is_compared_with_nothing() -> None:
    films = drawn([("a", "train"), ("b", "test"), ("c", "test")])

    check_one_split("drawn", films, [None, None, "x"], "picture", "found in")
    with pytest.raises(LeakError, match=r"1 picture found in more than one split: 0\.png"):
        check_one_split("drawn", films, ["x", None, "x"], "picture", "found in")
