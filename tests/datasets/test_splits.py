from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.splits import check_duplicates, deal, folds, fractions, official
from plainfilm.errors import DatasetError, LeakError

SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}
patient_lists = st.lists(st.integers(0, 30).map(str), min_size=1)


@given(patient_lists, st.integers(0, 9))
def test_no_split_by_fractions_shares_a_patient(patients: list[str], seed: int) -> None:
    splits = fractions(patients, SHARES, seed=seed)

    assert len(set(zip(patients, splits, strict=True))) == len(set(patients))


@given(patient_lists)
def test_a_patient_s_split_does_not_depend_on_the_order_of_the_films(patients: list[str]) -> None:
    turned = sorted(patients)

    first = dict(zip(patients, fractions(patients, SHARES), strict=True))
    second = dict(zip(turned, fractions(turned, SHARES), strict=True))

    assert first == second


shares = st.lists(st.integers(1, 9), min_size=1, max_size=3).map(
    lambda parts: {
        name: part / sum(parts) for name, part in zip(("train", "val", "test"), parts, strict=False)
    }
)


@given(st.integers(1, 200), shares, st.integers(0, 9))
def test_every_share_is_met_to_less_than_one_patient(
    n: int, wanted: dict[str, float], seed: int
) -> None:
    counts = Counter(fractions([str(number) for number in range(n)], wanted, seed=seed))

    assert counts.total() == n
    assert all(abs(counts[name] - share * n) <= 1 for name, share in wanted.items())


@given(st.lists(st.tuples(st.integers(0, 30).map(str), st.sampled_from("xyz")), min_size=1), shares)
def test_every_class_is_shared_out_as_if_it_were_alone(
    films: list[tuple[str, str]], wanted: dict[str, float]
) -> None:
    patients, strata = zip(*films, strict=True)
    last = {p: max(s for q, s in films if q == p) for p in patients}

    together = dict(zip(patients, fractions(patients, wanted, strata=strata), strict=True))

    for stratum in set(last.values()):
        members = [patient for patient in last if last[patient] == stratum]
        alone = dict(zip(members, fractions(members, wanted), strict=True))
        assert alone == {patient: together[patient] for patient in members}


def test_every_patient_has_the_same_chance() -> None:
    patients = [str(number) for number in range(40)]
    wanted = {"val": 0.25, "train": 0.75}

    drawn = np.array([fractions(patients, wanted, seed=seed) for seed in range(400)]) == "val"

    # binomial, 400 draws of 1/4: standard deviation .022; the worst of 40 stays within 4 of them
    assert np.abs(drawn.mean(axis=0) - 0.25).max() < 0.088
    assert (drawn.sum(axis=1) == 10).all()


def test_shares_are_met_to_the_nearest_patient() -> None:
    patients = [str(number) for number in range(1000)]

    assert Counter(fractions(patients, SHARES)) == {"train": 700, "val": 100, "test": 200}


def test_each_class_is_shared_out_by_itself() -> None:
    patients = [str(number) for number in range(100)]
    strata = ["ill"] * 80 + ["healthy"] * 20

    splits = fractions(patients, {"val": 0.1, "train": 0.9}, strata=strata)

    assert Counter(zip(strata, splits, strict=True))["ill", "val"] == 8
    assert Counter(zip(strata, splits, strict=True))["healthy", "val"] == 2


def test_the_draw_is_the_same_on_every_machine() -> None:
    patients = [str(number) for number in range(10)]

    assert "".join(split[1] for split in fractions(patients, SHARES, seed=1)) == "aerrrrrrre"
    assert fractions(patients, SHARES, seed=1) != fractions(patients, SHARES, seed=2)


@pytest.mark.parametrize("shares", [{"train": 0.7}, {"train": 1.2, "val": -0.2}])
def test_shares_that_do_not_make_a_whole_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(DatasetError, match="add up to 1"):
        fractions(["a"], shares)


