import shutil
from pathlib import Path

import pytest
from PIL import Image

from plainfilm.datasets import kermany
from plainfilm.datasets.kermany import patient_key
from plainfilm.datasets.manifest import Manifest, count_splits
from plainfilm.errors import DatasetError, LeakError


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """A tree with every published count: 5,856 files, each of its own few bytes."""
    folder = tmp_path_factory.mktemp("published")
    parts = {"train": (1341, 3875), "val": (8, 8), "test": (234, 390)}
    number = 0
    for part, (normal, ill) in parts.items():
        for label, n, pattern in (
            ("NORMAL", normal, "IM-{0:04d}-0001.jpeg"),
            ("PNEUMONIA", ill, "person{0}_virus_{0}.jpeg"),
        ):
            (folder / part / label).mkdir(parents=True)
            for _ in range(n):
                number += 1
                (folder / part / label / pattern.format(number)).write_text(str(number))
    return kermany.load(folder)


def test_s2_15_the_public_layout_is_read(kermany_folder: Path) -> None:
    manifest = kermany.load(kermany_folder)

    assert len(manifest) == 69
    assert int(manifest.labels.sum()) == 46
    assert {Path(s.image).suffix for s in manifest.samples} == {".jpeg", ".jpg"}
    assert all((s.labels[0] == 1) == ("PNEUMONIA" in s.image) for s in manifest.samples)


def test_the_layout_is_found_inside_its_outer_folder(kermany_folder: Path) -> None:
    inner = kermany.load(kermany_folder)

    assert kermany.load(kermany_folder.parent).split_sha256 == inner.split_sha256


def test_s2_15_hidden_and_foreign_files_are_left_out_and_counted(kermany_folder: Path) -> None:
    (kermany_folder / "train" / "NORMAL" / ".DS_Store").touch()
    (kermany_folder / "test" / "NORMAL" / "._IM-0001-0001.jpeg").touch()
    (kermany_folder / "test" / "PNEUMONIA" / "Thumbs.db").touch()

    manifest = kermany.load(kermany_folder)

    assert len(manifest) == 69
    assert manifest.dropped == {"hidden file": 2, "not a .jpeg or .jpg file": 1}


def test_s2_16_the_published_counts_are_known(published: Manifest) -> None:
    counts = count_splits(published)

    assert (counts["all"]["images"], counts["all"]["pneumonia"]) == (5_856, 4_273)
    assert counts["test"]["images"] == 624
    assert published.release == "all 5,856 films, with the 16-film val of the Kaggle copy"
    assert not any("counts" in caution for caution in published.cautions)


def test_s2_17_the_sixteen_films_of_val_go_back_to_train_with_a_caution(
    published: Manifest,
) -> None:
    (caution,) = published.cautions
    assert "16 films (one error is 6.25 points) went back to train" in caution
    counts = count_splits(published)
    assert counts["train"]["images"] + counts["val"]["images"] == 5_232
    assert counts["val"]["images"] == pytest.approx(523, abs=1)
    assert counts["val"]["pneumonia"] / counts["val"]["images"] == pytest.approx(0.742, abs=0.01)


def test_s2_17_validation_is_carved_from_train_by_patient(kermany_folder: Path) -> None:
    manifest = kermany.load(kermany_folder)

    assert not manifest.patients("val") & manifest.patients("train")
    assert {s.official_split for s in manifest.split("test").samples} == {"test"}
    assert len(manifest.patients("val")) == 4  # 10 % of 21 healthy and of 21 ill
    assert kermany.load(kermany_folder, seed=1).split_sha256 != manifest.split_sha256
    assert kermany.load(kermany_folder).split_sha256 == manifest.split_sha256


def test_a_layout_without_val_reads_too(kermany_folder: Path) -> None:
    shutil.rmtree(kermany_folder / "val")

    assert "val" in kermany.load(kermany_folder).split_names


def test_other_counts_than_the_published_are_said(kermany_folder: Path) -> None:
    (caution,) = [c for c in kermany.load(kermany_folder).cautions if "counts" in c]

    assert "train 21 normal and 42 pneumonia (published 1,349 and 3,883)" in caution


@pytest.mark.parametrize(
    ("part", "file", "key"),
    [
        ("train", "person447_virus_921_1.jpeg", "train:person447"),
        ("val", "person1946_bacteria_4874.jpeg", "train:person1946"),
        ("test", "IM-0003-0001.jpeg", "test:IM-0003"),
        ("train", "NORMAL2-IM-0246-0001-0002.jpeg", "train:NORMAL2-IM-0246"),
        ("train", "BACTERIA-7422-0001.jpeg", "train:BACTERIA-7422"),
    ],
)
def test_a_file_name_tells_the_patient(part: str, file: str, key: str) -> None:
    assert patient_key(part, f"PNEUMONIA/{file}") == key


