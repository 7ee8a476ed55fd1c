"""MURA on a made-up tree in its true layout; its own films may not be passed on."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets import Cache, PrepareOptions, Selection, describe, mura, prepare
from plainfilm.datasets.body_parts import count_body_parts, write_body_part_lists
from plainfilm.datasets.files import read_table
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, LeakError

IMAGES, STUDIES = "train_image_paths.csv", "train_labeled_studies.csv"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Tables with every published study, one film each, and no film in its place."""
    folder = tmp_path_factory.mktemp("published")
    patient = 0
    for name, columns in (("train", (0, 1)), ("valid", (2, 3))):
        studies = []
        for part, counts in mura.PUBLISHED.items():
            for label, column in zip(("negative", "positive"), columns, strict=True):
                for _ in range(counts[column]):
                    patient += 1
                    place = f"MURA-v1.1/{name}/XR_{part.upper()}/patient{patient:05d}"
                    studies.append(f"{place}/study1_{label}/")
        lines = [f"{study},{int('positive' in study)}" for study in studies]
        (folder / f"{name}_labeled_studies.csv").write_text("\n".join(lines))
        (folder / f"{name}_image_paths.csv").write_text(
            "\n".join(f"{study}image1.png" for study in studies)
        )
    return mura.load(folder)


def change(folder: Path, table: str, old: str, new: str) -> None:
    text = (folder / table).read_text()
    assert old in text
    (folder / table).write_text(text.replace(old, new, 1))


def test_s3_01_the_published_studies_are_known(published: Manifest) -> None:
    """S3-01: 8,280 + 5,177 studies train, 661 + 538 validate; with 207 hidden ones 14,863."""
    table = np.array(list(mura.PUBLISHED.values()))
    studies = {(s.study, s.official_split, float(s.labels[0])) for s in published.samples}

    assert table.sum(axis=0).tolist() == [8_280, 5_177, 661, 538]
    assert Counter(kind[1:] for kind in studies) == {
        ("train", 0): 8_280,
        ("train", 1): 5_177,
        ("valid", 0): 661,
        ("valid", 1): 538,
    }
    assert len(studies) + mura.N_HIDDEN_STUDIES == 14_863
    assert published.release == "all 14,656 public studies"
    assert len(published.cautions) == 2
    assert "207 studies is not public" in published.cautions[1]


def test_s3_02_all_seven_body_parts_are_reported(mura_folder: Path) -> None:
    """S3-02: parsed from XR_ELBOW and the like; none is dropped, each is in the description."""
    manifest = mura.load(mura_folder)

    whole = {part: n for (part, split), n in count_body_parts(manifest).items() if split == "all"}
    assert tuple(whole) == mura.PARTS
    text = describe(manifest)
    for part, counts in whole.items():
        assert (counts["images"], counts["studies"]) == (6, 3)
        lines = [line.split()[2:] for line in text.splitlines() if line.startswith(f"{part} ")]
        assert lines[0] == [str(n) for n in counts.values()]


def test_s3_03_both_tables_are_read(mura_folder: Path) -> None:
    """S3-03: image paths and labelled studies; films of any size."""
    manifest = mura.load(mura_folder)

    assert len(manifest) == 42
    assert manifest.missing_images() == ()
    assert all((s.labels[0] == 1) == ("_positive" in s.image) for s in manifest.samples)
    assert {s.view for s in manifest.samples} == {None}
    assert manifest.samples[0].study == "elbow/patient00001/study1"
    assert mura.load(mura_folder.parent).split_sha256 == manifest.split_sha256


def test_s3_04_a_list_per_body_part_and_official_split(mura_folder: Path, tmp_path: Path) -> None:
    """S3-04: fourteen tables, whose rows are those of the two lists of films."""
    paths = write_body_part_lists(mura.load(mura_folder), tmp_path)

    names = {f"{split}_{part}.csv" for split in ("train", "valid") for part in mura.PARTS}
    assert {path.name for path in paths} == names
    rows = [row[0] for path in paths for row in read_table(path)[1]]
    listed = [
        line.removeprefix("MURA-v1.1/")
        for name in ("train", "valid")
        for line in (mura_folder / f"{name}_image_paths.csv").read_text().split()
    ]
    assert sorted(rows) == sorted(listed)


def test_s3_05_one_part_or_all_become_grey_bytes(mura_folder: Path, tmp_path: Path) -> None:
    """S3-05: grey films of one size, (n, H, W, 1), bytes until they are standardised."""
    hands = PrepareOptions(selection=Selection(body_part="hand"))

    prepare("mura", mura_folder, tmp_path / "all", size=32)
    prepare("mura", mura_folder, tmp_path / "hands", size=32, options=hands)

    for name, n in (("all", 42), ("hands", 6)):
        films = Cache.open(tmp_path / name).pixels[..., np.newaxis]
        assert (films.shape, films.dtype) == ((n, 32, 32, 1), np.uint8)


def test_s3_07_a_patient_is_in_one_split_in_all_body_parts(published: Manifest) -> None:
    """S3-07: by patient, and so by study; patients that have two body parts stay together."""
    assert not published.patients("train") & published.patients("val")
    assert {s.official_split for s in published.split("test").samples} == {"valid"}
    assert len(published.patients("val")) == round(0.1 * 13_457)


def test_a_patient_s_body_parts_stay_together(mura_folder: Path) -> None:
    for seed in range(5):
        manifest = mura.load(mura_folder, seed=seed)
        both = {s.split for s in manifest.samples if s.patient == "patient00001"}
        parts = {s.body_part for s in manifest.samples if s.patient == "patient00001"}
        assert (len(both), parts) == (1, {"elbow", "finger"})


