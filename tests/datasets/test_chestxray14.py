import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets import chestxray14
from plainfilm.datasets.chestxray14 import at_least_one_finding, one_vs_all
from plainfilm.datasets.cooccurrence import (
    balanced_weights,
    companion_ratio,
    cooccurrence,
    negative_ratio,
)
from plainfilm.datasets.describe import describe
from plainfilm.datasets.manifest import Manifest, count_splits
from plainfilm.errors import DatasetError, LeakError

# The published labels' own numbers (v2020), counted from the label file.
COUNTS = [11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227]
TRAIN_VAL = [8280, 1707, 8659, 13782, 4034, 4708, 876, 2637, 2852, 1378, 1423, 1251, 2242, 141]
TEST = [3279, 1069, 4658, 6112, 1748, 1623, 555, 2665, 1815, 925, 1093, 435, 1143, 86]
TOGETHER = """
11559  370 3275 3264  739  590  262  774 1223  221  424  220  496   40
  370 2776 1063  587  102  108   41   49  169  127   44   52  111    7
 3275 1063 13317 4000 1254  912  269  996 1287  593  359  188  849   21
 3264  587 4000 19894 1159 1546  605  946 1221  981  449  345  750   33
  739  102 1254 1159 5782  906   71  431  610  129  215  117  452   25
  590  108  912 1546  906 6331   70  341  428  131  115  166  411   10
  262   41  269  605   71   70 1431   41  123  340   23   11   48    3
  774   49  996  946  431  341   41 5302  223   33  747   80  289    9
 1223  169 1287 1221  610  428  123  223 4667  162  103   79  251    4
  221  127  593  981  129  131  340   33  162 2303   30    9   64    3
  424   44  359  449  215  115   23  747  103   30 2516   36  151    4
  220   52  188  345  117  166   11   80   79    9   36 1686  176    8
  496  111  849  750  452  411   48  289  251   64  151  176 3385    8
   40    7   21   33   25   10    3    9    4    3    4    8    8  227
"""


@pytest.fixture(scope="module")
def full(shared_data: Path) -> Manifest:
    return chestxray14.index(shared_data / "nih-chestxray14-metadata")


@pytest.fixture(scope="module")
def diseased(full: Manifest) -> Manifest:
    return at_least_one_finding(full)


def test_the_public_layout_is_read_whole(nih_folder: Path) -> None:
    manifest = chestxray14.load(nih_folder)

    assert (len(manifest), len(manifest.patients())) == (40, 20)
    assert manifest.samples[0].image == "images_002/images/00000001_000.png"
    assert manifest.missing_images() == ()
    assert Counter(s.official_split for s in manifest.samples) == {"train_val": 30, "test": 10}


def test_films_straight_in_images_are_found_too(nih_folder: Path) -> None:
    for number in (1, 2):
        (nih_folder / f"images_00{number}" / "images").rename(nih_folder / f"images_{number}")

    assert chestxray14.load(nih_folder).missing_images() == ()


def test_validation_is_carved_out_of_official_train_val_by_patient(nih_folder: Path) -> None:
    manifest = chestxray14.load(nih_folder)

    assert {s.official_split for s in manifest.split("val").samples} == {"train_val"}
    assert {s.official_split for s in manifest.split("test").samples} == {"test"}
    assert len(manifest.patients("val")) == 2
    assert not manifest.patients("val") & manifest.patients("train")


def test_another_seed_draws_other_validation_patients(nih_folder: Path) -> None:
    drawn = {chestxray14.load(nih_folder, seed=seed).split_sha256 for seed in range(4)}

    assert len(drawn) > 1
    assert chestxray14.load(nih_folder).split_sha256 in drawn


def test_a_film_without_a_line_is_counted(nih_folder: Path) -> None:
    films = nih_folder / "images_001" / "images"
    (films / "00000099_000.png").write_bytes((films / "00000002_000.png").read_bytes())

    assert chestxray14.load(nih_folder).dropped == {"film without a line in the label file": 1}


def test_a_missing_film_keeps_its_line(nih_folder: Path) -> None:
    (nih_folder / "images_001" / "images" / "00000002_000.png").unlink()

    manifest = chestxray14.load(nih_folder)

    assert len(manifest) == 40
    assert manifest.missing_images() == ("images/00000002_000.png",)