@pytest.mark.parametrize("file", ["0001.jpeg", "person_virus_1.jpeg", "IM-0001.jpeg"])
def test_a_file_name_that_tells_no_patient_is_refused(file: str) -> None:
    with pytest.raises(DatasetError, match="no patient can be told"):
        patient_key("train", file)


def test_bacterial_and_viral_films_of_one_number_stay_together(kermany_folder: Path) -> None:
    manifest = kermany.load(kermany_folder)

    split_of: dict[str, set[str]] = {}
    for sample in manifest.samples:
        split_of.setdefault(sample.patient, set()).add(sample.split)
    assert all(len(splits) == 1 for splits in split_of.values())
    assert split_of.keys() >= {"train:person100", "test:person1"}


def test_films_that_are_the_same_file_become_one_patient(kermany_folder: Path) -> None:
    normal = kermany_folder / "train" / "NORMAL"
    for twin in ("IM-0105", "IM-0110"):
        shutil.copy(normal / "IM-0100-0001.jpeg", normal / f"{twin}-0001.jpeg")

    keys = {s.patient for s in kermany.load(kermany_folder).samples if "IM-01" in s.image}

    assert "train:IM-0100" in keys
    assert not keys & {"train:IM-0105", "train:IM-0110"}


def test_e_35_a_copy_whose_test_films_are_also_in_train_is_a_leak(kermany_folder: Path) -> None:
    shutil.copy(
        kermany_folder / "test" / "NORMAL" / "IM-0001-0001.jpeg",
        kermany_folder / "train" / "NORMAL" / "IM-0900-0001.jpeg",
    )

    with pytest.raises(LeakError, match=r"IM-0900-0001.jpeg \(train\) and IM-0001-0001.jpeg \(te"):
        kermany.load(kermany_folder)


def test_the_later_edition_without_val_is_known(tmp_path: Path) -> None:
    counts = {"train": (1_349, 3_883), "test": (234, 390)}
    for part, numbers in counts.items():
        for label, kind, n in zip(kermany.CLASSES, ("NORMAL", "VIRUS"), numbers, strict=True):
            (tmp_path / part / label).mkdir(parents=True)
            for number in range(n):
                film = tmp_path / part / label / f"{kind}-{number}-0001.jpeg"
                film.write_text(f"{part} {kind} {number}")

    assert kermany.load(tmp_path).release == "all 5,856 films"


def test_a_film_that_cannot_be_read_is_one_clear_line(kermany_folder: Path) -> None:
    film = kermany_folder / "train" / "NORMAL" / "IM-0100-0001.jpeg"
    film.unlink()
    film.mkdir()

    with pytest.raises(DatasetError, match="a film cannot be read"):
        kermany.load(kermany_folder)


def test_a_film_that_a_table_names_and_nobody_has_keeps_its_line(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "file,label,official_split,split\nIM-1-1.jpeg,NORMAL,train,train\n"
    )

    assert kermany.load(tmp_path).missing_images() == ("IM-1-1.jpeg",)


def test_a_folder_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpeg").touch()

    with pytest.raises(DatasetError, match=r"found holiday\.jpeg; expected train and test"):
        kermany.load(tmp_path)


def test_a_layout_without_a_class_is_refused(kermany_folder: Path) -> None:
    shutil.rmtree(kermany_folder / "train" / "NORMAL")

    with pytest.raises(DatasetError, match="NORMAL: not a readable folder"):
        kermany.load(kermany_folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label,split\n", "no column 'official_split'"),
        ("file,label,official_split,split\nIM-1-1.jpeg,ILL,train,train\n", "label 'ILL'"),
        ("file,label,official_split,split\nIM-1-1.jpeg,NORMAL,train,x\n", "split 'x'"),
        ("file,label,official_split,split\nIM-1-1.jpeg,NORMAL,train,\n", "split ''"),
        ("file,label,official_split,split\n0001.jpeg,NORMAL,train,train\n", "no patient can be"),
        ("file,label,official_split,split\nIM-1-1.jpeg,NORMAL\n", "line 2 has 2 cells"),
        (
            "file,label,official_split,split\n" + "a/IM-1-1.jpeg,NORMAL,train,train\n" * 2,
            r"IM-1-1\.jpeg stands there twice",
        ),
        ("", "empty"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "labels.csv").write_text(text)

    with pytest.raises(DatasetError, match=said):
        kermany.load(tmp_path)


def test_the_shared_films_have_their_published_table(shared_data: Path) -> None:
    manifest = kermany.load(shared_data / "kermany-chest-xray")

    counts = count_splits(manifest)
    table = [list(counts[split].values()) for split in ("train", "val", "test")]
    assert table == [[4_695, 2_361, 3_488], [521, 485, 387], [312, 214, 195]]
    with Image.open(manifest.root / manifest.samples[0].image) as film:
        assert film.size == (224, 224)
