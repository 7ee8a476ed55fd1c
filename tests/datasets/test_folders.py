import shutil
from pathlib import Path

import numpy as np
import pytest

from plainfilm.datasets import Manifest, PrepareOptions, Selection, folders, prepare
from plainfilm.errors import DatasetError, LeakError


def into_splits(folder: Path, *names: str) -> None:
    """Move each class folder's films in turn into the splits of these names."""
    for number, film in enumerate(sorted(folder.rglob("*.png"))):
        place = folder / names[number % len(names)] / film.parent.name
        place.mkdir(parents=True, exist_ok=True)
        film.rename(place / film.name)
    for left in [path for path in folder.iterdir() if path.name not in names]:
        left.rmdir()


def test_s0_07_the_folder_s_name_is_the_label(folders_folder: Path) -> None:
    """S0-07: classes sorted, labels right, hidden files ignored (and counted)."""
    (folders_folder / "Mass" / ".DS_Store").touch()
    (folders_folder / ".cache").mkdir()

    manifest = folders.load(folders_folder)

    assert manifest.label_set.names == ("mass", "normal", "rib_fracture")
    assert manifest.label_set.exclusive
    for sample in manifest.samples:
        shown = np.array(["Mass", "Normal", "Rib fracture"])[sample.labels == 1]
        assert [name.lower() for name in shown] == [sample.image.split("/")[0].lower()]
    assert manifest.dropped == {"hidden file": 1}


def test_splits_are_drawn_where_there_are_none(folders_folder: Path) -> None:
    manifest = folders.load(folders_folder)

    sizes = {name: len(manifest.split(name)) for name in manifest.split_names}
    assert sizes == {"train": 14, "val": 2, "test": 4}
    assert folders.load(folders_folder).split_sha256 == manifest.split_sha256
    assert folders.load(folders_folder, seed=1).split_sha256 != manifest.split_sha256


def test_splits_that_are_there_are_taken(folders_folder: Path) -> None:
    into_splits(folders_folder, "train", "test")

    manifest = folders.load(folders_folder)

    assert manifest.split_names == ("train", "test")
    assert all(s.split == s.official_split == s.image.split("/")[0] for s in manifest.samples)
    assert len(manifest.cautions) == 1


def test_a_caution_tells_that_nobody_knows_the_patients(folders_folder: Path) -> None:
    assert "name no patients" in folders.load(folders_folder).cautions[0]


def test_the_same_file_twice_is_one_patient_and_no_leak(folders_folder: Path) -> None:
    for number in range(20, 40):
        shutil.copy(folders_folder / "Mass" / "01.png", folders_folder / "Mass" / f"{number}.png")

    manifest = folders.load(folders_folder)

    assert (len(manifest), len(manifest.patients())) == (40, 20)


def test_the_same_file_in_two_splits_is_a_leak(folders_folder: Path) -> None:
    into_splits(folders_folder, "train", "test")
    film = next((folders_folder / "train" / "Normal").iterdir())
    shutil.copy(film, folders_folder / "test" / "Normal" / "twin.png")

    with pytest.raises(LeakError, match=r"twin\.png \(test\)"):
        folders.load(folders_folder)


def test_the_same_file_in_two_classes_is_refused(folders_folder: Path) -> None:
    shutil.copy(folders_folder / "Mass" / "01.png", folders_folder / "Normal" / "twin.png")

    with pytest.raises(DatasetError, match=r"Mass/01\.png and Normal/twin\.png are the same file"):
        folders.load(folders_folder)


def test_what_is_no_film_is_counted(folders_folder: Path) -> None:
    (folders_folder / "Mass" / "notes.txt").touch()
    (folders_folder / "Mass" / "more").mkdir()
    (folders_folder / "readme.md").touch()

    dropped = folders.load(folders_folder).dropped

    assert sorted(dropped.values()) == [1, 2]
    assert dropped["file beside the class folders"] == 1


@pytest.mark.parametrize("keep", [(), ("Mass",)])
def test_fewer_than_two_classes_are_refused(folders_folder: Path, keep: tuple[str, ...]) -> None:
    for path in folders_folder.iterdir():
        if path.name not in keep:
            shutil.rmtree(path)

    with pytest.raises(DatasetError, match=r"sorted: class folders with films: \w+; expected two"):
        folders.load(folders_folder)


def test_two_classes_of_one_name_are_refused(folders_folder: Path) -> None:
    shutil.copytree(folders_folder / "Mass", folders_folder / "mass ")

    with pytest.raises(DatasetError, match="2 class folders are called 'mass'"):
        folders.load(folders_folder)


def test_a_film_that_cannot_be_read_is_named(folders_folder: Path) -> None:
    (folders_folder / "Mass" / "gone.png").symlink_to(folders_folder / "nowhere.png")

    with pytest.raises(DatasetError, match=r"gone\.png: cannot be read"):
        folders.load(folders_folder)


def test_one_class_against_all_others_is_prepared(folders_folder: Path, tmp_path: Path) -> None:
    only = PrepareOptions(selection=Selection("Rib Fracture"))

    prepare("folders", folders_folder, tmp_path / "out", size=32, options=only)

    manifest = Manifest.load(tmp_path / "out")
    assert not manifest.label_set.exclusive
    assert (len(manifest), int(manifest.labels.sum())) == (20, 5)