def test_every_part_normal_and_abnormal_has_its_share_of_validation(published: Manifest) -> None:
    counts = count_body_parts(published)

    for part, (normal, abnormal, *_) in mura.PUBLISHED.items():
        val = counts[part, "val"]
        assert abs(val["abnormal"] - 0.1 * abnormal) < 2
        assert abs(val["studies"] - val["abnormal"] - 0.1 * normal) < 2


def test_films_that_are_gone_are_counted_and_named_by_their_row(
    mura_folder: Path, tmp_path: Path
) -> None:
    for name in ("image1.png", "image2.png"):
        (mura_folder / "train/XR_HAND/patient00005/study1_negative" / name).unlink()

    with pytest.raises(DatasetError, match=r"2 of 42 films are not there, the first image1\.png"):
        prepare("mura", mura_folder, tmp_path / "out", size=32)
    allowed = PrepareOptions(allow_missing=True)
    manifest = prepare("mura", mura_folder, tmp_path / "out", size=32, options=allowed)

    assert len(manifest) == 40
    assert manifest.dropped == {"film that the label file names and no folder holds": 2}
    assert mura.load(mura_folder).missing_images() == (
        "train/XR_HAND/patient00005/study1_negative/image1.png",
        "train/XR_HAND/patient00005/study1_negative/image2.png",
    )


def test_films_without_a_row_and_studies_without_a_film_are_counted(mura_folder: Path) -> None:
    study = mura_folder / "valid" / "XR_WRIST" / "patient00099" / "study1_negative"
    study.mkdir(parents=True)
    (study / "image1.png").touch()
    (study / "._image1.png").touch()
    line = "MURA-v1.1/valid/XR_WRIST/patient00098/study1_negative/,0\n"
    with (mura_folder / "valid_labeled_studies.csv").open("a") as stream:
        stream.write(line)

    assert mura.load(mura_folder).dropped == {
        "film that no image list names": 1,
        "study without a film in the image list": 1,
    }


def test_a_part_of_the_set_says_so_by_body_part(mura_folder: Path) -> None:
    caution = mura.load(mura_folder).cautions[-1]

    assert "elbow 1 + 1 + 0 + 1 (1094 + 660 + 92 + 66)" in caution


@pytest.mark.parametrize(
    "row",
    [
        "MURA-v1.1/train/XR_KNEE/patient00001/study1_negative/image1.png",
        "MURA-v1.1/train/XR_ELBOW/patient00001/study1/image1.png",
        "MURA-v1.1/train/XR_ELBOW/study1_negative/image1.png",
        "MURA-v1.1/valid/XR_ELBOW/patient00001/study1_negative/image1.png",
        "MURA-v1.1/train/XR_ELBOW/patient00001/study1_negative/../image1.png",
        "MURA-v1.1/train/XR_ELBOW/patient00001/study1_negative/",
        "image",
    ],
)
def test_a_row_of_no_film_is_refused_by_its_number_and_names_no_patient(
    mura_folder: Path, row: str
) -> None:
    third = (mura_folder / IMAGES).read_text().splitlines()[2]
    change(mura_folder, IMAGES, third, row)

    with pytest.raises(DatasetError, match=rf"{IMAGES}: row 3: no path of this set; exp") as caught:
        mura.load(mura_folder)

    assert "patient00001" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        (STUDIES, "study1_negative/,0", "study1_negative/,1", "row 1: label '1', and the folder"),
        (STUDIES, "study1_negative/,0", "study1_negative/,no", "row 1: label 'no'"),
        (STUDIES, "study1_negative/,0", "study1_normal/,0", "row 1: no path of this set"),
        (STUDIES, "study1_positive/,1", "study1_positive/,1,x", "line 2 has 3 cells"),
        (IMAGES, "study1_negative/image1", "study2_negative/image1", "row 1: its study is not in"),
        (IMAGES, "image2.png", "image1.png", "rows 1 and 2 name the same film"),
        (IMAGES, "MURA", "path\nMURA", "row 1: no path of this set"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(
    mura_folder: Path, table: str, old: str, new: str, said: str
) -> None:
    change(mura_folder, table, old, new)

    with pytest.raises(DatasetError, match=f"{table}: {said}"):
        mura.load(mura_folder)


def test_tables_that_were_swapped_are_refused(mura_folder: Path) -> None:
    (mura_folder / IMAGES).write_text((mura_folder / STUDIES).read_text())

    with pytest.raises(DatasetError, match=f"{IMAGES}: row 1 has 2 cells; expected 1, and no head"):
        mura.load(mura_folder)


def test_a_study_labelled_both_ways_is_refused(mura_folder: Path) -> None:
    row = "MURA-v1.1/train/XR_ELBOW/patient00001/study1_{},{}\n"
    change(mura_folder, STUDIES, "\n", "\n" + row.format("positive", 1))

    with pytest.raises(DatasetError, match=f"{STUDIES}: rows 1 and 2 label the same study"):
        mura.load(mura_folder)


def test_a_patient_in_both_official_lists_is_a_leak(mura_folder: Path, tmp_path: Path) -> None:
    for table in ("valid_image_paths.csv", "valid_labeled_studies.csv"):
        text = (mura_folder / table).read_text()
        (mura_folder / table).write_text(text.replace("patient00050", "patient00001"))

    with pytest.raises(LeakError, match="1 patient with films in more than one split"):
        mura.load(mura_folder)


def test_a_missing_table_is_named(mura_folder: Path) -> None:
    (mura_folder / "valid_image_paths.csv").unlink()

    with pytest.raises(DatasetError, match=r"valid_image_paths\.csv: no such file in MURA-v1\.1"):
        mura.load(mura_folder)