def test_a_split_of_one_s_own_that_parts_a_patient_is_a_leak(nih_folder: Path) -> None:
    table = own_split(nih_folder) / "labels.csv"
    lines = table.read_text().splitlines()
    lines[1] = lines[1].removesuffix("train") + "test"
    table.write_text("\n".join(lines))

    with pytest.raises(
        LeakError, match=r"1 patient .* 00000001_000\.png \(test\) and 00000001_001"
    ):
        chestxray14.load(nih_folder)


def test_a_missing_list_is_named(nih_folder: Path) -> None:
    (nih_folder / "test_list.txt").unlink()

    with pytest.raises(DatasetError, match=r"test_list\.txt: no such file"):
        chestxray14.load(nih_folder)


def test_a_film_in_both_official_lists_is_a_leak(nih_folder: Path) -> None:
    with (nih_folder / "test_list.txt").open("a") as stream:
        stream.write("\n00000001_000.png\n")

    with pytest.raises(LeakError, match=r"00000001_000\.png"):
        chestxray14.load(nih_folder)


@pytest.mark.parametrize("names", [(), ("Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv")])
def test_a_folder_with_no_or_two_label_files_is_refused(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        (tmp_path / name).touch()

    with pytest.raises(DatasetError, match="label files found"):
        chestxray14.load(tmp_path)


def test_a_patient_number_that_contradicts_the_name_is_refused(nih_folder: Path) -> None:
    table = nih_folder / "Data_Entry_2017_v2020.csv"
    table.write_text(table.read_text().replace(",No Finding,0,1,", ",No Finding,0,7,"))

    with pytest.raises(DatasetError, match="different patients"):
        chestxray14.load(nih_folder)


def test_a_part_of_the_set_says_so(nih_folder: Path) -> None:
    manifest = chestxray14.load(nih_folder)

    assert any("40 films of 20 patients" in caution for caution in manifest.cautions)
    assert any("official lists name 30 and 10" in caution for caution in manifest.cautions)
    assert "release not told" in manifest.release


def own_split(folder: Path, **change: str) -> Path:
    """The public layout turned into one with labels.csv."""
    source = (folder / "Data_Entry_2017_v2020.csv").read_text().splitlines()
    header = source[0] + ",file,official_split," + change.get("split_column", "split")
    split = change.get("split", "train")
    lines = [f"{line},{line[:16]},train_val,{split}" for line in source[1:]]
    (folder / "labels.csv").write_text("\n".join([header, *lines]))
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [({"split_column": "part"}, "no column 'split'"), ({"split": "valid"}, "split 'valid'")],
)
def test_a_table_with_its_own_split_must_have_one(
    nih_folder: Path, change: dict[str, str], said: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        chestxray14.load(own_split(nih_folder, **change))


def test_a_split_of_one_s_own_is_taken_as_it_is(nih_folder: Path) -> None:
    manifest = chestxray14.load(own_split(nih_folder, split="val"))

    assert manifest.split_names == ("val",)
    assert {s.official_split for s in manifest.samples} == {"train_val"}
    assert chestxray14.load(nih_folder, seed=9).split_sha256 == manifest.split_sha256


def test_films_without_a_finding_can_be_left_out(nih_folder: Path) -> None:
    manifest = chestxray14.load(nih_folder)

    diseased = at_least_one_finding(manifest)

    assert len(diseased) == 20
    assert (diseased.labels.sum(axis=1) == 2).all()
    assert {s.image for s in diseased.samples} < {s.image for s in manifest.samples}


@pytest.mark.parametrize(("label", "n"), [("Pleural Thickening", 20), ("hernia", 0)])
def test_s0_05_any_finding_can_stand_against_all_others(
    nih_folder: Path, label: str, n: int
) -> None:
    manifest = chestxray14.load(nih_folder)

    view = one_vs_all(manifest, label)

    assert (len(view), int(view.labels.sum()), view.labels.shape[1]) == (40, n, 1)
    assert view.split_sha256 == manifest.split_sha256


def test_the_label_file_counts_in_any_order(nih_folder: Path) -> None:
    table = nih_folder / "Data_Entry_2017_v2020.csv"
    before = chestxray14.load(nih_folder)
    header, *lines = table.read_text().splitlines()
    table.write_text("\n".join([header, *reversed(lines)]))

    turned = chestxray14.load(nih_folder)

    assert turned.split_sha256 == before.split_sha256
    assert turned.images_sha256 != before.images_sha256


def test_other_things_in_the_folder_are_no_films(nih_folder: Path) -> None:
    (nih_folder / "images_001" / "images" / "readme.txt").write_text("not a film")
    (nih_folder / "images_003").write_text("not a folder")
    (nih_folder / "imagesque").mkdir()

    manifest = chestxray14.load(nih_folder)

    assert (len(manifest), manifest.dropped) == (40, {})


def test_a_film_in_two_folders_is_taken_once(nih_folder: Path) -> None:
    film = nih_folder / "images_001" / "images" / "00000002_000.png"
    (nih_folder / "images_000").mkdir()
    shutil.copy(film, nih_folder / "images_000")

    manifest = chestxray14.load(nih_folder)

    assert [s.image for s in manifest.samples if s.study == "00000002_000"] == [
        "images_000/00000002_000.png"
    ]


def test_the_shared_sample_has_its_published_table(shared_data: Path) -> None:
    manifest = chestxray14.load(shared_data / "nih-chestxray14-sample")

    counts = count_splits(manifest)
    assert [counts[split]["images"] for split in ("train", "val", "test")] == [952, 165, 242]
    assert [counts[split]["patients"] for split in ("train", "val", "test")] == [692, 164, 209]
    assert [counts[split]["pneumonia"] for split in ("train", "val", "test")] == [271, 55, 95]
    assert [counts[split]["hernia"] for split in ("train", "val", "test")] == [12, 2, 4]
    assert manifest.missing_images() == ()


def test_s0_01_describe_prints_images_and_patients(full: Manifest) -> None:
    """S4-02, too: it tells which release of the labels is loaded."""
    text = describe(full)

    assert "112120 images / 30805 patients" in text
    assert "release: NIH labels, v2020" in text


def test_s0_04_films_with_at_least_one_finding(full: Manifest, diseased: Manifest) -> None:
    assert len(diseased) == 51_759
    assert len(diseased.patients()) == 14_402
    assert len(full) - len(diseased) == 60_361


@pytest.mark.slow
@pytest.mark.parametrize("place", range(14))
def test_s0_05_one_against_all(full: Manifest, diseased: Manifest, place: int) -> None:
    name = full.label_set.names[place]

    view = one_vs_all(diseased, name)

    positive = int(view.labels.sum())
    assert view.label_set.names == (name,)
    assert (positive, len(view) - positive) == (COUNTS[place], 51_759 - COUNTS[place])
    assert int(full.labels[:, place].sum()) == COUNTS[place]


def test_s0_05_pneumothorax_is_the_example(diseased: Manifest) -> None:
    view = one_vs_all(diseased, "Pneumothorax")

    assert (int(view.labels.sum()), int((view.labels == 0).sum())) == (5_302, 46_457)


def test_s0_18_the_co_occurrence_matrix_is_exact(diseased: Manifest) -> None:
    expected = np.array(TOGETHER.split(), int).reshape(14, 14)

    matrix = cooccurrence(diseased.labels)

    np.testing.assert_array_equal(matrix, expected)
    np.testing.assert_array_equal(np.diag(matrix), COUNTS)
    assert (matrix - np.diag(np.diag(matrix))).max() == matrix[2, 3] == 4_000


def test_s0_19_the_class_weights_are_the_published_ones(diseased: Manifest) -> None:
    published = {
        negative_ratio: [3.4778, 8.7622, 227.0132],
        balanced_weights: [0.3198, 0.6973, 16.2867],
        companion_ratio: [0.9715, 1.0692, 1.2971],
    }

    for weights, expected in published.items():
        np.testing.assert_allclose(weights(diseased.labels)[[0, 7, 13]], expected, atol=1e-4)


def test_s0_20_the_official_split_is_supported(full: Manifest) -> None:
    rows = {
        part: np.array([s.official_split == part for s in full.samples])
        for part in ("train_val", "test")
    }
    patients = {
        part: {full.samples[i].patient for i in np.flatnonzero(r)} for part, r in rows.items()
    }

    assert {part: int(r.sum()) for part, r in rows.items()} == {"train_val": 86_524, "test": 25_596}
    assert (len(patients["train_val"]), len(patients["test"])) == (28_008, 2_797)
    assert not patients["train_val"] & patients["test"]
    assert full.labels[rows["train_val"]].sum(axis=0).tolist() == TRAIN_VAL
    assert full.labels[rows["test"]].sum(axis=0).tolist() == TEST


def test_s0_10_the_default_split_of_the_whole_set_shares_no_patient(full: Manifest) -> None:
    patients = [full.patients(split) for split in ("train", "val", "test")]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 30_805

    counts = count_splits(full)
    assert counts["test"]["images"] == 25_596
    assert counts["val"]["patients"] == round(28_008 * 0.1)
