import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_sets import draw_label_list
from plainfilm.datasets import PrepareOptions, Selection, prepare
from plainfilm.datasets.manifest import Manifest
from plainfilm.errors import DatasetError, RunError
from plainfilm.training.prepared import Prepared
from tiny_training import tiny_recipe, write_prepared


@pytest.fixture
def copy(prepared: Path, tmp_path: Path) -> Path:
    """A prepared folder to spoil."""
    return shutil.copytree(prepared, tmp_path / "copy")


def test_it_knows_its_films(prepared: Path) -> None:
    used = Prepared.open(prepared, tiny_recipe()).used

    assert (used.data_set, used.body_part, used.size, used.policy) == (
        "drawn", "chest", 32, "squash",
    )  # fmt: skip
    assert (used.n_films, used.n_patients, used.n_val_films) == (40, 20, 16)
    assert used.split_sha256 == Manifest.load(prepared).split_sha256


def test_s0_16_a_label_list_becomes_films_to_learn_from_and_to_validate_on(tmp_path: Path) -> None:
    """S0-16: `prepare` is the one call; what it leaves opens as films of two splits."""
    listed, out = draw_label_list(tmp_path / "listed"), tmp_path / "out"
    options = PrepareOptions(seed=1, threads=3, selection=Selection(percents=(70, 30)))

    prepare("label-list", listed / "label list.csv", out, size=32, options=options)

    prepared = Prepared.open(out, tiny_recipe())
    assert (len(prepared.train), len(prepared.val)) == (21, 9)
    batch = prepared.train.take(np.arange(21))
    assert batch.films.shape == (21, 1, 32, 32)
    assert batch.labels.sum(dim=0).tolist() == [14, 7]
    assert not prepared.manifest.patients("train") & prepared.manifest.patients("val")


def test_gone_images_are_one_clear_line(copy: Path) -> None:
    shutil.rmtree(copy / "images")
    with pytest.raises(DatasetError, match="56 of 56 films are not there"):
        Prepared.open(copy, tiny_recipe())


def test_a_missing_cache_is_one_clear_line(copy: Path) -> None:
    (copy / "cache.json").unlink()
    with pytest.raises(DatasetError, match="no finished cache"):
        Prepared.open(copy, tiny_recipe())


def test_a_cache_of_other_films_is_refused(copy: Path) -> None:
    manifest = Manifest.load(copy)
    manifest.keep(np.arange(40)).save(copy)
    with pytest.raises(DatasetError, match="other films"):
        Prepared.open(copy, tiny_recipe())


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("data.size=64", r"holds films of 32 pixels; data\.size is 64\. Prepare it with --size 64"),
        ("data.data_set=kermany", r"holds drawn; data\.data_set is 'kermany'"),
    ],
)
def test_a_recipe_for_other_films_is_refused(prepared: Path, setting: str, expected: str) -> None:
    with pytest.raises(RunError, match=expected):
        Prepared.open(prepared, tiny_recipe(setting))


@pytest.mark.parametrize("name", ["sex", "age", "view"])
def test_a_side_target_that_no_film_tells_is_refused_and_named(copy: Path, name: str) -> None:
    recipe = tiny_recipe(f"data.side_targets=['normal', '{name}']")
    manifest = Manifest.load(copy)
    unknown = tuple(
        replace(each, **{name: None}) if each.split == "train" else each
        for each in manifest.samples
    )
    Prepared.open(copy, recipe)
    replace(manifest, samples=unknown).save(copy)

    with pytest.raises(RunError, match=rf"data\.side_targets: '{name}' is known of none of the"):
        Prepared.open(copy, recipe)


@pytest.mark.parametrize("setting", ["keep=best", "schedule=plateau"])
def test_what_looks_at_validation_films_needs_some(tmp_path: Path, setting: str) -> None:
    folder = write_prepared(tmp_path / "none", n_train=4, n_val=0)
    key, value = setting.split("=")
    with pytest.raises(RunError, match=rf"no film in split 'val'; optim\.{key} = \"{value}\""):
        Prepared.open(folder, tiny_recipe(f"optim.{setting}"))


def test_one_film_is_too_few(tmp_path: Path) -> None:
    folder = write_prepared(tmp_path / "one", n_train=1, n_val=0)
    with pytest.raises(RunError, match="1 films in split 'train'; expected at least 2"):
        Prepared.open(folder, tiny_recipe())
