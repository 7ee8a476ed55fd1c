from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from plainfilm.datasets.body_parts import (
    body_part_table,
    body_parts,
    count_body_parts,
    one_body_part,
    write_body_part_lists,
)
from plainfilm.datasets.describe import describe
from plainfilm.datasets.files import read_table
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError

Make = Callable[..., Manifest]
PARTS = ("elbow", "elbow", "elbow", "wrist", "wrist", None)
SPLITS = ("train", "train", "test", "train", "test", "train")


@pytest.fixture
def limbs(make_manifest: Make) -> Manifest:
    """Six films: three elbows, of which two of one study; two wrists; one whose part is chest."""
    manifest = make_manifest(SPLITS, labels=[1, 1, 0, 0, 1, 1])
    samples = [replace(s, body_part=p) for s, p in zip(manifest.samples, PARTS, strict=True)]
    samples[1] = replace(samples[1], study=samples[0].study, patient=samples[0].patient)
    return replace(manifest, samples=tuple(samples))


def test_a_film_without_a_part_of_its_own_has_the_manifest_s(limbs: Manifest) -> None:
    assert body_parts(limbs)[-1] == "chest"
    assert body_parts(replace(limbs, body_part=""))[-1] == "not known"


def test_parts_are_counted_by_split_and_a_study_once(limbs: Manifest) -> None:
    counts = count_body_parts(limbs)

    elbow = {"images": 3, "studies": 2, "patients": 2, "mass": 1}
    assert counts["elbow", "all"] == elbow
    assert counts["wrist", "test"] == {"images": 1, "studies": 1, "patients": 1, "mass": 1}
    assert [part for part, split in counts if split == "all"] == ["chest", "elbow", "wrist"]
    whole = sum(numbers["images"] for (_, split), numbers in counts.items() if split == "all")
    assert whole == len(limbs)


def test_the_table_of_parts_stands_in_the_description_where_there_are_several(
    limbs: Manifest, make_manifest: Make
) -> None:
    table = body_part_table(limbs)

    assert table in describe(limbs)
    assert "body part" not in describe(make_manifest(["train", "test"]))
    (line,) = [line for line in table.splitlines() if line.startswith("elbow  train")]
    assert line.split() == ["elbow", "train", "2", "1", "1", "1"]


def test_s3_05_one_part_or_all_is_kept_and_the_rest_counted(limbs: Manifest) -> None:
    """S3-05: one part can be extracted, or all of them taken."""
    elbows = one_body_part(limbs, " Elbow")

    assert [s.image for s in elbows.samples] == [s.image for s in limbs.samples[:3]]
    assert elbows.body_part == "elbow"
    assert list(elbows.dropped.values()) == [3]
    assert one_body_part(elbows, "elbow").dropped == elbows.dropped


def test_a_part_that_is_not_there_is_told_with_those_that_are(limbs: Manifest) -> None:
    with pytest.raises(DatasetError, match="no film of 'knee'; there are films of chest, elbow"):
        one_body_part(limbs, "knee")


def test_a_list_per_part_and_split_holds_every_film_once(limbs: Manifest) -> None:
    folder = limbs.root

    paths = write_body_part_lists(limbs, folder)

    names = ["test_elbow", "test_wrist", "train_chest", "train_elbow", "train_wrist"]
    assert [path.stem for path in paths] == names
    rows = [row for path in paths for row in read_table(path)[1]]
    assert sorted(row[0] for row in rows) == sorted(s.image for s in limbs.samples)


def test_lists_take_the_publisher_s_split_and_leave_unknown_labels_empty(
    make_manifest: Make,
) -> None:
    (sample,) = make_manifest(["val"]).samples
    unknown = np.array([np.nan], np.float32)
    one = replace(sample, official_split="valid", body_part="left hand", labels=unknown)
    manifest = replace(make_manifest(["val"]), samples=(one,))

    (path,) = write_body_part_lists(manifest, manifest.root)

    assert path.name == "valid_left-hand.csv"
    assert path.read_text() == "image,mass\nfilms/0.png,\n"