@given(
    st.lists(st.tuples(st.integers(0, 40).map(str), st.sampled_from("abcde")), min_size=1),
    st.lists(st.integers(1, 50), min_size=1, max_size=4),
    st.integers(0, 9),
)
def test_dealing_meets_every_share_to_less_than_a_patient_and_of_each_class_to_less_than_two(
    films: list[tuple[str, str]], weights: list[int], seed: int
) -> None:
    class_of = dict(films)  # each patient is of one class
    patients = [patient for patient, _ in films]
    shares = {f"s{place}": weight / sum(weights) for place, weight in enumerate(weights)}
    strata = [class_of[patient] for patient in patients]

    place = dict(zip(patients, deal(patients, shares, seed=seed, strata=strata), strict=True))

    assert list(deal(patients, shares, seed=seed, strata=strata)) == [place[p] for p in patients]
    for split, share in shares.items():
        members = [patient for patient, found in place.items() if found == split]
        assert abs(len(members) - share * len(place)) < 1
        for stratum, n in Counter(class_of.values()).items():
            of_class = sum(class_of[patient] == stratum for patient in members)
            assert abs(of_class - share * n) < 2


def test_a_film_goes_where_the_official_list_says() -> None:
    lists = {"train_val": ["a.png", "c.png"], "test": ["b.png"]}

    assert official(["b.png", "a.png"], lists) == ("test", "train_val")


def test_an_official_list_may_name_films_that_are_not_there() -> None:
    assert official(["a.png"], {"train": ["a.png", "gone.png"], "test": ["b.png"]}) == ("train",)


def test_a_film_twice_in_one_official_list_is_no_leak() -> None:
    assert official(["a.png"], {"train": ["a.png", "a.png"], "test": []}) == ("train",)


def test_a_film_in_two_official_lists_is_a_leak() -> None:
    with pytest.raises(LeakError, match=r"1 film \(a\.png\) in two official lists"):
        official(["a.png"], {"train_val": ["a.png"], "test": ["a.png"]})


def test_a_film_in_no_official_list_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"2 films \(b\.png, c\.png\) in no official list"):
        official(["a.png", "b.png", "c.png"], {"train_val": ["a.png"]})


@given(st.lists(st.integers(0, 30).map(str)), st.integers(2, 5))
def test_folds_share_no_patient_and_differ_by_one_patient_at_most(more: list[str], k: int) -> None:
    patients = [*"01234", *more]

    fold = folds(patients, k)

    pairs = set(zip(patients, fold.tolist(), strict=True))
    sizes = Counter(number for _, number in pairs)
    assert len(pairs) == len(set(patients))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert fold.dtype == np.int64


@given(st.sets(st.integers(0, 30).map(str), min_size=5), st.integers(2, 5), st.integers(0, 9))
def test_a_patient_s_fold_does_not_depend_on_how_many_films_there_are(
    patients: set[str], k: int, seed: int
) -> None:
    once = sorted(patients)
    often = [patient for patient in reversed(once) for _ in range(int(patient) % 3 + 1)]

    first = dict(zip(once, folds(once, k, seed).tolist(), strict=True))
    second = dict(zip(often, folds(often, k, seed).tolist(), strict=True))

    assert first == second
    assert set(first.values()) == set(range(k))


def test_folds_share_out_each_class_evenly_and_no_class_changes_nothing() -> None:
    patients = [str(number) for number in range(50)]
    strata = ["rare" if number < 5 else "usual" for number in range(50)]

    fold = folds(patients, 5, strata=strata)

    assert sorted(fold[:5].tolist()) == [0, 1, 2, 3, 4]
    assert Counter(fold.tolist()) == dict.fromkeys(range(5), 10)
    np.testing.assert_array_equal(folds(patients, 5, strata=["one"] * 50), folds(patients, 5))


@pytest.mark.parametrize("k", [1, 3])
def test_more_folds_than_patients_are_refused(k: int) -> None:
    with pytest.raises(DatasetError, match="folds of 2 patients"):
        folds(["a", "b", "b"], k)


def test_the_same_picture_in_two_splits_is_a_leak(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(["train", "train", "test"])

    check_duplicates(manifest, ["x", "x", "y"])
    check_duplicates(manifest, [None, "y", None])
    with pytest.raises(LeakError, match=r"1 picture .*1\.png \(train\) and 2\.png \(test\)"):
        check_duplicates(manifest, ["x", "y", "y"])
