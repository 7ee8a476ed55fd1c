"""Splits drawn anew; the laws hold for every seed, every order of films, every label."""

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bare_manifests import bare_manifest
from plainfilm.datasets.leaks import check_leaks
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.resplit import with_fold, with_shares
from plainfilm.errors import DatasetError

label = st.sampled_from([0.0, 1.0, np.nan])
film = st.tuples(
    st.integers(0, 25).map(str),
    st.sampled_from(["train", "val", "test", ""]),
    st.tuples(label, label),
)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Films of at most 26 patients, each in one split; twelve patients at least outside test."""
    films = [*((f"t{row}", "train", (row % 2, 0.0)) for row in range(12)), *draw(st.lists(film))]
    home: dict[str, str] = {}
    splits = [home.setdefault(patient, split) for patient, split, _ in films]
    return bare_manifest([row for *_, row in films], [patient for patient, *_ in films], splits)


def splits_of(manifest: Manifest) -> dict[str, str]:
    return {sample.image: sample.split for sample in manifest.samples}


@given(manifests(), st.integers(2, 5), st.integers(0, 9))
def test_s3_12_each_fold_is_validation_once_and_the_others_train(
    manifest: Manifest, k: int, seed: int
) -> None:
    """S3-12: folds are disjoint, together they are everything, and no film is left over."""
    outside = {s.image for s in manifest.samples if s.split in ("train", "val")}

    folds = [with_fold(manifest, number, k, seed=seed) for number in range(1, k + 1)]

    validation: Counter[str] = Counter()
    for fold in folds:
        check_leaks("folds", fold.samples)
        val = {s.image for s in fold.samples if s.split == "val"}
        assert {s.image for s in fold.samples if s.split == "train"} == outside - val
        validation.update(val)
    assert validation == Counter(outside)


@given(manifests(), st.integers(0, 9))
def test_folds_leave_test_and_unsplit_films_where_they_are(manifest: Manifest, seed: int) -> None:
    fold = splits_of(with_fold(manifest, 2, 3, seed=seed))

    assert all(fold[s.image] == s.split for s in manifest.samples if s.split in ("test", ""))


@given(manifests(), st.integers(0, 9), st.randoms())
def test_a_patient_s_fold_does_not_depend_on_the_order_of_the_films(
    manifest: Manifest, seed: int, chance: Random
) -> None:
    order = list(range(len(manifest)))
    chance.shuffle(order)
    turned = manifest.keep(np.array(order, np.int64))

    assert splits_of(with_fold(turned, 1, 3, seed=seed)) == splits_of(
        with_fold(manifest, 1, 3, seed=seed)
    )


def test_another_seed_deals_other_folds() -> None:
    films = bare_manifest([(1.0,)] * 30)

    assert len({with_fold(films, 1, 3, seed=seed).split_sha256 for seed in range(4)}) == 4
    assert with_fold(films, 1, 3).split_sha256 == with_fold(films, 1, 3).split_sha256


def test_every_fold_gets_its_part_of_a_rare_finding() -> None:
    films = bare_manifest([(1.0, 1.0)] * 5 + [(1.0, 0.0)] * 95)

    folds = [with_fold(films, number, 5).split("val") for number in range(1, 6)]

    assert [int(fold.labels[:, 1].sum()) for fold in folds] == [1] * 5
    assert [len(fold) for fold in folds] == [20] * 5


@pytest.mark.parametrize(("number", "k"), [(0, 5), (6, 5), (1, 0)])
def test_a_fold_that_is_none_is_refused(number: int, k: int) -> None:
    with pytest.raises(DatasetError, match=rf"fold {number}/{k}: expected a fold from 1 to {k}"):
        with_fold(bare_manifest([(1.0,)] * 9), number, k)


def test_more_folds_than_patients_are_refused() -> None:
    with pytest.raises(DatasetError, match="9 folds of 3 patients"):
        with_fold(bare_manifest([(1.0,)] * 3), 1, 9)


@given(manifests(), st.integers(0, 9))
def test_shares_of_three_move_every_film_that_is_in_a_split(manifest: Manifest, seed: int) -> None:
    drawn = with_shares(manifest, (50, 25, 25), seed=seed)

    check_leaks("shares", drawn.samples)
    for before, after in zip(manifest.samples, drawn.samples, strict=True):
        assert bool(before.split) == bool(after.split)
    inside = {s.patient for s in manifest.samples if s.split}
    for split, share in (("train", 0.5), ("val", 0.25), ("test", 0.25)):
        assert abs(len(drawn.patients(split)) - share * len(inside)) < 1


@given(manifests(), st.integers(0, 9))
def test_shares_of_two_leave_test_where_it_is(manifest: Manifest, seed: int) -> None:
    drawn = with_shares(manifest, (75, 25), seed=seed)

    test = {s.image for s in manifest.samples if s.split == "test"}
    assert {s.image for s in drawn.samples if s.split == "test"} == test
    check_leaks("shares", drawn.samples)


@pytest.mark.parametrize("percent", [50, 80, 90])
def test_s3_11_classic_validation_takes_a_share_that_can_be_changed(percent: int) -> None:
    """S3-11: the given share of the films trains, shuffled before, the rest validates."""
    films = bare_manifest([(1.0,)] * 100)

    drawn = with_shares(films, (percent, 100 - percent))

    train = [int(s.image.removesuffix(".png")) for s in drawn.samples if s.split == "train"]
    assert len(train) == percent
    assert train != list(range(percent))  # not the first ones


def test_s3_07_the_films_of_a_patient_stay_together_whatever_the_study() -> None:
    """S3-07: data are shared out by patient, and so by study."""
    films = bare_manifest([(0.0,), (1.0,)] * 20, [str(row // 4) for row in range(40)])

    for drawn in (with_shares(films, (50, 30, 20)), with_fold(films, 1, 4)):
        homes = {(s.patient, s.split) for s in drawn.samples}
        assert len(homes) == 10


def test_a_caution_tells_that_the_splits_are_not_the_publisher_s() -> None:
    films = replace(bare_manifest([(1.0,)] * 20), cautions=("first",))

    shares = with_shares(films, (70, 10, 20), seed=3).cautions
    fold = with_fold(films, 2, 5, seed=3).cautions

    assert shares == (
        "first",
        "splits drawn by patient (train / val / test 70/10/20 %, seed 3), not official",
    )
    assert fold[1].startswith("validation is fold 2 of 5, by patient (seed 3)")


def test_of_splits_drawn_twice_the_last_ones_are_told() -> None:
    once = with_shares(bare_manifest([(1.0,)] * 20), (70, 10, 20))

    (caution,) = with_shares(once, (50, 30, 20)).cautions

    assert "50/30/20" in caution


@pytest.mark.parametrize(
    "percents", [(100,), (50, 60), (70, 30, 0), (110, -10), (float("nan"), 50), (), (25,) * 4]
)
def test_shares_that_are_no_whole_are_refused(percents: tuple[float, ...]) -> None:
    with pytest.raises(DatasetError, match="expected two or three positive percentages"):
        with_shares(bare_manifest([(1.0,)] * 9), percents)


def test_a_share_that_no_patient_falls_into_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"2 patients in shares of 98/1/1 leave \w+ empty"):
        with_shares(bare_manifest([(1.0,)] * 2), (98, 1, 1))
