"""`prepare`, from a publisher's folder to a prepared one."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plainfilm.datasets import DATASETS, Cache, Manifest, PrepareOptions, Selection, prepare
from plainfilm.datasets.files import locked
from plainfilm.errors import DatasetError, LeakError


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_prepared_folder_opens_and_fits_together(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    fixture = "nih_folder" if name == "chestxray14" else f"{name.replace('-', '_')}_folder"
    folder: Path = request.getfixturevalue(fixture)

    returned = prepare(name, folder, tmp_path / "out", size=32)

    manifest, cache = Manifest.load(tmp_path / "out"), Cache.open(tmp_path / "out")
    cache.check_fits(manifest)
    assert cache.pixels.shape == (len(manifest), 32, 32)
    assert manifest.source.partition(":")[0] == name
    assert manifest.split_sha256 == returned.split_sha256
    has_test = name != "label-list"
    assert manifest.split_names == (("train", "val", "test") if has_test else ("train", "val"))


def test_s0_18_the_findings_co_occurrence_is_written_as_table_and_figure(
    nih_folder: Path, kermany_folder: Path, tmp_path: Path
) -> None:
    prepare("chestxray14", nih_folder, tmp_path / "many", size=32)
    prepare("kermany", kermany_folder, tmp_path / "one", size=32)

    lines = (tmp_path / "many" / "co-occurrence.csv").read_text().splitlines()
    assert lines[5] == "mass,0,0,0,0,20,0,0,0,0,0,0,0,20,0"
    figure = (tmp_path / "many" / "co-occurrence.svg").read_text()
    assert "Mass and Pleural thickening: 20 of 20 films with Mass" in figure
    assert not (tmp_path / "one" / "co-occurrence.csv").exists()


def test_s2_18_the_films_sizes_are_written_as_table_and_figure(
    mura_folder: Path, tmp_path: Path
) -> None:
    prepare("mura", mura_folder, tmp_path / "out", size=32)

    table = (tmp_path / "out" / "film-sizes.csv").read_text()
    figure = (tmp_path / "out" / "film-sizes.svg").read_text()
    assert table == "width,height,films\n50,41,21\n50,42,21\n"
    assert "50 to 59 wide, 40 to 49 high: 42 films" in figure


def test_preparing_twice_changes_nothing(nih_folder: Path, tmp_path: Path) -> None:
    prepare("chestxray14", nih_folder, tmp_path / "out", size=32)
    first = bytes_of(tmp_path / "out")

    prepare("chestxray14", nih_folder, tmp_path / "out", size=32)

    assert bytes_of(tmp_path / "out") == first


def test_missing_films_are_refused_and_left_out_only_when_asked(
    nih_folder: Path, tmp_path: Path
) -> None:
    (nih_folder / "images_001" / "images" / "00000002_000.png").unlink()

    with pytest.raises(DatasetError, match=r"1 of 40 films are not there, the first 00000002_000"):
        prepare("chestxray14", nih_folder, tmp_path / "out", size=32)
    allowed = PrepareOptions(allow_missing=True)
    manifest = prepare("chestxray14", nih_folder, tmp_path / "out", size=32, options=allowed)

    assert len(manifest) == 39
    assert sum(manifest.dropped.values()) == 1
    assert Manifest.load(tmp_path / "out").dropped == manifest.dropped


def test_a_folder_without_any_film_is_refused(nih_folder: Path, tmp_path: Path) -> None:
    for place in ("images_001", "images_002"):
        shutil.rmtree(nih_folder / place)

    allowed = PrepareOptions(allow_missing=True)

    with pytest.raises(DatasetError, match="no film of chestxray14 found"):
        prepare("chestxray14", nih_folder, tmp_path / "out", options=allowed)


def test_the_same_picture_in_two_splits_is_a_leak_although_the_files_differ(
    kermany_folder: Path, tmp_path: Path
) -> None:
    film = kermany_folder / "test" / "NORMAL" / "IM-0001-0001.jpeg"
    twin = kermany_folder / "train" / "NORMAL" / "IM-0900-0001.jpeg"
    twin.write_bytes(film.read_bytes() + b"\0")

    with pytest.raises(LeakError, match=r"1 picture .*IM-0900-0001.jpeg"):
        prepare("kermany", kermany_folder, tmp_path / "out", size=32)

    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_film_that_is_none_is_named(kermany_folder: Path, tmp_path: Path) -> None:
    (kermany_folder / "train" / "NORMAL" / "IM-0101-0001.jpeg").write_text("no picture")

    with pytest.raises(DatasetError, match=r"IM-0101-0001\.jpeg"):
        prepare("kermany", kermany_folder, tmp_path / "out", size=32)


def test_a_second_prepare_into_the_same_folder_is_refused(nih_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    with locked(tmp_path / "out"), pytest.raises(DatasetError, match="another process"):
        prepare("chestxray14", nih_folder, tmp_path / "out", size=32)


def test_a_prepared_folder_is_replaced_only_when_asked(nih_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare("chestxray14", nih_folder, out, size=32)
    before = bytes_of(out)

    with pytest.raises(DatasetError, match=r"32 pixels \(squash\); asked for 40 at 64.*--force"):
        prepare("chestxray14", nih_folder, out, size=64)
    with pytest.raises(DatasetError, match="same films in another split"):
        prepare("chestxray14", nih_folder, out, size=32, options=PrepareOptions(seed=1))
    assert bytes_of(out) == before
    prepare("chestxray14", nih_folder, out, size=64, options=PrepareOptions(overwrite=True))

    assert Cache.open(out).size == 64


def test_another_split_keeps_the_pixels_that_are_there(nih_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = prepare("chestxray14", nih_folder, out, size=32)
    written = (out / "cache.npy").stat().st_mtime_ns

    again = PrepareOptions(seed=1, overwrite=True)
    second = prepare("chestxray14", nih_folder, out, size=32, options=again)

    assert first.split_sha256 != second.split_sha256
    assert (out / "cache.npy").stat().st_mtime_ns == written


def test_no_thread_is_no_preparation() -> None:
    with pytest.raises(DatasetError, match="0 threads; expected 1 or more"):
        PrepareOptions(threads=0)


def test_s0_06_one_finding_against_all_is_prepared_and_again_without_a_change(
    nih_folder: Path, tmp_path: Path
) -> None:
    """S0-06: from the label file, any finding against all others; a second run changes nothing."""
    out, only = tmp_path / "out", PrepareOptions(selection=Selection("Mass"))

    prepare("chestxray14", nih_folder, out, size=32, options=only)
    first = bytes_of(out)
    prepare("chestxray14", nih_folder, out, size=32, options=only)

    manifest = Manifest.load(out)
    assert bytes_of(out) == first
    assert manifest.label_set.names == ("mass",)
    assert (len(manifest), int(manifest.labels.sum())) == (40, 20)


def test_class_folders_lie_outside_the_prepared_folder(nih_folder: Path, tmp_path: Path) -> None:
    inside = PrepareOptions(selection=Selection("mass"), class_folders=tmp_path / "out" / "two")

    with pytest.raises(DatasetError, match="within the prepared folder out; expected another"):
        prepare("chestxray14", nih_folder, tmp_path / "out", size=32, options=inside)

    assert not (tmp_path / "out").exists()


def test_the_same_films_with_other_findings_are_no_replacement(
    nih_folder: Path, tmp_path: Path
) -> None:
    out, only = tmp_path / "out", PrepareOptions(selection=Selection("mass"))
    prepare("chestxray14", nih_folder, out, size=32)

    with pytest.raises(DatasetError, match="already holds the same films with other findings"):
        prepare("chestxray14", nih_folder, out, size=32, options=only)

    assert len(Manifest.load(out).label_set) == 14


def test_a_fold_is_prepared_and_the_films_of_test_stay(nih_folder: Path, tmp_path: Path) -> None:
    whole = prepare("chestxray14", nih_folder, tmp_path / "whole", size=32)
    folds = []
    for number in (1, 2, 3):
        options = PrepareOptions(selection=Selection(fold=(number, 3)))
        folds.append(prepare("chestxray14", nih_folder, tmp_path / f"{number}", options=options))

    tests = [{s.image for s in m.split("test").samples} for m in (whole, *folds)]
    assert tests == tests[:1] * 4
    assert sorted(len(fold.patients("val")) for fold in folds) == [5, 5, 5]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kermani", "did you mean 'kermany'"),
        ("brains", r"data set 'brains'\. Known: chestxray14, .*table"),
    ],
)
def test_an_unknown_data_set_is_answered_with_the_known_ones(
    tmp_path: Path, name: str, said: str
) -> None:
    with pytest.raises(DatasetError, match=said):
        prepare(name, tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_folder_that_is_not_there_is_named_without_its_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="nowhere: not a readable folder") as caught:
        prepare(name, tmp_path / "nowhere", tmp_path / "out")

    assert str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_out_folder_that_is_a_file_is_one_clear_line(nih_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(DatasetError, match="out: cannot be written to"):
        prepare("chestxray14", nih_folder, tmp_path / "out", size=32)


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_that_holds_something_else_is_left_as_it_is(
    kermany_folder: Path, nih_folder: Path, tmp_path: Path, overwrite: bool
) -> None:
    run, options = tmp_path / "run", PrepareOptions(overwrite=overwrite)
    run.mkdir()
    (run / "run.json").touch()
    (run / "recipe.toml").touch()

    with pytest.raises(DatasetError, match=r"^run: holds 2 other files .* no prepared folder"):
        prepare("chestxray14", nih_folder, run, size=32, options=options)
    with pytest.raises(DatasetError, match="and is no prepared folder"):
        prepare("kermany", kermany_folder, kermany_folder, size=32, options=options)

    assert sorted(path.name for path in run.iterdir()) == ["recipe.toml", "run.json"]
    assert not (kermany_folder / ".lock").exists()


@pytest.mark.slow
def test_the_shared_sample_is_prepared_whole(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "nih-chestxray14-sample"

    manifest = prepare("chestxray14", folder, tmp_path / "out", size=256)

    cache = Cache.open(tmp_path / "out")
    assert cache.pixels.shape == (1_359, 256, 256)
    with Image.open(folder / manifest.samples[0].image) as film:
        np.testing.assert_array_equal(cache.pixels[0], np.asarray(film))


@pytest.mark.slow
def test_the_shared_paediatric_films_are_prepared_whole(shared_data: Path, tmp_path: Path) -> None:
    manifest = prepare("kermany", shared_data / "kermany-chest-xray", tmp_path / "out", size=128)

    assert len(manifest) == 5_528
    assert Cache.open(tmp_path / "out").pixels.shape == (5_528, 128, 128)
