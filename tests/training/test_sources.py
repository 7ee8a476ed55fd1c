import shutil
from pathlib import Path

import pytest

from plainfilm.errors import DatasetError, RunError
from plainfilm.training.loop import train
from plainfilm.training.sources import Sources
from tiny_training import SIZE, tiny_recipe, write_prepared


def test_a_run_is_opened_with_its_films(finished: Path, prepared: Path) -> None:
    sources = Sources.open([finished], prepared)
    assert sources.names == ("square", "stripe")
    assert sources.fit.size == SIZE
    assert len(sources.manifest) == 56


def test_other_films_are_refused(finished: Path, tmp_path: Path) -> None:
    other = write_prepared(tmp_path / "other", n_train=6, n_val=4)
    with pytest.raises(RunError, match="learned from other films"):
        Sources.open([finished], other)


def test_images_that_are_gone_are_counted(finished: Path, tmp_path: Path, prepared: Path) -> None:
    copy = shutil.copytree(prepared, tmp_path / "copy")
    (copy / "images" / "003.png").unlink()
    with pytest.raises(DatasetError, match=r"1 of 56 films are not there, the first 003.png"):
        Sources.open([finished], copy)


def test_training_films_are_described_in_one_row_each(finished: Path, prepared: Path) -> None:
    rows = Sources.open([finished], prepared).describe_training()
    assert rows.shape[0] == 40
    assert rows.shape[1] > 1294


def test_several_runs_describe_films_side_by_side(finished: Path, prepared: Path) -> None:
    one = Sources.open([finished], prepared)
    two = Sources.open([finished, finished], prepared)
    appearance = 1294
    assert two.describe_training().shape[1] - appearance == 2 * (
        one.describe_training().shape[1] - appearance
    )
    assert two.n_weights == 2 * one.n_weights


def test_maps_have_the_last_stages_shape(finished: Path, prepared: Path) -> None:
    height, width = Sources.open([finished], prepared).map_shape()
    assert 1 <= height == width < SIZE


def test_a_network_without_maps_has_no_shape_of_them(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe("network.name=dense-net", "optim.epochs=1")
    flat = train(recipe, prepared, tmp_path / "flat", threads=1)

    assert Sources.open([flat], prepared).map_shape() is None
    assert Sources.open([finished, flat], prepared).map_shape() is None


def test_maps_of_two_sizes_cannot_be_averaged(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    recipe = tiny_recipe("network.name=resnet18", "optim.epochs=1")
    other = train(recipe, prepared, tmp_path / "other", threads=1)

    with pytest.raises(RunError, match="maps have 1 x 1, 2 x 2 places"):
        Sources.open([finished, other], prepared).map_shape()


def test_some_films_are_original_validation_films(finished: Path, prepared: Path) -> None:
    films = Sources.open([finished], prepared).some_films(4)
    assert [film.shape for film in films] == [(48, 48)] * 4


def test_an_ensembles_member_must_have_learned_from_the_same_films(
    finished: Path, prepared: Path, tmp_path: Path
) -> None:
    films = write_prepared(tmp_path / "p", n_train=12, n_val=4)
    stranger = train(tiny_recipe("optim.epochs=1"), films, tmp_path / "stranger", threads=1)
    with pytest.raises(RunError, match="stranger: learned from other films"):
        Sources.open([finished, stranger], prepared)
