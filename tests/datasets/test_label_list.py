from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawn_sets import draw_film
from plainfilm.datasets import chestxray14, prepare
from plainfilm.datasets.label_list import FILE_NAME, load, read_label_list, write_label_list
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.sample import Sample
from plainfilm.errors import DatasetError
from plainfilm.findings import Finding, LabelSet


def test_s0_14_the_written_list_reads_back_as_the_same_table(
    nih_folder: Path, tmp_path: Path
) -> None:
    manifest = chestxray14.load(nih_folder)

    write_label_list(manifest, tmp_path / FILE_NAME)
    images, names, labels = read_label_list(tmp_path / FILE_NAME)

    assert images == tuple(sample.image for sample in manifest.samples)
    assert names == manifest.label_set.names
    np.testing.assert_array_equal(labels, manifest.labels)


def test_s0_15_a_line_is_path_findings_and_fourteen_places_in_canonical_order(
    nih_folder: Path, tmp_path: Path
) -> None:
    write_label_list(chestxray14.load(nih_folder), tmp_path / FILE_NAME)

    lines = (tmp_path / FILE_NAME).read_text().splitlines()
    assert lines[0].startswith("image,findings,atelectasis,cardiomegaly,effusion,")
    assert lines[2] == (
        "images_002/images/00000001_001.png,mass|pleural_thickening,0,0,0,0,1,0,0,0,0,0,0,0,1,0"
    )


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=2, max_size=2), max_size=5))
def test_any_labels_read_back_with_what_is_unknown(rows: list[list[float]]) -> None:
    labels = np.array(rows, np.float32).reshape(len(rows), 2)
    films = (
        Sample(f"{row}.png", "p", "s", None, None, None, "", labels[row])
        for row in range(len(rows))
    )
    label_set = LabelSet((Finding("mass", "Mass"), Finding("hernia", "Hernia")))
    manifest = Manifest(label_set, tuple(films), "drawn", Path(), {}, "chest")
    with TemporaryDirectory() as folder:
        write_label_list(manifest, Path(folder) / FILE_NAME)
        images, names, found = read_label_list(Path(folder) / FILE_NAME)

    assert (images, names) == (tuple(f"{row}.png" for row in range(len(rows))), ("mass", "hernia"))
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,mass\na.png,1\n", "expected the columns"),
        ("image,findings,mass\na.png,mass,0\n", "tell different things"),
        ("image,findings,mass\na.png,mass,yes\n", "no number"),
        ("image,findings,mass\na.png,,2\n", "a label is 2; expected 1, 0 or an empty cell"),
        ("a.png,mass\nb.png,\n", "first columns are 'a.png', 'mass'; expected"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)

    with pytest.raises(DatasetError, match=said):
        read_label_list(tmp_path / FILE_NAME)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "films.csv"
    path.write_text("\n".join(["image,findings", *lines]) + "\n")
    return path


def test_s0_16_a_fifth_of_the_patients_told_by_name_validates(label_list_folder: Path) -> None:
    manifest = load(label_list_folder)

    assert manifest.source == "label-list:label list"
    assert manifest.patients() == {str(number) for number in range(1, 11)}
    assert (len(manifest.patients("train")), len(manifest.patients("val"))) == (8, 2)
    assert (len(manifest.split("train")), len(manifest.split("val"))) == (24, 6)
    assert manifest.cautions == (
        "splits drawn by patient (train / val 80/20 %, seed 0), not official",
    )


def test_a_list_without_columns_knows_the_findings_its_films_show(label_list_folder: Path) -> None:
    images, names, labels = read_label_list(label_list_folder / FILE_NAME)

    assert names == ("Mass", "Pleural_Thickening")
    assert images[1] == "films/00000001_001.png"
    np.testing.assert_array_equal(labels[:3], [[0, 0], [1, 1], [1, 0]])
    found = load(label_list_folder).label_set
    assert found.names == ("mass", "pleural_thickening")
    assert [finding.display for finding in found.findings] == ["Mass", "Pleural Thickening"]


def test_s0_16_the_written_list_is_a_data_set_with_the_same_labels(nih_folder: Path) -> None:
    """S0-16: also of a list that S0-14 wrote, with a column per finding."""
    manifest = chestxray14.load(nih_folder)
    write_label_list(manifest, nih_folder / FILE_NAME)

    found = load(nih_folder)

    assert found.label_set.names == manifest.label_set.names
    assert found.missing_images() == ()
    assert [s.patient for s in found.samples] == [s.patient for s in manifest.samples]
    np.testing.assert_array_equal(found.labels, manifest.labels)


def test_s0_16_a_film_that_is_not_there_is_named(label_list_folder: Path, tmp_path: Path) -> None:
    (label_list_folder / "films" / "00000002_001.png").unlink()

    with pytest.raises(DatasetError, match=r"1 of 30 films .* the first 00000002_001\.png"):
        prepare("label-list", label_list_folder, tmp_path / "out", size=32)


def test_a_name_that_tells_no_patient_is_one_of_its_own_and_that_is_said(tmp_path: Path) -> None:
    for row in range(9):
        draw_film(tmp_path / f"{row}.png", seed=row)
    (tmp_path / "again.png").write_bytes((tmp_path / "0.png").read_bytes())
    names = [*(f"{row}.png" for row in range(9)), "again.png", "gone.png", "00000007_000.png"]

    manifest = load(write(tmp_path, *(f"{name},{'mass' * (name > '4')}" for name in names)))

    patients = {sample.image: sample.patient for sample in manifest.samples}
    assert patients["0.png"] == patients["again.png"]
    assert len(set(patients.values())) == 11
    assert patients["00000007_000.png"] == "7"
    assert manifest.cautions[0].startswith("11 films' names tell no patient")


def test_another_seed_draws_other_patients(label_list_folder: Path) -> None:
    drawn = {frozenset(load(label_list_folder, seed=seed).patients("val")) for seed in range(8)}

    assert len(drawn) > 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "no row below the header"),
        (["a.png,", "b.png,"], "no film shows a finding"),
        (["a.png,mass", "./a.png,"], "a.png stands there twice"),
        (["a.png,mass", "../b.png,"], "row 3: a path that leads out of the table's folder"),
        ([",mass"], "row 2: empty; expected a path"),
        (["a.png,mass||hernia"], "a finding is called ''"),
        (["a.png,Mass", "b.png,mass"], "'mass' is written in two ways"),
        (["00000001_000.png,mass", "00000001_001.png,"], "1 patients .* leave val empty"),
    ],
)
def test_what_no_training_could_use_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        load(write(tmp_path, *lines))


def test_a_folder_without_a_list_is_told_how_to_name_one(tmp_path: Path) -> None:
    write(tmp_path, "a.png,mass")

    with pytest.raises(DatasetError, match=r"no 'label list\.csv' in it\. Give the list itself"):
        load(tmp_path)
