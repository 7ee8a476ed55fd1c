from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from plainfilm.datasets import chestxray14, folders
from plainfilm.datasets.class_folders import Mode, write_class_folders
from plainfilm.datasets.manifest import Manifest
from plainfilm.datasets.selection import one_finding
from plainfilm.errors import DatasetError

Make = Callable[..., Manifest]


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.lstat().st_mtime_ns for path in folder.rglob("*.png")}


@pytest.mark.parametrize("mode", get_args(Mode))
def test_s0_06_two_class_folders_that_a_second_run_leaves_alone(
    nih_folder: Path, tmp_path: Path, mode: Mode
) -> None:
    """S0-06: one finding against all others as two folders, names preserved, idempotent."""
    manifest, out = one_finding(chestxray14.load(nih_folder), "Mass"), tmp_path / "out"

    counts = write_class_folders(manifest, out, mode)
    first = stamps(out)
    again = write_class_folders(manifest, out, mode)

    assert counts == again == {"mass": 20, "no_mass": 20}
    assert stamps(out) == first
    for sample in manifest.samples:
        film = manifest.root / sample.image
        place = out / ("mass" if sample.labels[0] == 1 else "no_mass") / film.name
        assert place.read_bytes() == film.read_bytes()
        assert place.is_symlink() == (mode == "symlink")


def test_what_is_written_is_read_back_with_the_same_labels(make_manifest: Make) -> None:
    manifest = make_manifest(["train"] * 20)

    write_class_folders(manifest, manifest.root / "out")

    back = one_finding(folders.load(manifest.root / "out"), "mass")
    written = {s.image.rpartition("/")[2]: s.labels[0] for s in manifest.samples}
    assert {s.image.rpartition("/")[2]: s.labels[0] for s in back.samples} == written


def test_films_of_unknown_label_are_left_out_and_counted(make_manifest: Make) -> None:
    manifest = make_manifest(["train"] * 3, labels=[1, 0, np.nan])

    counts = write_class_folders(manifest, manifest.root / "out")

    assert counts == {"mass": 1, "no_mass": 1, "not known": 1}
    assert len(stamps(manifest.root / "out")) == 2


def test_several_findings_are_refused(nih_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="14 findings; expected one"):
        write_class_folders(chestxray14.load(nih_folder), tmp_path / "out")


def test_two_films_of_one_name_are_refused(make_manifest: Make) -> None:
    manifest = make_manifest(["train", "train"], labels=[1, 1])
    twin = manifest.root / "other" / "0.png"
    twin.parent.mkdir()
    (manifest.root / manifest.samples[1].image).rename(twin)
    second = replace(manifest.samples[1], image="other/0.png")

    with pytest.raises(DatasetError, match=r"two films would be mass/0\.png"):
        write_class_folders(
            replace(manifest, samples=(manifest.samples[0], second)), manifest.root / "out"
        )


@pytest.mark.parametrize("there", ["another film", "a link"])
def test_what_stands_in_a_film_s_place_is_not_replaced(make_manifest: Make, there: str) -> None:
    manifest = make_manifest(["train"], labels=[1])
    place = manifest.root / "out" / "mass" / "0.png"
    place.parent.mkdir(parents=True)
    if there == "a link":
        place.symlink_to(manifest.root / manifest.samples[0].image)
    else:
        place.write_bytes(b"another")

    with pytest.raises(DatasetError, match=r"mass/0\.png: stands there already"):
        write_class_folders(manifest, manifest.root / "out")


def test_films_that_are_gone_are_told(make_manifest: Make) -> None:
    manifest = make_manifest(["train"])
    (manifest.root / manifest.samples[0].image).unlink()

    with pytest.raises(DatasetError, match="1 of 1 films are not there"):
        write_class_folders(manifest, manifest.root / "out")
