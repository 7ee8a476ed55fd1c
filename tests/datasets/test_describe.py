from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from plainfilm.datasets import chestxray14
from plainfilm.datasets.describe import describe
from plainfilm.datasets.manifest import Manifest


def test_counts_per_split_stand_in_columns(nih_folder: Path) -> None:
    lines = describe(chestxray14.load(nih_folder)).splitlines()

    (titles,) = [line.split() for line in lines if line.split()[:1] == ["all"]]
    (images,) = [line.split() for line in lines if line.startswith("images")]
    (mass,) = [line.split() for line in lines if line.startswith("mass")]
    assert titles == ["all", "train", "val", "test"]
    assert images == ["images", "40", "26", "4", "10"]
    assert mass[:3] == ["mass", "20", "50.00%"]


def test_what_was_dropped_and_every_caution_is_said(make_manifest: Callable[..., Manifest]) -> None:
    manifest = replace(
        make_manifest(["train", "test"]), dropped={"hidden file": 3}, cautions=("take care",)
    )

    text = describe(manifest)

    assert "dropped: 3 (hidden file)" in text
    assert "caution: take care" in text
    assert "views: not known 1, PA 1" in text


def test_what_nobody_knows_is_said(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(["train"])
    bare = replace(manifest.samples[0], age=None, sex=None, view=None)

    text = describe(replace(manifest, samples=(bare,)))

    assert "views: not known\nsexes: not known\nages: not known" in text


def test_no_film_is_described_as_none(make_manifest: Callable[..., Manifest]) -> None:
    text = describe(replace(make_manifest(["train"]), samples=()))

    assert text.startswith("drawn: 0 images / 0 patients")
    assert "mass" in text
    assert "%" not in text


def test_shares_are_of_the_split_s_films(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(["train"] * 4 + ["test"] * 2, labels=[1, 0, 0, np.nan, 1, 1])

    (mass,) = [line.split() for line in describe(manifest).splitlines() if line.startswith("mass")]

    assert mass == ["mass", "3", "50.00%", "1", "25.00%", "2", "100.00%"]


def test_labels_that_nobody_knows_and_films_of_no_split_are_counted(
    make_manifest: Callable[..., Manifest],
) -> None:
    """Else "0 (0.00%)" of a finding that nobody looked for reads like "absent on every film"."""
    manifest = make_manifest(["train"] * 4, labels=[1, 0, np.nan, np.nan])
    outside = replace(manifest.samples[0], split="")

    text = describe(replace(manifest, samples=(outside, *manifest.samples[1:])))

    assert "labels not known: mass 2\nin no split: 1 images" in text
    known = describe(make_manifest(["train"], labels=[1]))
    assert "not known: mass" not in known
    assert "in no split" not in known


def test_ages_are_told_by_their_range_and_middle(make_manifest: Callable[..., Manifest]) -> None:
    manifest = make_manifest(["train"] * 4)
    ages = (3.0, None, 0.5, 80.0)
    samples = zip(manifest.samples, ages, strict=True)
    aged = replace(manifest, samples=tuple(replace(s, age=age) for s, age in samples))

    assert "ages: 0.5 to 80 years, median 3, 3 known" in describe(aged)
