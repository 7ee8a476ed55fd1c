from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from phantoms import phantom
from plainfilm.datasets.seen import ADAPTED_KEY, KEY, LOOKS_KEY, listed, packed
from plainfilm.errors import BundleError
from plainfilm.radiograph import Radiograph, View
from plainfilm.reading import Reader
from plainfilm.reading.bundle import Bundle, FamiliarityCut
from plainfilm.training.join import check_members, join
from tiny_bundle import tiny_bundle

FIRST, SECOND = tiny_bundle(), tiny_bundle(seed=1)


def told(bundle: Bundle, **fields: object) -> Bundle:
    return replace(bundle, header=replace(bundle.header, **fields))  # type: ignore[arg-type]


def sourced(bundle: Bundle, **fields: object) -> Bundle:
    return told(bundle, provenance=replace(bundle.header.provenance, **fields))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def joined() -> Bundle:
    second = told(SECOND, name="other", thresholds={"pneumonia": 0.25, "atelectasis": 0.75})
    second = told(second, familiarity=FamiliarityCut(0.3, 0.01, "other cuts"))
    return join([FIRST, second], "pair", version="2.0.0")


def test_s2_52_a_pair_reads_as_the_mean_of_the_two(joined: Bundle, tmp_path: Path) -> None:
    """S2-52: saved, loaded, and read through the same door as any bundle."""
    joined.save(tmp_path / "pair.bundle")
    film = Radiograph(phantom(size=(64, 48)), "film", View.PA, "chest", None)

    def read(bundle: Bundle | Path) -> list[float]:
        return [result.probability for result in Reader(bundle).read(film).results]

    members = np.mean([read(FIRST), read(SECOND)], axis=0)
    np.testing.assert_allclose(read(tmp_path / "pair.bundle"), members, atol=1e-6)


def test_nothing_is_claimed_that_nobody_fitted_or_measured(joined: Bundle) -> None:
    header = joined.header

    assert header.thresholds == {"pneumonia": 0.375, "atelectasis": 0.625}
    assert "not chosen anew" in header.threshold_rule
    assert "not calibrated anew" in header.calibration.method
    assert header.familiarity is not None
    assert (header.familiarity.caution_below, header.familiarity.refuse_below) == (0.3, 0.05)
    assert joined.evaluation is None
    assert "Nothing has been measured" in joined.card


def test_the_members_are_named_with_their_hashes(joined: Bundle) -> None:
    details = joined.header.provenance.details

    assert details["member 1"].startswith(f"tiny 1.0.0 ({FIRST.id.sha256}), recipe tiny, seed 0")
    assert details["member 2"].startswith("other 1.0.0 (")
    assert FIRST.header.provenance.patients_sha256 in details["member 2"]
    command = "plainfilm bundles join tiny-1.bundle other-2.bundle --out pair.bundle --name pair"
    assert f"{command} --as-version 2.0.0" in joined.card


def test_the_same_members_give_the_same_bytes() -> None:
    then = datetime(2025, 1, 1, tzinfo=UTC)
    pairs = [join([FIRST, SECOND], "pair", created=then) for _ in range(2)]

    assert pairs[0].id == pairs[1].id


def test_members_without_maps_and_familiarity_make_such_a_bundle() -> None:
    plain = [tiny_bundle(seed=seed, maps=False, familiarity=False) for seed in (0, 1)]

    header = join(plain, "plain").header

    assert (header.map, header.familiarity) == (None, None)


def test_model_scores_stay_model_scores() -> None:
    def uncalibrated(bundle: Bundle) -> Bundle:
        own = replace(bundle.header.calibration, calibrated=False, prevalence={})
        return told(bundle, calibration=own)

    header = join([uncalibrated(FIRST), uncalibrated(SECOND)], "raw").header

    assert not header.calibration.calibrated


def test_what_is_not_known_of_a_member_is_not_known_of_the_pair() -> None:
    unknown = {"seed": None, "seconds": None, "n_patients": None}
    source = join([sourced(FIRST, **unknown), sourced(SECOND, **unknown)], "pair").header.provenance

    assert (source.seed, source.seconds, source.n_patients) == (None, None, None)
    assert "seed unknown, start scratch, unknown training patients" in source.details["member 1"]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (lambda: tiny_bundle(3, seed=1), "findings: found"),
        (lambda: tiny_bundle(size=48, seed=1), r"input: found \(48, 'squash'\); expected \(32"),
        (lambda: tiny_bundle(seed=1, maps=False), "map: found None"),
        (lambda: tiny_bundle(seed=1, familiarity=False), "familiarity: found False"),
        (lambda: sourced(SECOND, data_set="others"), "data set: found others; expected phantoms"),
        (lambda: sourced(SECOND, split_sha256="9" * 64), "split: found 9999"),
        (lambda: sourced(SECOND, patients_sha256="9" * 64), "training patients: found 9999"),
        (
            lambda: sourced(SECOND, recipe_toml='[release]\ncalibration = "cross-fit-test"\n'),
            "calibration: found",
        ),
        (
            lambda: told(SECOND, population=replace(SECOND.header.population, views=("PA",))),
            r"views: found \['PA'\]; expected \['AP', 'PA'\], as tiny",
        ),
        (tiny_bundle, "has the weights of tiny"),
    ],
)
def test_members_that_do_not_go_together_are_refused(
    other: Callable[[], Bundle], words: str
) -> None:
    with pytest.raises(BundleError, match=words):
        check_members([FIRST, other()])


def test_one_bundle_alone_and_an_impossible_name_are_refused() -> None:
    with pytest.raises(BundleError, match="found 1 bundle to join"):
        join([FIRST], "alone")
    with pytest.raises(BundleError, match="name: found 'No Name'"):
        join([FIRST, SECOND], "No Name")


def test_a_joined_bundle_refuses_and_refits_what_its_members_do() -> None:
    """Else joining would make a leak clean: films learned from, or calibrated on."""
    adapted = {"adapted on films_sha256": "a" * 64, "adapted with threshold rule": "half"}
    details = [{KEY: "AAAAAAAA", **adapted}, {KEY: "BBBBBBBB", ADAPTED_KEY: "CCCCCCCC", **adapted}]
    for number, each in enumerate(details):
        each[LOOKS_KEY] = packed({bytes([number + 1]) * 32})
    members = [
        sourced(bundle, details=told) for bundle, told in zip((FIRST, SECOND), details, strict=True)
    ]
    carried = join(members, "pair").header.provenance.details
    assert carried[KEY] == "AAAAAAAABBBBBBBB"
    assert carried[ADAPTED_KEY] == "CCCCCCCC"
    assert listed(carried, LOOKS_KEY) == {b"\1" * 32, b"\2" * 32}
    assert adapted.items() <= carried.items()
    with pytest.raises(BundleError, match="films adapted on: found"):
        check_members([members[0], sourced(SECOND, details={KEY: "BBBBBBBB"})])
