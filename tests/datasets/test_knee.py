import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plainfilm.datasets import Cache, knee, prepare
from plainfilm.datasets.body_parts import count_body_parts
from plainfilm.datasets.manifest import Manifest, count_splits
from plainfilm.errors import DatasetError, LeakError

HEADER = "file,patient_id,side,kl_grade,abnormal,official_split,split\n"


def own_split(folder: Path, *rows: str) -> Path:
    (folder / "labels.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """A tree with every published count: 8,260 files, of nothing."""
    folder = tmp_path_factory.mktemp("published") / "ClsKLData" / "kneeKL224"
    number = 0
    for part, counts in knee.PUBLISHED.items():
        for grade, n in enumerate(counts):
            (folder / part / str(grade)).mkdir(parents=True)
            for _ in range(n):
                (
                    folder / part / str(grade) / f"{9_000_000 + number // 2}{'LR'[number % 2]}.png"
                ).touch()
                number += 1
    return knee.load(folder.parent.parent)


def test_the_public_layout_is_read(knee_folder: Path) -> None:
    manifest = knee.load(knee_folder)

    assert (len(manifest), len(manifest.patients())) == (18, 9)
    assert manifest.missing_images() == ()
    for sample in manifest.samples:
        assert (sample.labels[0] == 1) == (int(sample.image.split("/")[1]) >= 2)
        assert sample.split == sample.official_split == sample.image.split("/")[0]


def test_both_knees_of_a_patient_are_one_study(knee_folder: Path) -> None:
    manifest = knee.load(knee_folder)

    studies = count_body_parts(manifest)["knee", "all"]["studies"]
    assert studies == len({sample.patient for sample in manifest.samples}) == 9


def test_nothing_is_drawn(knee_folder: Path) -> None:
    assert knee.load(knee_folder).split_sha256 == knee.load(knee_folder, seed=1).split_sha256


def test_the_published_counts_are_known_inside_their_outer_folders(published: Manifest) -> None:
    counts = count_splits(published)

    assert (len(published), published.release) == (8_260, "all 8,260 knees")
    assert {part: counts[part]["images"] for part in ("train", "val", "test")} == {
        "train": 5_778,
        "val": 826,
        "test": 1_656,
    }
    assert counts["test"]["abnormal"] == 721
    assert not any("counts" in caution for caution in published.cautions)


def test_other_counts_than_the_published_are_said(knee_folder: Path) -> None:
    (_, caution) = knee.load(knee_folder).cautions

    assert "by its counts" in caution
    assert "(published 328 + 153 + 212 + 106 + 27)" in caution


def test_what_is_no_film_and_the_doubled_test_films_are_counted(knee_folder: Path) -> None:
    (knee_folder / "train" / "0" / ".DS_Store").touch()
    (knee_folder / "train" / "0" / "notes.txt").touch()
    shutil.copytree(knee_folder / "test", knee_folder / "auto_test")

    manifest = knee.load(knee_folder)

    assert len(manifest) == 18
    assert sorted(manifest.dropped.values()) == [2, len(manifest.split("test"))]


def test_a_file_name_that_tells_no_patient_is_refused(knee_folder: Path) -> None:
    (knee_folder / "val" / "3" / "knee7.png").touch()

    with pytest.raises(DatasetError, match=r"val/3: knee7\.png tells no patient; expected seven"):
        knee.load(knee_folder)


def test_a_knee_of_two_grades_is_refused_without_its_patient(knee_folder: Path) -> None:
    film = next((knee_folder / "train" / "0").iterdir())
    shutil.copy(film, knee_folder / "train" / "4")

    with pytest.raises(DatasetError, match="twice, train/0 and train/4") as caught:
        knee.load(knee_folder)

    assert film.stem[:-1] not in str(caught.value)


def test_a_patient_with_knees_in_two_splits_is_a_leak(knee_folder: Path) -> None:
    film = next((knee_folder / "test").rglob("*L.png"))
    film.rename(knee_folder / "train" / film.parent.name / film.name)

    with pytest.raises(LeakError, match="1 patient with films in more than one split"):
        knee.load(knee_folder)


def test_a_folder_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()

    with pytest.raises(DatasetError, match=r"found train; expected train, val, test, or labels"):
        knee.load(tmp_path)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("9000001L.jpg,9000001,L,5,1,test,test", r"row 2, column kl_grade: '5'; expected one of 0"),
        ("9000001L.jpg,9000001,left,0,0,test,test", "row 2, column side: 'left'"),
        ("9000001L.jpg,9000001,L,0,0,test,valid", "row 2, column split: 'valid'"),
        ("9000002L.jpg,9000001,L,0,0,test,test", "row 2: its file name is not its patient_id"),
        ("9000001L.jpg,9000001,L,1,1,test,test", "abnormal: '1' beside grade 1; expected 0"),
        ("9000001L.jpg,9000001,L,2,0,test,test", "abnormal: '0' beside grade 2; expected 1"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused_by_its_number(
    tmp_path: Path, row: str, said: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        knee.load(own_split(tmp_path, row))


def test_a_knee_listed_twice_is_refused_by_both_rows(tmp_path: Path) -> None:
    row = "{}/9000001L.jpg,9000001,L,0,0,test,test"

    with pytest.raises(DatasetError, match=r"labels\.csv: row 2 and labels\.csv: row 3"):
        knee.load(own_split(tmp_path, row.format("a"), row.format("b")))


def test_a_table_without_a_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,patient_id,side,split\n")

    with pytest.raises(DatasetError, match="no column 'kl_grade'; expected file, patient_id"):
        knee.load(tmp_path)


def test_the_shared_knees_have_their_published_table(shared_data: Path) -> None:
    manifest = knee.load(shared_data / "knee-oa-kl")

    counts = count_splits(manifest)
    table = [list(counts[split].values()) for split in ("train", "val", "test")]
    assert table == [[1_734, 867, 735], [372, 186, 155], [496, 248, 216]]
    assert manifest.missing_images() == ()
    with Image.open(manifest.root / manifest.samples[0].image) as film:
        assert np.asarray(film).shape == (224, 224)


@pytest.mark.slow
def test_the_shared_knees_are_prepared_whole(shared_data: Path, tmp_path: Path) -> None:
    manifest = prepare("knee", shared_data / "knee-oa-kl", tmp_path / "out", size=64)

    assert Cache.open(tmp_path / "out").pixels.shape == (2_602, 64, 64)
    assert Manifest.load(tmp_path / "out").split_sha256 == manifest.split_sha256
